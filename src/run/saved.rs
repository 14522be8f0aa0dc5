//! `apply`: performs a plan that another job saved, after judging it anew.

use std::path::Path;

use serde_json::json;

use super::console::Console;
use super::outcome::Ended;
use super::session::Session;
use super::{failures, files};
use crate::outcome::{Exit, Failure};
use crate::plan::action::Note;
use crate::plan::{Action, Plan};
use crate::ports::forge::ForgeRead as _;
use crate::report::{Report, Text};

/// No plan that a job saves comes near this.
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn apply(session: &Session, console: &Console, path: &Path) -> Result<Ended, Failure> {
    let plan = read(path)?;
    approvals_stand(session, &plan).await?;
    let mut desk = session.desk().await?;
    console.say(&format!("performing: {}", plan.summary));
    let (summary, total) = (plan.summary.clone(), plan.actions.len());
    let handled = desk.submit(plan).await?.into_result()?;
    let done = &handled.applied.done;
    let mut report = Report::default().line(Text::theirs(format!("performed: {summary}")));
    report = report.list(
        done.iter()
            .map(|done| {
                let state = if done.effect.already { " (stood already)" } else { "" };
                Text::ours(format!("{}{state} ", done.name))
                    .then(Text::theirs(done.effect.url.clone().unwrap_or_default()))
            })
            .collect(),
    );
    let held: Vec<String> = handled.held.iter().map(|held| held.action.key()).collect();
    if !held.is_empty() {
        report = report.line(Text::theirs(format!("waits for a human: {}", held.join(", "))));
    }
    let reason = format!("{} of {total} actions performed", done.len());
    let mut ended =
        Ended::report("apply", "performed", &reason, report).with_json(&json!({ "done": done, "held": held }))?;
    if let Some(opened) = handled.applied.effect("pr.open") {
        ended.outputs.pull_request_number = opened.number;
        ended.outputs.pull_request_url.clone_from(&opened.url);
    }
    Ok(ended)
}

fn read(path: &Path) -> Result<Plan, Failure> {
    let bytes = files::read_bytes(path, "the plan")?;
    let bad = |what: String| {
        Failure::new(Exit::Usage, format!("the plan {} {what}", path.display()), "make it anew with --plan-out")
    };
    if bytes.len() > MAX_BYTES {
        return Err(bad("is larger than any plan that is saved".into()));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| bad(format!("cannot be read: line {}, column {}", error.line(), error.column())))
}

/// The approved text must still be the text that the plan was made for.
async fn approvals_stand(session: &Session, plan: &Plan) -> Result<(), Failure> {
    for action in &plan.actions {
        let Action::Note(Note::Approval { issue, spec, .. }) = action else { continue };
        let now = session.forge.issue(*issue).await.map_err(|error| failures::forge(&error))?;
        let labels = &session.config().labels;
        if !now.open || now.spec_digest() != *spec || !now.has_label(&labels.roadmap) {
            let message =
                format!("issue #{issue} has changed since the plan was made, so its approval does not cover it");
            return Err(Failure::new(Exit::Stopped, message, "have it approved again, then make the plan anew"));
        }
    }
    Ok(())
}

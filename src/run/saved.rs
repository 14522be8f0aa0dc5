//! `apply`: performs a plan that another job saved, after judging it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;

use super::console::Console;
use super::outcome::Ended;
use super::session::Session;
use super::{failures, files};
use crate::cli::Invocation;
use crate::domain::ids::IssueNumber;
use crate::jobs::{implement, merge};
use crate::outcome::{Exit, Failure};
use crate::plan::action::Note;
use crate::plan::memory::Memory;
use crate::plan::verdict::GateState;
use crate::plan::{Action, Plan};
use crate::ports::clock::Clock as _;
use crate::report::{Report, Text};

/// No plan that a job saves comes near this.
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(super) async fn apply(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    path: &Path,
) -> Result<Ended, Failure> {
    let plan = read(path)?;
    approvals_stand(session, &plan).await?;
    let mut desk = session.desk().await?;
    merges_stand(session, invocation, &plan, &desk.memory()).await?;
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

/// Work leaves only for an issue whose approval, noted in the plan, still covers its text. The file may have been edited, so
/// the note is a claim that GitHub must confirm.
async fn approvals_stand(session: &Session, plan: &Plan) -> Result<(), Failure> {
    let approved = |wanted: IssueNumber| {
        plan.actions.iter().find_map(|action| match action {
            Action::Note(Note::Approval { issue, spec, .. }) if *issue == wanted => Some(spec),
            _ => None,
        })
    };
    for issue in worked_on(plan)? {
        let Some(spec) = approved(issue) else {
            return Err(stopped(format!("the plan changes code for issue #{issue} without naming its approval")));
        };
        let lapsed = implement::approval_lapsed(&session.forge, issue, spec, session.config());
        if let Some(why) = lapsed.await.map_err(|error| failures::forge(&error))? {
            return Err(Failure::new(
                Exit::Stopped,
                format!("the plan for issue #{issue} is not performed: {why}"),
                "have it approved again, then make the plan anew",
            ));
        }
    }
    Ok(())
}

/// The issues that the plan brings code for. Every commit must be on a branch that the plan claims for an issue.
fn worked_on(plan: &Plan) -> Result<BTreeSet<IssueNumber>, Failure> {
    let mut claimed = BTreeMap::new();
    let mut issues = BTreeSet::new();
    for action in &plan.actions {
        match action {
            Action::ClaimBranch { branch, issue, .. } => {
                claimed.insert(branch, *issue);
                issues.insert(*issue);
            }
            Action::OpenPull { issue, .. } => {
                issues.insert(*issue);
            }
            Action::CommitFiles { branch, .. } if !claimed.contains_key(branch) => {
                return Err(stopped(format!("the plan commits to {branch} without claiming it for an issue")));
            }
            _ => {}
        }
    }
    Ok(issues)
}

/// A verdict in a file proves nothing: every merge is judged anew, and must pass at the head that the plan names.
async fn merges_stand(session: &Session, invocation: &Invocation, plan: &Plan, memory: &Memory) -> Result<(), Failure> {
    for action in &plan.actions {
        let Action::MergePull { verdict, .. } = action else { continue };
        let pull = verdict.pull;
        let facts = super::merge::facts(session, invocation, memory, pull).await?;
        // Merged at this very head: whoever performs it finds that, and does nothing.
        if facts.pull.merged && facts.pull.head.sha == verdict.head {
            continue;
        }
        if facts.pull.head.sha != verdict.head {
            let (now, then) = (facts.pull.head.sha.short(), verdict.head.short());
            return Err(stopped(format!("pull request #{pull} is at {now} now, and the plan merges {then}")));
        }
        let anew = merge::decide(&facts, session.config(), session.clock.now());
        if anew.state() != GateState::Passed {
            let gates: Vec<String> = anew.failed().map(|gate| format!("{} ({})", gate.name, gate.actual)).collect();
            return Err(stopped(format!("pull request #{pull} may not be merged now: {}", gates.join(", "))));
        }
    }
    Ok(())
}

fn stopped(message: String) -> Failure {
    Failure::new(Exit::Stopped, message, "nothing was changed; make the plan anew with --plan-out")
}

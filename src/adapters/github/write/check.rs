//! Our check run with a name and a key on a commit: made once, updated from then on.

use http::Method;
use serde_json::{Value, json};

use crate::adapters::github::GitHub;
use crate::adapters::github::wire::check::CheckRunWire;
use crate::domain::ids::CommitSha;
use crate::domain::user::TokenKind;
use crate::plan::action::CheckOutcome;
use crate::ports::forge::{Effect, ForgeError};

/// The app as which every `GITHUB_TOKEN` reports.
const ACTIONS_APP: u64 = 15_368;

pub(super) struct Check<'a> {
    pub(super) head: &'a CommitSha,
    pub(super) name: &'a str,
    pub(super) key: &'a str,
    pub(super) result: CheckOutcome,
    pub(super) title: &'a str,
    pub(super) summary: &'a str,
}

impl GitHub {
    pub(super) async fn find_check(&self, check: &Check<'_>) -> Result<Option<Effect>, ForgeError> {
        let run = self.our_check(check).await?;
        let same = run.filter(|run| {
            run.conclusion.as_deref() == Some(conclusion(check.result))
                && run.output.title.as_deref() == Some(check.title)
                && run.output.summary.as_deref().map(str::trim_end) == Some(check.summary.trim_end())
        });
        Ok(same.map(|run| effect(check, run)))
    }

    pub(super) async fn publish_check(&self, check: &Check<'_>) -> Result<Effect, ForgeError> {
        let request = if let Some(run) = self.our_check(check).await? {
            let template = "/repos/{owner}/{repo}/check-runs/{check_run_id}";
            self.write(Method::PATCH, template, &[&run.id], doing(check), body(check))
        } else {
            let mut body = body(check);
            body["head_sha"] = json!(check.head);
            self.write(Method::POST, "/repos/{owner}/{repo}/check-runs", &[], doing(check), body)
        };
        let run: CheckRunWire = self.send(&request).await?.json(&request)?;
        Ok(effect(check, run))
    }

    /// By name and key. Another app may use them too; where we know our app, only its runs count.
    async fn our_check(&self, check: &Check<'_>) -> Result<Option<CheckRunWire>, ForgeError> {
        let workflow = self.read_identity().await?.token == TokenKind::Workflow;
        let (runs, _) = self.check_run_wires(check.head).await?;
        Ok(runs.into_iter().find(|run| {
            run.name == check.name
                && run.external_id.as_deref() == Some(check.key)
                && (!workflow || run.app_id() == Some(ACTIONS_APP))
        }))
    }
}

fn doing(check: &Check<'_>) -> String {
    format!("publish the check \"{}\" on {}", check.name, check.head.short())
}

fn body(check: &Check<'_>) -> Value {
    json!({
        "name": check.name,
        "external_id": check.key,
        "status": "completed",
        "conclusion": conclusion(check.result),
        "output": { "title": check.title, "summary": check.summary },
    })
}

pub(in crate::adapters::github) fn conclusion(result: CheckOutcome) -> &'static str {
    match result {
        CheckOutcome::Success => "success",
        CheckOutcome::Failure => "failure",
        CheckOutcome::Neutral => "neutral",
        CheckOutcome::ActionRequired => "action_required",
    }
}

fn effect(check: &Check<'_>, run: CheckRunWire) -> Effect {
    Effect { already: false, number: None, sha: Some(check.head.clone()), url: run.html_url }
}

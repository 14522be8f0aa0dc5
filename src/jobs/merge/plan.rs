//! What should leave: the check run with the verdict, and the merge where every gate passed.

use super::facts::Facts;
use super::text;
use crate::config::Config;
use crate::domain::ids::RepoName;
use crate::domain::user::TokenKind;
use crate::plan::action::CheckOutcome;
use crate::plan::limits::MAX_TITLE;
use crate::plan::policy;
use crate::plan::verdict::{GateState, Verdict};
use crate::plan::{Action, Plan};

/// Nothing for a pull request that is closed, merged or not ours: others' pull requests get no check of ours.
pub fn plan(verdict: &Verdict, facts: &Facts, config: &Config, repo: &RepoName) -> Plan {
    let pull = &facts.pull;
    let number = pull.number;
    let make = |summary: String| Plan::new(repo, "merge", summary, &config.policy_digest);
    if pull.merged || facts.ledger.merged.is_some() {
        return make(format!("pull request #{number} is merged: nothing to do"));
    }
    if !pull.open {
        return make(format!("pull request #{number} is closed: nothing to do"));
    }
    let ours = verdict.gates.iter().any(|gate| gate.name == "ours" && gate.state == GateState::Passed);
    if !ours {
        return make(format!("pull request #{number} is not one of ours: nothing to do"));
    }
    let ruling = policy::rule("pr.merge", &config.actions, facts.repository.private);
    let title = text::title(verdict, &ruling);
    let mut plan = make(format!("pull request #{number} at {}: {title}", verdict.head.short()));
    plan.actions.push(Action::PublishCheck {
        head: verdict.head.clone(),
        name: text::CHECK_NAME.to_owned(),
        key: format!("merge:{number}"),
        result: outcome(verdict.state()),
        title: title.chars().take(MAX_TITLE).collect(),
        summary: text::summary(verdict, &ruling),
    });
    if verdict.state() != GateState::Passed {
        return plan;
    }
    plan.actions.push(Action::MergePull {
        verdict: verdict.clone(),
        method: config.merge.method,
        title: text::commit_title(pull),
        message: text::commit_message(facts),
    });
    // The merge by a workflow's own token starts nothing on the base branch.
    if facts.us.token == TokenKind::Workflow {
        let dispatches = config
            .merge
            .dispatch
            .iter()
            .map(|workflow| Action::DispatchWorkflow { workflow: workflow.clone(), branch: pull.base.branch.clone() });
        plan.actions.extend(dispatches);
    }
    plan
}

/// A branch rule may require this check, and GitHub lets neutral pass: only every gate passed is a success.
fn outcome(state: GateState) -> CheckOutcome {
    match state {
        GateState::Passed => CheckOutcome::Success,
        GateState::Waiting | GateState::NeedsHuman => CheckOutcome::ActionRequired,
        GateState::Blocked => CheckOutcome::Failure,
    }
}

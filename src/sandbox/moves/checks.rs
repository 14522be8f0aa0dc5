//! Check runs, suites and statuses: added, finished, folded.

use crate::sandbox::people::Actor;
use crate::sandbox::state::{CheckRun, State, Status, Suite};

/// Adds a check run to its suite and gives its id.
pub(crate) fn add(state: &mut State, run: CheckRun) -> u64 {
    let (id, suite, now) = (run.id, run.suite, state.now());
    state.check_runs.push(run);
    if let Some(suite) = state.suites.iter_mut().find(|known| known.id == suite) {
        suite.updated_at = now;
    }
    id
}

/// The suite that a check run made over the API falls into: the App's first one on that commit, whoever made it, as on
/// GitHub, where runs by a workflow's token land in the suite of some other workflow.
pub(crate) fn suite_for(state: &mut State, app: u64, sha: &str) -> u64 {
    if let Some(suite) = state.suites.iter().find(|suite| suite.app == app && suite.head_sha == sha) {
        return suite.id;
    }
    let (id, now) = (state.id(), state.now());
    let branch = state.git.refs("refs/heads/").into_iter().find(|(_, tip)| tip == sha);
    let branch = branch.and_then(|(name, _)| name.strip_prefix("refs/heads/").map(str::to_owned));
    state.suites.push(Suite {
        id,
        app,
        head_sha: sha.to_owned(),
        head_branch: branch,
        created_at: now,
        updated_at: now,
        action_required: false,
    });
    id
}

/// One more read of what runs on a commit: planned ends come nearer.
pub(crate) fn tick(state: &mut State, sha: &str) {
    let now = state.now();
    for run in state.check_runs.iter_mut().filter(|run| run.head_sha == sha) {
        match &mut run.planned {
            Some((0, conclusion)) => {
                run.conclusion = Some(std::mem::take(conclusion));
                "completed".clone_into(&mut run.status);
                run.completed_at = Some(now);
                run.planned = None;
            }
            Some((left, _)) => {
                *left -= 1;
                "in_progress".clone_into(&mut run.status);
            }
            None => {}
        }
    }
}

/// Status and conclusion of a suite, folded from its newest runs by name.
pub(crate) fn suite_outcome(state: &State, suite: &Suite) -> (&'static str, Option<&'static str>) {
    let runs = latest(state.check_runs.iter().filter(|run| run.suite == suite.id));
    if runs.is_empty() {
        return if suite.action_required { ("completed", Some("action_required")) } else { ("queued", None) };
    }
    if runs.iter().any(|run| run.status != "completed") {
        let begun = runs.iter().any(|run| run.status != "queued");
        return (if begun { "in_progress" } else { "queued" }, None);
    }
    let has = |word: &str| runs.iter().any(|run| run.conclusion.as_deref() == Some(word));
    let worst = ["startup_failure", "failure", "timed_out", "cancelled", "action_required", "stale", "success"];
    let worst = worst.into_iter().find(|word| has(word));
    ("completed", Some(worst.unwrap_or(if has("neutral") { "neutral" } else { "skipped" })))
}

/// The newest run per suite and name, in order of creation.
pub(crate) fn latest<'a>(runs: impl Iterator<Item = &'a CheckRun>) -> Vec<&'a CheckRun> {
    let mut kept: Vec<&CheckRun> = Vec::new();
    for run in runs {
        match kept.iter_mut().find(|known| known.suite == run.suite && known.name == run.name) {
            Some(known) => *known = run,
            None => kept.push(run),
        }
    }
    kept
}

/// The newest status per context, newest first.
pub(crate) fn latest_statuses<'a>(state: &'a State, sha: &str) -> Vec<&'a Status> {
    let mut kept: Vec<&Status> = Vec::new();
    for status in state.statuses.iter().rev().filter(|status| status.sha == sha) {
        if !kept.iter().any(|known| known.context.eq_ignore_ascii_case(&status.context)) {
            kept.push(status);
        }
    }
    kept
}

/// The combined state of statuses: `pending` without any.
pub(crate) fn combined(statuses: &[&Status]) -> &'static str {
    let has = |word: &str| statuses.iter().any(|status| status.state == word);
    if has("failure") || has("error") {
        "failure"
    } else if statuses.is_empty() || has("pending") {
        "pending"
    } else {
        "success"
    }
}

/// How a required check stands on a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Passed,
    Missing,
    Running,
    Failed,
}

/// The standing of a required context: every check run and status of that name must pass.
pub(crate) fn standing(state: &State, sha: &str, context: &str, app: Option<u64>) -> Standing {
    let runs = latest(state.check_runs.iter().filter(|run| run.head_sha == sha && run.name == context));
    let runs = runs.into_iter().filter(|run| app.is_none_or(|app| app == run.app));
    let mut standings: Vec<Standing> = runs
        .map(|run| match (run.status.as_str(), run.conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => Standing::Passed,
            ("completed", _) => Standing::Failed,
            _ => Standing::Running,
        })
        .collect();
    if app.is_none() {
        let statuses = latest_statuses(state, sha).into_iter();
        let named = statuses.filter(|status| status.context.eq_ignore_ascii_case(context));
        standings.extend(named.map(|status| match status.state.as_str() {
            "success" => Standing::Passed,
            "pending" => Standing::Running,
            _ => Standing::Failed,
        }));
    }
    [Standing::Failed, Standing::Running, Standing::Passed]
        .into_iter()
        .find(|standing| standings.contains(standing))
        .unwrap_or(Standing::Missing)
}

/// Sets a status on a commit and gives its id.
pub(crate) fn status(
    state: &mut State,
    actor: Actor,
    sha: &str,
    context: &str,
    word: &str,
    description: Option<&str>,
    target_url: Option<&str>,
) -> u64 {
    let (id, created_at) = (state.id(), state.now());
    state.statuses.push(Status {
        id,
        sha: sha.to_owned(),
        state: word.to_owned(),
        context: context.to_owned(),
        description: description.map(str::to_owned),
        target_url: target_url.map(str::to_owned),
        creator: actor.user,
        created_at,
    });
    id
}

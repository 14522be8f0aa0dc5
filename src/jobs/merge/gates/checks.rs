//! Gates on checks: the newest of each suite, the worst over suites, ours left out by id, the missing never passed.

use std::collections::BTreeMap;

use super::{Answer, Ground, known, some};
use crate::domain::check::{CheckRun, CommitStatus, Conclusion, RequiredCheck, StatusState, WorkflowRun};
use crate::jobs::merge::facts::Facts;
use crate::jobs::merge::text::CHECK_PREFIX;
use crate::plan::verdict::GateState;

/// A push needs this long until GitHub has created its checks.
const SETTLING: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

pub(super) fn required(ground: &Ground<'_>) -> Answer {
    let facts = ground.facts;
    let (rules, runs, statuses) = (known!(facts.rules), known!(facts.check_runs), known!(facts.statuses));
    let workflows = known!(facts.workflow_runs);
    if !(runs.complete && statuses.complete && workflows.complete) {
        return Answer::cut("the checks");
    }
    let runs = foreign(facts, &runs.items, &workflows.items);
    let mut results = Results::default();
    // A rule that requires our own check must not make us wait for ourselves; the server enforces it.
    for check in rules.required_checks.iter().filter(|check| is_foreign(check)) {
        let app = |run: &&&CheckRun| check.app_id.is_none() || run.app_id == check.app_id;
        let named = runs.iter().filter(|run| run.name == check.context).filter(app);
        let mut states: Vec<GateState> = named.map(|run| run_state(run)).collect();
        // Who set a status is not known, so it cannot stand for a check that is tied to an app.
        if check.app_id.is_none() {
            let same = newest_statuses(&statuses.items);
            states.extend(
                same.iter()
                    .filter(|status| status.context.eq_ignore_ascii_case(&check.context))
                    .map(|s| status_state(s)),
            );
        }
        results.add(&check.context, states.into_iter().max(), "missing");
    }
    results.answer("no check is required")
}

pub(super) fn all(ground: &Ground<'_>) -> Answer {
    let facts = ground.facts;
    let (runs, statuses) = (known!(facts.check_runs), known!(facts.statuses));
    let workflows = known!(facts.workflow_runs);
    if !(runs.complete && statuses.complete && workflows.complete) {
        return Answer::cut("the checks");
    }
    let mut results = Results::default();
    for run in foreign(facts, &runs.items, &workflows.items) {
        results.add(&run.name, Some(run_state(run)), "");
    }
    for status in newest_statuses(&statuses.items) {
        if !status.context.starts_with(CHECK_PREFIX) {
            results.add(&status.context, Some(status_state(status)), "");
        }
    }
    if results.names.is_empty() {
        let hint = "let a workflow run on the pull request, or name it in merge.dispatch";
        return Answer::waiting("no check that is not ours", hint);
    }
    results.answer("")
}

pub(super) fn workflow_runs(ground: &Ground<'_>) -> Answer {
    let facts = ground.facts;
    let runs = known!(facts.workflow_runs);
    if !runs.complete {
        return Answer::cut("the workflow runs");
    }
    let mut newest: BTreeMap<(&str, &str), &WorkflowRun> = BTreeMap::new();
    for run in runs.items.iter().filter(|run| facts.own.workflow_path.as_deref() != Some(&run.path)) {
        let entry = newest.entry((&run.path, &run.event)).or_insert(run);
        if (run.id, run.attempt) > (entry.id, entry.attempt) {
            *entry = run;
        }
    }
    let mut results = Results::default();
    for run in newest.values() {
        // A pull request's own run may wait for a person; the same workflow, started by hand on this head, stands for it.
        let replaced = run.conclusion == Some(Conclusion::ActionRequired)
            && newest.get(&(run.path.as_str(), "workflow_dispatch")).is_some_and(|other| other.id > run.id);
        if replaced {
            continue;
        }
        let state = match run.conclusion {
            _ if !run.completed => GateState::Waiting,
            Some(Conclusion::Success | Conclusion::Skipped | Conclusion::Neutral) => GateState::Passed,
            Some(Conclusion::ActionRequired) => GateState::NeedsHuman,
            _ => GateState::Blocked,
        };
        results.add(&format!("{} ({})", run.path, run.event), Some(state), "");
    }
    results.answer("none")
}

pub(super) fn settled(ground: &Ground<'_>) -> Answer {
    let facts = ground.facts;
    if known!(facts.rules).required_checks.iter().any(is_foreign) {
        return Answer::passed("required checks are named");
    }
    let pushed = facts.ledger.pushes.iter().rev().find(|push| push.sha == facts.pull.head.sha);
    match pushed.map(|push| ground.now - push.at) {
        Some(age) if age >= SETTLING => Answer::passed(format!("{} s since the push", age.num_seconds())),
        Some(age) => Answer::waiting(format!("{} s since the push", age.num_seconds()), "run again in a minute"),
        None => Answer::waiting("the ledger does not know when it was pushed", "require a check on the base branch"),
    }
}

fn is_foreign(check: &RequiredCheck) -> bool {
    !check.context.starts_with(CHECK_PREFIX)
}

/// The newest run of each name and suite, ours left out: by our run's suite, by the suites of our workflow file, and what we
/// published ourselves.
fn foreign<'a>(facts: &Facts, runs: &'a [CheckRun], workflows: &[WorkflowRun]) -> Vec<&'a CheckRun> {
    let of_our_file = |run: &&WorkflowRun| facts.own.workflow_path.as_deref() == Some(&run.path);
    let mut suites: Vec<u64> = workflows.iter().filter(of_our_file).filter_map(|run| run.suite_id).collect();
    suites.extend(facts.own.suite);
    let ours = |run: &CheckRun| {
        run.suite_id.is_some_and(|suite| suites.contains(&suite))
            || (run.name.starts_with(CHECK_PREFIX) && run.external_id.is_some())
    };
    let mut newest: BTreeMap<(Option<u64>, &str), &CheckRun> = BTreeMap::new();
    for run in runs.iter().filter(|run| !ours(run)) {
        let entry = newest.entry((run.suite_id, &run.name)).or_insert(run);
        if run.id > entry.id {
            *entry = run;
        }
    }
    newest.into_values().collect()
}

fn newest_statuses(statuses: &[CommitStatus]) -> Vec<&CommitStatus> {
    let mut newest: BTreeMap<String, &CommitStatus> = BTreeMap::new();
    for status in statuses {
        let entry = newest.entry(status.context.to_lowercase()).or_insert(status);
        if status.created_at > entry.created_at {
            *entry = status;
        }
    }
    newest.into_values().collect()
}

/// A skipped or neutral check shows nothing: a job is skipped also when the one before it fails.
fn run_state(run: &CheckRun) -> GateState {
    match run.conclusion {
        _ if !run.completed => GateState::Waiting,
        Some(Conclusion::Success) => GateState::Passed,
        Some(Conclusion::Skipped | Conclusion::Neutral | Conclusion::ActionRequired) => GateState::NeedsHuman,
        _ => GateState::Blocked,
    }
}

fn status_state(status: &CommitStatus) -> GateState {
    match status.state {
        StatusState::Success => GateState::Passed,
        StatusState::Pending => GateState::Waiting,
        StatusState::Failure | StatusState::Error => GateState::Blocked,
    }
}

/// Names by their state, worst first in the answer.
#[derive(Default)]
struct Results {
    names: Vec<(GateState, String)>,
}

impl Results {
    fn add(&mut self, name: &str, state: Option<GateState>, absent: &str) {
        match state {
            Some(state) => self.names.push((state, name.to_owned())),
            None => self.names.push((GateState::Waiting, format!("{name} ({absent})"))),
        }
    }

    fn answer(&self, none: &str) -> Answer {
        let Some(worst) = self.names.iter().map(|(state, _)| *state).max() else { return Answer::passed(none) };
        let mut names: Vec<&str> =
            self.names.iter().filter(|(state, _)| *state == worst).map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let names = some(&names);
        match worst {
            GateState::Passed => Answer::passed(format!("green: {names}")),
            GateState::Waiting => Answer::waiting(format!("not finished: {names}"), "wait; it is looked at again"),
            GateState::NeedsHuman => Answer::needs_human(
                format!("without a result: {names}"),
                "a skipped or neutral check shows nothing, and one that asks for action waits for a person",
            ),
            GateState::Blocked => {
                Answer::blocked(format!("failed: {names}"), "read the log; a new head is checked anew")
            }
        }
    }
}

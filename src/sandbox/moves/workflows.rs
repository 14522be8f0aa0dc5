//! Workflows: read from the repository's own files, started by pushes, pull requests and dispatches. Nothing really
//! runs; how a job ends is the world's to say.

use serde_json::Value;

use super::checks;
use crate::sandbox::people::{ACTIONS_APP, Actor};
use crate::sandbox::state::{CheckRun, Output, State, Suite, Trigger, Workflow, WorkflowRun};

const FOLDER: &str = ".github/workflows";

/// The workflow files at a commit.
pub(crate) fn at(state: &mut State, sha: &str) -> Vec<Workflow> {
    let Some(folder) = state.git.entry_at(sha, FOLDER).filter(|entry| entry.kind == "tree") else { return Vec::new() };
    let mut found = Vec::new();
    for entry in state.git.tree(&folder.sha, false).unwrap_or_default() {
        let is_yaml = matches!(entry.path.rsplit_once('.'), Some((_, "yml" | "yaml")));
        if entry.kind != "blob" || !is_yaml {
            continue;
        }
        let text = state.git.blob(&entry.sha).unwrap_or_default();
        let path = format!("{FOLDER}/{}", entry.path);
        let id = workflow_id(state, &path);
        found.push(parse(id, &path, &String::from_utf8_lossy(&text)));
    }
    found
}

fn workflow_id(state: &mut State, path: &str) -> u64 {
    if let Some(id) = state.ci.workflow_ids.get(path) {
        return *id;
    }
    let id = state.id();
    state.ci.workflow_ids.insert(path.to_owned(), id);
    id
}

fn parse(id: u64, path: &str, text: &str) -> Workflow {
    // A file that is no YAML is a workflow without triggers, as on GitHub.
    let value: Value = serde_saphyr::from_str(text).unwrap_or(Value::Null);
    let name = value.get("name").and_then(Value::as_str).unwrap_or(path).to_owned();
    let jobs = value.get("jobs").and_then(Value::as_object);
    let job = |(id, job): (&String, &Value)| job.get("name").and_then(Value::as_str).unwrap_or(id).to_owned();
    let jobs = jobs.into_iter().flatten().map(job).collect();
    let on = value.get("on").or_else(|| value.get("true")).cloned().unwrap_or(Value::Null);
    Workflow { id, path: path.to_owned(), name, triggers: triggers(&on), jobs }
}

fn triggers(on: &Value) -> Vec<Trigger> {
    let plain = |event: &str| Trigger { event: event.to_owned(), branches: Vec::new() };
    match on {
        Value::String(event) => vec![plain(event)],
        Value::Array(events) => events.iter().filter_map(Value::as_str).map(plain).collect(),
        Value::Object(events) => {
            let branches = |event: &Value| {
                let list = event.get("branches").and_then(Value::as_array);
                list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            events.iter().map(|(event, value)| Trigger { event: event.clone(), branches: branches(value) }).collect()
        }
        _ => Vec::new(),
    }
}

impl Workflow {
    pub(crate) fn starts_on(&self, event: &str, branch: &str) -> bool {
        self.triggers.iter().any(|trigger| {
            let matches = |pattern: &String| {
                globset::Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(branch))
            };
            trigger.event == event && (trigger.branches.is_empty() || trigger.branches.iter().any(matches))
        })
    }
}

/// A branch has a new tip. A workflow's own push starts nothing.
pub(crate) fn pushed(state: &mut State, actor: Actor, branch: &str, sha: &str) {
    if actor.is_workflow() || skips(state, sha) {
        return;
    }
    for workflow in at(state, sha) {
        if workflow.starts_on("push", branch) {
            start(state, actor, &workflow, "push", branch, sha, false);
        }
    }
}

/// A pull request was opened or has a new head. Runs that a workflow's own token causes wait for approval.
pub(crate) fn pull_changed(state: &mut State, actor: Actor, number: u64) {
    let Some(pull) = state.pulls.get(&number) else { return };
    let (branch, base, sha) = (pull.head_ref.clone(), pull.base_ref.clone(), pull.head_sha.clone());
    if skips(state, &sha) {
        return;
    }
    for workflow in at(state, &sha) {
        if workflow.starts_on("pull_request", &base) {
            start(state, actor, &workflow, "pull_request", &branch, &sha, actor.is_workflow());
        }
    }
}

/// Whether the commit's message tells GitHub to start nothing.
fn skips(state: &State, sha: &str) -> bool {
    let message = state.git.commit(sha).map(|commit| commit.message).unwrap_or_default();
    let words = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];
    words.iter().any(|word| message.contains(word)) || message.lines().any(|line| line.trim() == "skip-checks: true")
}

/// Starts a run and gives its id.
pub(crate) fn start(
    state: &mut State,
    actor: Actor,
    workflow: &Workflow,
    event: &str,
    branch: &str,
    sha: &str,
    waiting: bool,
) -> u64 {
    let (suite, id, now) = (state.id(), state.id(), state.now());
    let number = state.ci.run_numbers.entry(workflow.path.clone()).or_insert(0);
    *number += 1;
    let number = *number;
    state.suites.push(Suite {
        id: suite,
        app: ACTIONS_APP,
        head_sha: sha.to_owned(),
        head_branch: Some(branch.to_owned()),
        created_at: now,
        updated_at: now,
        action_required: waiting,
    });
    let message = state.git.commit(sha).map(|commit| commit.message).unwrap_or_default();
    state.runs.push(WorkflowRun {
        id,
        number,
        workflow: workflow.id,
        workflow_name: workflow.name.clone(),
        path: workflow.path.clone(),
        event: event.to_owned(),
        suite,
        head_sha: sha.to_owned(),
        head_branch: branch.to_owned(),
        title: message.lines().next().unwrap_or_default().to_owned(),
        actor,
        created_at: now,
    });
    let jobs = if waiting { &[][..] } else { &workflow.jobs };
    for name in jobs {
        let conclusion = state.ci.conclusions.get(name).cloned().unwrap_or_else(|| "success".to_owned());
        let planned = Some((state.ci.reads, conclusion));
        let job = state.id();
        let run = CheckRun {
            id: job,
            suite,
            app: ACTIONS_APP,
            name: name.clone(),
            head_sha: sha.to_owned(),
            external_id: Some(format!("job-{job}")),
            details_url: Some(format!("{}/{}/actions/runs/{id}/job/{job}", state.urls.html, state.name)),
            status: "queued".to_owned(),
            conclusion: None,
            started_at: Some(now),
            completed_at: None,
            output: Output::default(),
            planned,
        };
        checks::add(state, run);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_read_in_all_three_spellings() {
        let text = "name: CI\non:\n  push:\n    branches: [main, 'release/**']\n  pull_request:\njobs:\n  test:\n    name: unit tests\n  lint: {}\n";
        let workflow = parse(1, ".github/workflows/ci.yml", text);
        assert_eq!((workflow.name.as_str(), workflow.jobs.join(",")), ("CI", "unit tests,lint".to_owned()));
        assert!(workflow.starts_on("push", "main") && workflow.starts_on("push", "release/1/2"));
        assert!(!workflow.starts_on("push", "automated/1-x") && workflow.starts_on("pull_request", "main"));
        assert!(parse(1, "x", "on: push\njobs: {}").starts_on("push", "any"));
        assert!(parse(1, "x", "on: [workflow_dispatch]").starts_on("workflow_dispatch", "any"));
        assert!(!parse(1, "x", ": no yaml [").starts_on("push", "any"));
    }
}

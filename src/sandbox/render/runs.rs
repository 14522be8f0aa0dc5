//! Workflows, their runs and jobs.

use serde_json::{Value, json};

use super::checks::head_commit;
use super::{minimal_repository, node_id, pull_minimal, user};
use crate::sandbox::clock::stamp;
use crate::sandbox::moves::{checks, pulls};
use crate::sandbox::state::{CheckRun, State, Workflow, WorkflowRun};

/// `workflow`.
pub(crate) fn workflow(state: &State, workflow: &Workflow) -> Value {
    let file = workflow.path.rsplit('/').next().unwrap_or_default();
    json!({
        "id": workflow.id,
        "node_id": node_id("W", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": "active",
        "created_at": stamp(state.repo.created_at),
        "updated_at": stamp(state.repo.created_at),
        "url": format!("{}/actions/workflows/{}", state.api(), workflow.id),
        "html_url": format!("{}/blob/{}/{}", state.page(), state.repo.default_branch, workflow.path),
        "badge_url": format!("{}/workflows/{file}/badge.svg", state.page()),
    })
}

/// `workflow-run`.
pub(crate) fn workflow_run(state: &State, run: &WorkflowRun) -> Value {
    let api = format!("{}/actions/runs/{}", state.api(), run.id);
    let suite = state.suites.iter().find(|suite| suite.id == run.suite);
    let (status, conclusion) = suite.map_or(("queued", None), |suite| checks::suite_outcome(state, suite));
    let numbers = pulls::open_where(state, |pull| pull.head_sha == run.head_sha);
    let shown: Vec<Value> =
        numbers.iter().filter_map(|number| state.pulls.get(number)).map(|pull| pull_minimal(state, pull)).collect();
    let updated = suite.map_or(run.created_at, |suite| suite.updated_at);
    json!({
        "id": run.id,
        "name": run.workflow_name,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": run.workflow,
        "check_suite_id": run.suite,
        "check_suite_node_id": node_id("CS", run.suite),
        "url": api,
        "html_url": format!("{}/actions/runs/{}", state.page(), run.id),
        "pull_requests": shown,
        "created_at": stamp(run.created_at),
        "updated_at": stamp(updated),
        "actor": user(state, run.actor.user),
        "run_attempt": 1,
        "referenced_workflows": [],
        "run_started_at": stamp(run.created_at),
        "triggering_actor": user(state, run.actor.user),
        "jobs_url": format!("{api}/jobs"),
        "logs_url": format!("{api}/logs"),
        "check_suite_url": format!("{}/check-suites/{}", state.api(), run.suite),
        "artifacts_url": format!("{api}/artifacts"),
        "cancel_url": format!("{api}/cancel"),
        "rerun_url": format!("{api}/rerun"),
        "previous_attempt_url": null,
        "workflow_url": format!("{}/actions/workflows/{}", state.api(), run.workflow),
        "head_commit": head_commit(state, &run.head_sha),
        "repository": minimal_repository(state),
        "head_repository": minimal_repository(state),
    })
}

/// `job`: the check run of a workflow run, seen as a job.
pub(crate) fn job(state: &State, run: &WorkflowRun, check: &CheckRun) -> Value {
    let begun = check.started_at.unwrap_or(run.created_at);
    json!({
        "id": check.id,
        "run_id": run.id,
        "workflow_name": run.workflow_name,
        "head_branch": run.head_branch,
        "run_url": format!("{}/actions/runs/{}", state.api(), run.id),
        "run_attempt": 1,
        "node_id": node_id("CR", check.id),
        "head_sha": run.head_sha,
        "url": format!("{}/actions/jobs/{}", state.api(), check.id),
        "html_url": format!("{}/actions/runs/{}/job/{}", state.page(), run.id, check.id),
        "status": check.status,
        "conclusion": check.conclusion,
        "created_at": stamp(run.created_at),
        "started_at": stamp(begun),
        "completed_at": check.completed_at.map(stamp),
        "name": check.name,
        "steps": [],
        "check_run_url": format!("{}/check-runs/{}", state.api(), check.id),
        "labels": ["ubuntu-latest"],
        "runner_id": null,
        "runner_name": null,
        "runner_group_id": null,
        "runner_group_name": null,
    })
}

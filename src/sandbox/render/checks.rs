//! Check runs, check suites and commit statuses.

use serde_json::{Value, json};

use super::{app, minimal_repository, node_id, pull_minimal, user};
use crate::sandbox::clock::{from_seconds, stamp};
use crate::sandbox::git::CommitInfo;
use crate::sandbox::moves::{checks, pulls};
use crate::sandbox::state::{CheckRun, State, Status, Suite};

/// The open pull requests with this head.
fn pulls_of(state: &State, sha: &str) -> Vec<Value> {
    let numbers = pulls::open_where(state, |pull| pull.head_sha == sha);
    numbers.iter().filter_map(|number| state.pulls.get(number)).map(|pull| pull_minimal(state, pull)).collect()
}

/// `check-run`.
pub(crate) fn check_run(state: &State, run: &CheckRun) -> Value {
    let api = format!("{}/check-runs/{}", state.api(), run.id);
    let page = format!("{}/runs/{}", state.page(), run.id);
    json!({
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CR", run.id),
        "head_sha": run.head_sha,
        "external_id": run.external_id.clone().unwrap_or_default(),
        "url": api,
        "html_url": page,
        "details_url": run.details_url.clone().unwrap_or(page),
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at.map(stamp),
        "completed_at": run.completed_at.map(stamp),
        "output": {
            "title": run.output.title,
            "summary": run.output.summary,
            "text": run.output.text,
            "annotations_count": run.output.annotations.len(),
            "annotations_url": format!("{api}/annotations"),
        },
        "check_suite": {"id": run.suite},
        "app": app(state, Some(run.app)),
        "pull_requests": pulls_of(state, &run.head_sha),
    })
}

/// `check-suite`.
pub(crate) fn check_suite(state: &State, suite: &Suite) -> Value {
    let api = format!("{}/check-suites/{}", state.api(), suite.id);
    let (status, conclusion) = checks::suite_outcome(state, suite);
    let runs = checks::latest(state.check_runs.iter().filter(|run| run.suite == suite.id));
    json!({
        "id": suite.id,
        "node_id": node_id("CS", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": api,
        "before": null,
        "after": suite.head_sha,
        "pull_requests": pulls_of(state, &suite.head_sha),
        "app": app(state, Some(suite.app)),
        "repository": minimal_repository(state),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
        "rerequestable": true,
        "runs_rerequestable": true,
        "latest_check_runs_count": runs.len(),
        "check_runs_url": format!("{api}/check-runs"),
        "head_commit": head_commit(state, &suite.head_sha),
    })
}

/// `simple-commit`.
pub(crate) fn head_commit(state: &State, sha: &str) -> Value {
    let Ok(CommitInfo { tree, message, author, committer, .. }) = state.git.commit(sha) else { return Value::Null };
    json!({
        "id": sha,
        "tree_id": tree,
        "message": message,
        "timestamp": stamp(from_seconds(committer.seconds)),
        "author": {"name": author.name, "email": author.email},
        "committer": {"name": committer.name, "email": committer.email},
    })
}

/// `status`.
pub(crate) fn status(state: &State, status: &Status) -> Value {
    json!({
        "url": format!("{}/statuses/{}", state.api(), status.sha),
        "avatar_url": format!("{}/avatars/u/{}?v=4", state.urls.html, status.creator),
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
        "creator": user(state, status.creator),
    })
}

/// `combined-commit-status` of the statuses on this page.
pub(crate) fn combined_status(state: &State, sha: &str, all: &[&Status], page: &[&Status]) -> Value {
    let simple = |status: &&Status| {
        let mut value = self::status(state, status);
        if let Some(fields) = value.as_object_mut() {
            fields.shift_remove("creator");
        }
        value
    };
    json!({
        "state": checks::combined(all),
        "statuses": page.iter().map(simple).collect::<Vec<_>>(),
        "sha": sha,
        "total_count": all.len(),
        "repository": minimal_repository(state),
        "commit_url": format!("{}/commits/{sha}", state.api()),
        "url": format!("{}/commits/{sha}/status", state.api()),
    })
}

//! Routes of workflows, their runs and dispatches.

use serde_json::json;

use super::Ctx;
use super::reply::{Answer, no_content, ok};
use crate::domain::user::Permission;
use crate::sandbox::moves::{checks, workflows};
use crate::sandbox::refusal::{Refusal, not_found, unprocessable};
use crate::sandbox::render;
use crate::sandbox::state::{Workflow, WorkflowRun};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["actions", "workflows"]) => workflow_list(ctx),
        ("GET", ["actions", "workflows", id]) => workflow(ctx, id),
        ("GET", ["actions", "workflows", id, "runs"]) => workflow_runs(ctx, id),
        ("POST", ["actions", "workflows", id, "dispatches"]) => dispatch(ctx, id),
        ("GET", ["actions", "runs"]) => runs(ctx, None),
        ("GET", ["actions", "runs", id]) => run(ctx, id),
        ("GET", ["actions", "runs", id, "jobs"]) => jobs(ctx, id),
        ("GET", ["actions", "permissions", "workflow"]) => permissions(ctx),
        _ => return None,
    })
}

/// The workflows of the default branch.
fn all(ctx: &mut Ctx<'_>) -> Vec<Workflow> {
    let tip = ctx.state.git.branch(&ctx.state.repo.default_branch);
    tip.map(|tip| workflows::at(ctx.state, &tip)).unwrap_or_default()
}

/// A workflow by id or by the name of its file.
fn find(ctx: &mut Ctx<'_>, id: &str) -> Result<Workflow, Refusal> {
    let named = |workflow: &Workflow| workflow.id.to_string() == id || workflow.path.rsplit('/').next() == Some(id);
    all(ctx).into_iter().find(named).ok_or_else(not_found)
}

fn workflow_list(ctx: &mut Ctx<'_>) -> Answer {
    ctx.read("actions")?;
    let found = all(ctx);
    ctx.counted("workflows", &found, render::workflow)
}

fn workflow(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("actions")?;
    let found = find(ctx, id)?;
    ok(render::workflow(ctx.state, &found))
}

fn workflow_runs(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("actions")?;
    let found = find(ctx, id)?;
    runs(ctx, Some(found.id))
}

fn dispatch(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let actor = ctx.write("actions", Permission::Write)?;
    let known = find(ctx, id)?;
    let fields = ctx.body()?;
    let name = fields.text("ref")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"ref\" wasn't supplied."))?;
    let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
    let sha = ctx.state.git.branch(branch).or_else(|| ctx.state.git.ref_sha(&format!("refs/tags/{branch}^{{commit}}")));
    let sha = sha.ok_or_else(|| unprocessable(&format!("No ref found for: {name}")))?;
    // The file as it stands at that reference decides, not the one of the default branch.
    let there = workflows::at(ctx.state, &sha).into_iter().find(|workflow| workflow.path == known.path);
    let there = there.filter(|workflow| workflow.triggers.iter().any(|trigger| trigger.event == "workflow_dispatch"));
    let there = there.ok_or_else(|| unprocessable("Workflow does not have 'workflow_dispatch' trigger"))?;
    let run = workflows::start(ctx.state, actor, &there, "workflow_dispatch", branch, &sha, false);
    if fields.flag("return_run_details") == Some(true) {
        return ok(json!({
            "workflow_run_id": run,
            "run_url": format!("{}/actions/runs/{run}", ctx.state.api()),
            "html_url": format!("{}/actions/runs/{run}", ctx.state.page()),
        }));
    }
    no_content()
}

fn runs(ctx: &mut Ctx<'_>, workflow: Option<u64>) -> Answer {
    ctx.read("actions")?;
    let request = ctx.request;
    if let Some(sha) = request.query("head_sha") {
        checks::tick(ctx.state, sha);
    }
    let suite = request.query("check_suite_id").and_then(|id| id.parse::<u64>().ok());
    let matches = |run: &&WorkflowRun| {
        let suite_state = || ctx.state.suites.iter().find(|suite| suite.id == run.suite);
        let in_state = |word: &str| {
            let outcome = suite_state().map(|suite| checks::suite_outcome(ctx.state, suite));
            outcome.is_some_and(|(status, conclusion)| status == word || conclusion == Some(word))
        };
        workflow.is_none_or(|id| run.workflow == id)
            && suite.is_none_or(|id| run.suite == id)
            && request.query("head_sha").is_none_or(|sha| run.head_sha == sha)
            && request.query("event").is_none_or(|event| run.event == event)
            && request.query("branch").is_none_or(|branch| run.head_branch == branch)
            && request.query("status").is_none_or(in_state)
    };
    let mut found: Vec<&WorkflowRun> = ctx.state.runs.iter().filter(matches).collect();
    found.reverse();
    ctx.counted("workflow_runs", &found, |state, run| render::workflow_run(state, run))
}

fn find_run(ctx: &Ctx<'_>, id: &str) -> Result<WorkflowRun, Refusal> {
    ctx.state.runs.iter().find(|run| run.id.to_string() == id).cloned().ok_or_else(not_found)
}

fn run(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("actions")?;
    let run = find_run(ctx, id)?;
    checks::tick(ctx.state, &run.head_sha);
    ok(render::workflow_run(ctx.state, &run))
}

fn jobs(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("actions")?;
    let run = find_run(ctx, id)?;
    checks::tick(ctx.state, &run.head_sha);
    // Runs made over the API may stand in this suite too, but they are no jobs.
    let is_job = |check: &&crate::sandbox::state::CheckRun| {
        check.suite == run.suite && check.external_id.as_deref().is_some_and(|id| id.starts_with("job-"))
    };
    let found: Vec<_> = ctx.state.check_runs.iter().filter(is_job).collect();
    ctx.counted("jobs", &found, |state, check| render::job(state, &run, check))
}

fn permissions(ctx: &Ctx<'_>) -> Answer {
    ctx.administer()?;
    ok(json!({
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": ctx.state.repo.actions_can_create_pulls,
    }))
}

//! Check runs, suites, statuses and their sum.

use super::{Answer, Ask, actor, maybe_time, time, upper};
use crate::sandbox::graphql::node::{Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::moves::{checks, rules};
use crate::sandbox::render::node_id;
use crate::sandbox::state::{CheckRun, State, Status};

/// The newest check runs of a commit.
fn runs<'a>(state: &'a State, sha: &str) -> Vec<&'a CheckRun> {
    checks::latest(state.check_runs.iter().filter(|run| run.head_sha == sha))
}

/// The newest statuses of a commit.
fn statuses<'a>(state: &'a State, sha: &str) -> Vec<&'a Status> {
    checks::latest_statuses(state, sha)
}

/// The sum of a commit's checks; null when there are none. Reading it lets planned ends come nearer.
pub(super) fn rollup_of(ask: &mut Ask<'_>, sha: &str) -> Answer {
    ask.may_read("checks")?;
    ask.may_read("statuses")?;
    if ask.looked.commits.insert(sha.to_owned()) {
        checks::tick(ask.state, sha);
    }
    let any = !runs(ask.state, sha).is_empty() || !statuses(ask.state, sha).is_empty();
    Ok(node_or_null(any.then(|| Node::Rollup(sha.to_owned()))))
}

pub(super) fn rollup(ask: &Ask<'_>, sha: &str) -> Answer {
    let state = &*ask.state;
    Ok(match ask.field {
        "id" => leaf(node_id("SCR", sha)),
        "state" => leaf(sum(state, sha)),
        "commit" => node_or_null(super::code::node_of(state, sha)),
        "contexts" => {
            let nodes = runs(state, sha).into_iter().map(|run| Node::CheckRun(run.id));
            let nodes = nodes.chain(statuses(state, sha).into_iter().map(|status| Node::Status(status.id))).collect();
            let types = ("StatusCheckRollupContextConnection", "StatusCheckRollupContextEdge");
            return page(types, ask.field, nodes, ask.args);
        }
        _ => return ask.unknown(),
    })
}

fn sum(state: &State, sha: &str) -> &'static str {
    let (runs, statuses) = (runs(state, sha), statuses(state, sha));
    let bad = |c: &str| !matches!(c, "success" | "neutral" | "skipped");
    if statuses.iter().any(|s| s.state == "error") {
        "ERROR"
    } else if runs.iter().any(|r| r.conclusion.as_deref().is_some_and(bad))
        || statuses.iter().any(|s| s.state == "failure")
    {
        "FAILURE"
    } else if runs.iter().any(|r| r.conclusion.is_none()) || statuses.iter().any(|s| s.state == "pending") {
        "PENDING"
    } else {
        "SUCCESS"
    }
}

/// Whether a pull request's base branch requires a context, from an App if the rule names one.
fn required(ask: &Ask<'_>, context: &str, app: Option<u64>) -> Out {
    let by_id = ask.args.text("pullRequestId").and_then(|id| crate::sandbox::graphql::ids::find(ask.state, id));
    let number = match by_id {
        Some(Node::Pull(number)) => Some(number),
        _ => ask.args.number("pullRequestNumber"),
    };
    let Some(pull) = number.and_then(|n| ask.state.pulls.get(&n)) else { return leaf(false) };
    let required = rules::required_checks(ask.state, &pull.base_ref, None);
    let fits = |from: Option<u64>| from.is_none() || app.is_none() || from == app;
    leaf(required.iter().any(|(name, from)| name.eq_ignore_ascii_case(context) && fits(*from)))
}

pub(super) fn run(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(run) = state.check_runs.iter().find(|run| run.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("CR", run.id)),
        "databaseId" => leaf(run.id),
        "name" => leaf(run.name.as_str()),
        "status" => upper(&run.status),
        "conclusion" => run.conclusion.as_deref().map_or(Out::Null, upper),
        "startedAt" => maybe_time(run.started_at),
        "completedAt" => maybe_time(run.completed_at),
        "externalId" => maybe(run.external_id.clone()),
        "detailsUrl" => maybe(run.details_url.clone()),
        "title" => maybe(run.output.title.clone()),
        "summary" => maybe(run.output.summary.clone()),
        "text" => maybe(run.output.text.clone()),
        "url" => leaf(format!("{}/{}/runs/{}", state.urls.html, state.name, run.id)),
        "checkSuite" => Node::Suite(run.suite).out(),
        "isRequired" => required(ask, &run.name, Some(run.app)),
        _ => return ask.unknown(),
    })
}

pub(super) fn suite(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(suite) = state.suites.iter().find(|suite| suite.id == id) else { return Ok(Out::Null) };
    let (status, conclusion) = checks::suite_outcome(state, suite);
    Ok(match ask.field {
        "id" => leaf(node_id("CS", suite.id)),
        "databaseId" => leaf(suite.id),
        "status" => upper(status),
        "conclusion" => conclusion.map_or(Out::Null, upper),
        "app" => Node::App(suite.app).out(),
        "branch" => {
            let full = suite.head_branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
            node_or_null(full.filter(|full| state.git.ref_sha(full).is_some()).map(Node::Ref))
        }
        "commit" => node_or_null(super::code::node_of(state, &suite.head_sha)),
        "createdAt" => time(suite.created_at),
        "updatedAt" => time(suite.updated_at),
        "workflowRun" => {
            ask.may_read("actions")?;
            node_or_null(state.runs.iter().find(|run| run.suite == id).map(|run| Node::WorkflowRun(run.id)))
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn workflow_run(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(run) = state.runs.iter().find(|run| run.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("WFR", run.id)),
        "databaseId" => leaf(run.id),
        "event" => leaf(run.event.as_str()),
        "runNumber" => leaf(run.number),
        "url" => leaf(format!("{}/{}/actions/runs/{}", state.urls.html, state.name, run.id)),
        "checkSuite" => Node::Suite(run.suite).out(),
        _ => return ask.unknown(),
    })
}

pub(super) fn status(ask: &Ask<'_>, id: u64) -> Answer {
    let Some(status) = ask.state.statuses.iter().find(|status| status.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("SC", status.id)),
        "context" => leaf(status.context.as_str()),
        "state" => upper(&status.state),
        "description" => maybe(status.description.clone()),
        "targetUrl" => maybe(status.target_url.clone()),
        "createdAt" => time(status.created_at),
        "creator" => actor(ask, status.creator),
        "isRequired" => required(ask, &status.context, None),
        _ => return ask.unknown(),
    })
}

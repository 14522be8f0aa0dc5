//! The control endpoint: faults, steps and a view of the world over HTTP.

use serde::Deserialize;
use serde_json::{Value, json};

use super::plan::{self, FaultPlan};
use super::{Done, Faults, Move};
use crate::sandbox::World;
use crate::sandbox::exchange::{Request, Response};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moves {
    moves: Vec<Move>,
}

/// The answer, or nothing when there is no such control.
pub(super) fn answer(faults: &Faults, world: &World, request: &Request) -> Option<Response> {
    let body = || String::from_utf8_lossy(&request.body).into_owned();
    Some(match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/_sandbox/faults") => match plan::parse::<FaultPlan>(&body()) {
            Ok(plan) => {
                let count = plan.faults.len();
                faults.install(plan);
                Response::json(200, json!({"installed": count}))
            }
            Err(problem) => refused(&format!("the fault plan is not understood: {problem}")),
        },
        ("GET", "/_sandbox/faults") => {
            Response::json(200, json!({"fired": faults.fired(), "unfired": faults.unfired()}))
        }
        ("DELETE", "/_sandbox/faults") => {
            faults.clear();
            Response::empty(204)
        }
        ("POST", "/_sandbox/world") => match plan::parse::<Moves>(&body()) {
            Ok(Moves { moves }) => {
                let done: Vec<Done> = moves.iter().map(|step| step.perform(world)).collect();
                Response::json(200, json!({"moves": done}))
            }
            Err(problem) => refused(&format!("the moves are not understood: {problem}")),
        },
        ("GET", "/_sandbox/state") => Response::json(200, view(faults, world)),
        _ => return None,
    })
}

fn refused(message: &str) -> Response {
    Response::json(400, json!({"message": message}))
}

fn view(faults: &Faults, world: &World) -> Value {
    let state = world.state();
    let branches = state.git.refs("refs/heads/").into_iter();
    let branches: serde_json::Map<String, Value> =
        branches.map(|(name, sha)| (name.trim_start_matches("refs/heads/").to_owned(), json!(sha))).collect();
    let names = |ids: &[u64]| -> Vec<&str> {
        state.labels.iter().filter(|l| ids.contains(&l.id)).map(|l| l.name.as_str()).collect()
    };
    let issues: Vec<Value> = state
        .issues
        .values()
        .filter(|issue| !state.pulls.contains_key(&issue.number))
        .map(|i| json!({"number": i.number, "title": i.title, "open": i.open, "labels": names(&i.labels)}))
        .collect();
    let pulls: Vec<Value> = state
        .pulls
        .values()
        .map(|p| {
            json!({"number": p.number, "head": p.head_ref, "head_sha": p.head_sha, "base": p.base_ref,
                "draft": p.draft, "merged": p.merged_at.is_some(),
                "open": state.issues.get(&p.number).is_some_and(|issue| issue.open)})
        })
        .collect();
    json!({
        "repository": state.name.to_string(),
        "default_branch": state.repo.default_branch,
        "requests": faults.requests(),
        "branches": branches,
        "issues": issues,
        "pulls": pulls,
        "comments": state.comments.len(),
    })
}

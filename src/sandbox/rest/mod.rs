//! The REST door: finds the route, checks visibility, answers in GitHub's shapes.

mod actions;
mod checks;
mod comments;
mod commits;
mod contents;
mod ctx;
mod issues;
mod labels;
mod objects;
mod people;
mod pulls;
mod refs;
mod reply;
mod repository;
mod reviews;
mod rules;

use super::exchange::{Request, Response};
use super::refusal::{Refusal, not_found};
use super::state::State;

pub(crate) use ctx::{Caller, Ctx, Fields};
pub(crate) use reply::Answer;

/// Answers one REST request.
pub(crate) fn answer(state: &mut State, caller: Option<&Caller>, request: &Request) -> Response {
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mut ctx = Ctx { state, request, caller };
    match route(&mut ctx, &parts) {
        Some(Ok(response)) => response,
        Some(Err(Refusal(response))) => *response,
        None => {
            let mut response = *not_found().0;
            response.unknown = true;
            response
        }
    }
}

/// The answer of the route, or nothing when there is no such route.
fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let id = ctx.state.repo.id.to_string();
    match parts {
        ["repos", owner, name, rest @ ..] => {
            let ours =
                ctx.state.name.owner().eq_ignore_ascii_case(owner) && ctx.state.name.name().eq_ignore_ascii_case(name);
            in_repository(ctx, ours, rest)
        }
        ["repositories", number, rest @ ..] => in_repository(ctx, *number == id, rest),
        _ => people::route(ctx, parts),
    }
}

type Room = fn(&mut Ctx<'_>, &[&str]) -> Option<Answer>;

/// Asked in this order: a room that comes first takes the more special paths.
const ROOMS: [Room; 13] = [
    repository::route,
    refs::route,
    objects::route,
    contents::route,
    commits::route,
    checks::route,
    actions::route,
    comments::route,
    labels::route,
    issues::route,
    reviews::route,
    pulls::route,
    rules::route,
];

fn in_repository(ctx: &mut Ctx<'_>, ours: bool, rest: &[&str]) -> Option<Answer> {
    if !ours || !ctx.state.visible_to(ctx.caller) {
        return Some(Err(not_found()));
    }
    ROOMS.into_iter().find_map(|room| room(ctx, rest))
}

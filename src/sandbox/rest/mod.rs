//! The REST door: finds the route, checks visibility, answers in GitHub's shapes.

mod ctx;
mod people;
mod reply;
mod repository;

use super::exchange::{Request, Response};
use super::state::State;

pub(crate) use ctx::{Caller, Ctx, Fields};
pub(crate) use reply::{Answer, Refusal};

use reply::not_found;

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

fn in_repository(ctx: &mut Ctx<'_>, ours: bool, rest: &[&str]) -> Option<Answer> {
    if !ours || !ctx.state.visible_to(ctx.caller) {
        return Some(Err(not_found()));
    }
    let rooms: [fn(&mut Ctx<'_>, &[&str]) -> Option<Answer>; 1] = [repository::route];
    rooms.into_iter().find_map(|room| room(ctx, rest))
}

//! The repository itself, its collaborators' permissions and its activity.

use super::Ctx;
use super::reply::{Answer, ok};
use crate::sandbox::render;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", []) => ok(render::full_repository(ctx.state, ctx.caller)),
        _ => return None,
    })
}

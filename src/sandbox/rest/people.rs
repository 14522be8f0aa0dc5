//! Routes outside the repository: users, the caller, limits, installations.

use serde_json::json;

use super::Ctx;
use super::reply::{Answer, ok};
use crate::domain::user::TokenKind;
use crate::sandbox::exchange::Response;
use crate::sandbox::people::Quota;
use crate::sandbox::refusal::{error_of, not_found};
use crate::sandbox::render;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["user"]) => me(ctx),
        ("GET", ["users", login]) => user(ctx, login),
        ("GET", ["rate_limit"]) => rate_limit(ctx),
        ("GET", ["installation", "repositories"]) => installation(ctx),
        ("GET", ["zen"]) => Ok(Response::bytes(200, "text/plain;charset=utf-8", "Keep it logically awesome.")),
        _ => return None,
    })
}

fn me(ctx: &Ctx<'_>) -> Answer {
    let Some(caller) = ctx.caller else { return Err(error_of(401, "Requires authentication")) };
    if caller.kind != TokenKind::Personal {
        return Err(error_of(403, "Resource not accessible by integration"));
    }
    let account = ctx.state.people.living(caller.actor.user).ok_or_else(not_found)?;
    ok(render::public_user(ctx.state, account))
}

fn user(ctx: &Ctx<'_>, login: &str) -> Answer {
    let account = ctx.state.people.by_login(login).ok_or_else(not_found)?;
    ok(render::public_user(ctx.state, account))
}

fn rate_limit(ctx: &Ctx<'_>) -> Answer {
    let token = ctx.caller.and_then(|caller| ctx.state.people.tokens.get(caller.token));
    let shown = |quota: &Quota| {
        json!({"limit": quota.limit, "used": quota.used.min(quota.limit), "remaining": quota.remaining(),
               "reset": quota.reset})
    };
    let none = Quota::new(60);
    let (core, graphql) = token.map_or((&none, &none), |token| (&token.rest, &token.graphql));
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": core.reset});
    ok(json!({
        "resources": {"core": shown(core), "search": search, "graphql": shown(graphql)},
        "rate": shown(core),
    }))
}

fn installation(ctx: &Ctx<'_>) -> Answer {
    match ctx.caller {
        Some(caller) if caller.kind != TokenKind::Personal => {
            let repository = render::repository(ctx.state);
            ok(json!({"total_count": 1, "repository_selection": "selected", "repositories": [repository]}))
        }
        _ => Err(error_of(
            403,
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        )),
    }
}

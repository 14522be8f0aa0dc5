//! The repository itself, its collaborators' permissions and its activity.

use serde_json::{Value, json};

use super::Ctx;
use super::reply::{Answer, ok};
use crate::domain::user::{Permission, UserKind};
use crate::sandbox::clock::stamp;
use crate::sandbox::exchange::Response;
use crate::sandbox::refusal::{error_of, not_found};
use crate::sandbox::render;
use crate::sandbox::state::{Activity, State};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", []) => ok(render::full_repository(ctx.state, ctx.caller)),
        ("GET", ["collaborators", login, "permission"]) => permission(ctx, login),
        ("GET", ["activity"]) => activity(ctx),
        _ => return None,
    })
}

/// The legacy word and the role of a permission.
fn words(permission: Permission) -> (&'static str, &'static str) {
    match permission {
        Permission::None => ("none", "none"),
        Permission::Read => ("read", "read"),
        Permission::Triage => ("read", "triage"),
        Permission::Write => ("write", "write"),
        Permission::Maintain => ("write", "maintain"),
        Permission::Admin => ("admin", "admin"),
    }
}

fn permission(ctx: &Ctx<'_>, login: &str) -> Answer {
    if ctx.caller.is_none() {
        return Err(error_of(401, "Requires authentication"));
    }
    let account = ctx.state.people.by_login(login).ok_or_else(not_found)?;
    // Bots and organisations are no users to this route.
    if account.kind != UserKind::Human {
        return Err(error_of(404, &format!("{login} is not a user")));
    }
    let role = if ctx.state.repo.private { account.role } else { account.role.max(Permission::Read) };
    let (word, name) = words(role);
    let at_least = |wanted| role >= wanted;
    let permissions = json!({
        "admin": at_least(Permission::Admin),
        "maintain": at_least(Permission::Maintain),
        "push": at_least(Permission::Write),
        "triage": at_least(Permission::Triage),
        "pull": at_least(Permission::Read),
    });
    let user =
        render::merged(render::user(ctx.state, account.id), json!({"permissions": permissions, "role_name": name}));
    ok(json!({"permission": word, "role_name": name, "user": user}))
}

fn activity(ctx: &Ctx<'_>) -> Answer {
    ctx.read("contents")?;
    let query = |name: &str| ctx.request.query(name);
    let wanted =
        query("ref").map(|name| if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") });
    let actor = query("actor").map(|login| ctx.state.people.by_login(login).map(|account| account.id));
    let mut found: Vec<&Activity> = ctx
        .state
        .activities
        .iter()
        .filter(|entry| wanted.as_ref().is_none_or(|name| *name == entry.reference))
        .filter(|entry| actor.is_none_or(|id| id == Some(entry.actor.user)))
        .filter(|entry| query("activity_type").is_none_or(|kind| kind == entry.kind))
        .collect();
    if query("direction") != Some("asc") {
        found.reverse();
    }
    // Paged by cursor: the id of the last entry of a page.
    let start = query("after").and_then(|after| found.iter().position(|entry| entry.id.to_string() == after));
    let start = start.map_or(0, |at| at + 1);
    let per_page = query("per_page").and_then(|text| text.parse::<usize>().ok()).unwrap_or(30).clamp(1, 100);
    let page = found.get(start..found.len().min(start + per_page)).unwrap_or_default();
    let values = page.iter().map(|entry| shown(ctx.state, entry)).collect();
    let response = Response::json(200, Value::Array(values));
    let more = found.len() > start + per_page;
    let Some(last) = page.last().filter(|_| more) else { return Ok(response) };
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in ctx.request.query.iter().filter(|(key, _)| key != "after") {
        link.append_pair(key, value);
    }
    link.append_pair("after", &last.id.to_string());
    let next = format!("<{}/activity?{}>; rel=\"next\"", ctx.state.api(), link.finish());
    Ok(response.with_header("link", next))
}

/// `activity`.
fn shown(state: &State, entry: &Activity) -> Value {
    json!({
        "id": entry.id,
        "node_id": render::node_id("PSH", entry.id),
        "before": entry.before,
        "after": entry.after,
        "ref": entry.reference,
        "timestamp": stamp(entry.at),
        "activity_type": entry.kind,
        "actor": render::ghost_or(state, entry.actor.user),
    })
}

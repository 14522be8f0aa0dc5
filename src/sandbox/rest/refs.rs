//! Routes of git references and branches.

use serde_json::Value;

use super::reply::{Answer, created, no_content, ok};
use super::{Ctx, Fields};
use crate::domain::user::Permission;
use crate::sandbox::moves::refs;
use crate::sandbox::refusal::{Refusal, error_of, not_found, unprocessable};
use crate::sandbox::render;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["git", "ref", name @ ..]) => get(ctx, &name.join("/")),
        ("GET", ["git", "matching-refs", name @ ..]) => matching(ctx, &name.join("/")),
        ("POST", ["git", "refs"]) => create(ctx),
        ("PATCH", ["git", "refs", name @ ..]) => update(ctx, &name.join("/")),
        ("DELETE", ["git", "refs", name @ ..]) => delete(ctx, &name.join("/")),
        ("GET", ["branches"]) => branches(ctx),
        ("GET", ["branches", name @ .., "protection"]) => protection(ctx, &name.join("/")),
        ("GET", ["branches", name @ ..]) => branch(ctx, &name.join("/")),
        _ => return None,
    })
}

/// Refuses git data of a repository without commits.
pub(crate) fn not_empty(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    if ctx.state.is_empty() { Err(error_of(409, "Git Repository is empty.")) } else { Ok(()) }
}

fn get(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("contents")?;
    not_empty(ctx)?;
    let full = format!("refs/{name}");
    let known = ctx.state.git.refs(&full).into_iter().find(|(known, _)| *known == full);
    let (full, sha) = known.ok_or_else(not_found)?;
    ok(render::git_ref(ctx.state, &full, &sha))
}

fn matching(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("contents")?;
    not_empty(ctx)?;
    let found = ctx.state.git.refs(&format!("refs/{name}"));
    ok(Value::Array(found.iter().map(|(full, sha)| render::git_ref(ctx.state, full, sha)).collect()))
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let actor = ctx.write("contents", Permission::Write)?;
    not_empty(ctx)?;
    let fields = ctx.body()?;
    let (full, sha) = (needed(&fields, "ref")?, needed(&fields, "sha")?);
    let whole = full.starts_with("refs/") && full.matches('/').count() >= 2 && ctx.state.git.valid_ref(full);
    if !whole {
        let words = format!("Reference name {full} is not valid: it must start with 'refs' and have two slashes");
        return Err(unprocessable(&words));
    }
    object(ctx, full, sha)?;
    refs::create(ctx.state, actor, full, sha)?;
    created(render::git_ref(ctx.state, full, sha))
}

fn update(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    let actor = ctx.write("contents", Permission::Write)?;
    not_empty(ctx)?;
    let fields = ctx.body()?;
    let (full, sha) = (format!("refs/{name}"), needed(&fields, "sha")?);
    object(ctx, &full, sha)?;
    refs::update(ctx.state, actor, &full, sha, fields.flag("force").unwrap_or(false))?;
    ok(render::git_ref(ctx.state, &full, sha))
}

fn delete(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    let actor = ctx.write("contents", Permission::Write)?;
    refs::delete(ctx.state, actor, &format!("refs/{name}"))?;
    no_content()
}

fn needed<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    let missing = || unprocessable(&format!("Invalid request.\n\n\"{name}\" wasn't supplied."));
    fields.text(name)?.ok_or_else(missing)
}

/// Refuses an object that does not exist or cannot stand under this name.
fn object(ctx: &Ctx<'_>, full: &str, sha: &str) -> Result<(), Refusal> {
    if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f]."));
    }
    match ctx.state.git.kind(sha).as_deref() {
        Some("commit") => Ok(()),
        Some(_) if !full.starts_with("refs/heads/") => Ok(()),
        Some(_) => Err(unprocessable("Object is not a commit")),
        None => Err(unprocessable("Object does not exist")),
    }
}

fn branches(ctx: &Ctx<'_>) -> Answer {
    ctx.read("contents")?;
    let wanted = ctx.request.query("protected").map(|word| word == "true");
    let all = ctx.state.git.refs("refs/heads/").into_iter();
    let named = all.filter_map(|(full, sha)| Some((full.strip_prefix("refs/heads/")?.to_owned(), sha)));
    let protections = &ctx.state.protections;
    let kept: Vec<(String, String)> =
        named.filter(|(name, _)| wanted.is_none_or(|wanted| wanted == protections.contains_key(name))).collect();
    ctx.page(&kept, |state, (name, sha)| render::short_branch(state, name, sha))
}

fn branch(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("contents")?;
    let sha = ctx.state.git.branch(name).ok_or_else(|| error_of(404, "Branch not found"))?;
    let info = ctx.state.git.commit(&sha)?;
    ok(render::branch(ctx.state, name, &info))
}

fn protection(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.administer()?;
    ctx.state.git.branch(name).ok_or_else(|| error_of(404, "Branch not found"))?;
    match ctx.state.protections.get(name) {
        Some(protection) => ok(render::protection(ctx.state, name, protection)),
        None => Err(error_of(404, "Branch not protected")),
    }
}

/// Shown where a route needs a commit that is not there.
pub(crate) fn no_commit(name: &str) -> Refusal {
    unprocessable(&format!("No commit found for SHA: {name}"))
}

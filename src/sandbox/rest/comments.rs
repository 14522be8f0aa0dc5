//! Routes of issue comments and reactions.

use serde_json::Value;

use super::Ctx;
use super::issues::since;
use super::reply::{Answer, created, no_content, ok};
use crate::domain::user::Permission;
use crate::sandbox::exchange::Response;
use crate::sandbox::moves::issues;
use crate::sandbox::refusal::{Refusal, custom, error_of, invalid, not_found};
use crate::sandbox::render;
use crate::sandbox::state::{Comment, Reaction, Subject};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["issues", "comments"]) => all(ctx),
        ("GET", ["issues", "comments", id]) => get(ctx, id),
        ("PATCH", ["issues", "comments", id]) => update(ctx, id),
        ("DELETE", ["issues", "comments", id]) => delete(ctx, id),
        ("GET", ["issues", "comments", id, "reactions"]) => reactions(ctx, comment_subject(ctx, id)),
        ("POST", ["issues", "comments", id, "reactions"]) => react(ctx, comment_subject(ctx, id)),
        ("GET", ["issues", number, "comments"]) => list(ctx, number),
        ("POST", ["issues", number, "comments"]) => create(ctx, number),
        ("GET", ["issues", number, "reactions"]) => reactions(ctx, ctx.issue_number(number).map(Subject::Issue)),
        ("POST", ["issues", number, "reactions"]) => react(ctx, ctx.issue_number(number).map(Subject::Issue)),
        _ => return None,
    })
}

fn find<'a>(ctx: &'a Ctx<'_>, id: &str) -> Result<&'a Comment, Refusal> {
    id.parse().ok().and_then(|id: u64| ctx.state.comments.get(&id)).ok_or_else(not_found)
}

fn list(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read_issue(number)?;
    let since = since(ctx)?;
    let keep = |comment: &&Comment| comment.issue == number && since.is_none_or(|since| comment.updated_at >= since);
    let found: Vec<&Comment> = ctx.state.comments.values().filter(keep).collect();
    ctx.page(&found, |state, comment| render::comment(state, comment))
}

fn all(ctx: &Ctx<'_>) -> Answer {
    ctx.read("issues")?;
    let since = since(ctx)?;
    let mut found: Vec<&Comment> =
        ctx.state.comments.values().filter(|comment| since.is_none_or(|since| comment.updated_at >= since)).collect();
    if ctx.request.query("sort") == Some("updated") {
        found.sort_by_key(|comment| comment.updated_at);
    }
    if ctx.request.query("sort").is_some() && ctx.request.query("direction") != Some("asc") {
        found.reverse();
    }
    ctx.page(&found, |state, comment| render::comment(state, comment))
}

fn get(ctx: &Ctx<'_>, id: &str) -> Answer {
    let comment = find(ctx, id)?;
    ctx.read_issue(comment.issue)?;
    ok(render::comment(ctx.state, comment))
}

/// A body that may be written.
fn body(ctx: &Ctx<'_>) -> Result<String, Refusal> {
    let fields = ctx.body()?;
    let body = fields.required("IssueComment", "body")?;
    if body.trim().is_empty() {
        return Err(custom("IssueComment", Some("body"), "body cannot be blank"));
    }
    issues::check_text("IssueComment", None, Some(body))?;
    Ok(body.to_owned())
}

fn create(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Read)?;
    let locked = ctx.state.issues.get(&number).is_some_and(|issue| issue.lock.is_some());
    // A bot is no collaborator: a lock stops it, whatever its token may write.
    if locked && ctx.state.people.role(actor.user) < Permission::Write {
        return Err(error_of(403, "Unable to create comment because issue is locked."));
    }
    let body = body(ctx)?;
    let id = issues::comment(ctx.state, actor, number, &body);
    let comment = ctx.state.comments.get(&id).ok_or_else(not_found)?;
    let location = format!("{}/issues/comments/{id}", ctx.state.api());
    Ok(created(render::comment(ctx.state, comment))?.with_header("location", location))
}

/// Lets the author pass, and those who may write in the repository.
fn editor(ctx: &Ctx<'_>, id: &str) -> Result<(u64, crate::sandbox::people::Actor), Refusal> {
    let comment = find(ctx, id)?;
    let actor = ctx.write_issue(comment.issue, Permission::Read)?;
    if comment.author.user != actor.user {
        ctx.write_issue(comment.issue, Permission::Write)?;
    }
    Ok((comment.id, actor))
}

fn update(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let (id, actor) = editor(ctx, id)?;
    let body = body(ctx)?;
    issues::edit_comment(ctx.state, actor, id, &body);
    ok(ctx.state.comments.get(&id).map_or(Value::Null, |comment| render::comment(ctx.state, comment)))
}

fn delete(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let (id, actor) = editor(ctx, id)?;
    issues::delete_comment(ctx.state, actor, id);
    no_content()
}

fn comment_subject(ctx: &Ctx<'_>, id: &str) -> Result<Subject, Refusal> {
    find(ctx, id).map(|comment| Subject::Comment(comment.id))
}

/// The reactions of a subject.
pub(crate) fn reactions(ctx: &Ctx<'_>, subject: Result<Subject, Refusal>) -> Answer {
    let subject = subject?;
    let content = ctx.request.query("content");
    let keep =
        |reaction: &&Reaction| reaction.subject == subject && content.is_none_or(|content| reaction.content == content);
    let found: Vec<&Reaction> = ctx.state.reactions.iter().filter(keep).collect();
    ctx.page(&found, |state, reaction| render::reaction(state, reaction))
}

/// Adds a reaction; the same one by the same user is answered again, with 200.
pub(crate) fn react(ctx: &mut Ctx<'_>, subject: Result<Subject, Refusal>) -> Answer {
    let subject = subject?;
    let area = if matches!(subject, Subject::ReviewComment(_)) { "pull_requests" } else { "issues" };
    let actor = ctx.write(area, Permission::Read)?;
    let fields = ctx.body()?;
    let content = fields.required("Reaction", "content")?;
    if !["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"].contains(&content) {
        return Err(invalid("Reaction", "content", "invalid"));
    }
    let same = |known: &&Reaction| known.subject == subject && known.user == actor.user && known.content == content;
    if let Some(known) = ctx.state.reactions.iter().find(same) {
        return Ok(Response::json(200, render::reaction(ctx.state, known)));
    }
    let (id, created_at) = (ctx.state.id(), ctx.state.now());
    let reaction = Reaction { id, subject, user: actor.user, content: content.to_owned(), created_at };
    let value = render::reaction(ctx.state, &reaction);
    ctx.state.reactions.push(reaction);
    created(value)
}

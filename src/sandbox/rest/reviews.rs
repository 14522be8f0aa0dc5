//! Routes of reviews and review comments.

use serde_json::Value;

use super::Ctx;
use super::comments::{react, reactions};
use super::reply::{Answer, created, no_content, ok};
use crate::domain::user::Permission;
use crate::sandbox::git::FileDiff;
use crate::sandbox::moves::{issues, pulls, reviews};
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found, sentences, unprocessable};
use crate::sandbox::render;
use crate::sandbox::state::{Hunk, Review, ReviewComment, ReviewState, Subject};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["pulls", "comments"]) => all_comments(ctx),
        ("GET", ["pulls", "comments", id]) => get_comment(ctx, id),
        ("PATCH", ["pulls", "comments", id]) => update_comment(ctx, id),
        ("DELETE", ["pulls", "comments", id]) => delete_comment(ctx, id),
        ("GET", ["pulls", "comments", id, "reactions"]) => reactions(ctx, subject(ctx, id)),
        ("POST", ["pulls", "comments", id, "reactions"]) => react(ctx, subject(ctx, id)),
        ("GET", ["pulls", number, "reviews"]) => list(ctx, number),
        ("POST", ["pulls", number, "reviews"]) => create(ctx, number),
        ("GET", ["pulls", _, "reviews", id]) => get(ctx, id),
        ("GET", ["pulls", _, "reviews", id, "comments"]) => comments_of(ctx, id),
        ("PUT", ["pulls", _, "reviews", id, "dismissals"]) => dismiss(ctx, id),
        ("GET", ["pulls", number, "comments"]) => comments(ctx, number),
        ("POST", ["pulls", number, "comments"]) => create_comment(ctx, number),
        ("POST", ["pulls", number, "comments", id, "replies"]) => reply(ctx, number, id),
        _ => return None,
    })
}

fn find<'a>(ctx: &'a Ctx<'_>, id: &str) -> Result<&'a Review, Refusal> {
    ctx.state.reviews.iter().find(|review| review.id.to_string() == id).ok_or_else(not_found)
}

fn find_comment<'a>(ctx: &'a Ctx<'_>, id: &str) -> Result<&'a ReviewComment, Refusal> {
    ctx.state.review_comments.iter().find(|comment| comment.id.to_string() == id).ok_or_else(not_found)
}

fn subject(ctx: &Ctx<'_>, id: &str) -> Result<Subject, Refusal> {
    find_comment(ctx, id).map(|comment| Subject::ReviewComment(comment.id))
}

fn list(ctx: &Ctx<'_>, number: &str) -> Answer {
    ctx.read("pull_requests")?;
    let number = ctx.pull(number)?.number;
    let found: Vec<&Review> = ctx.state.reviews.iter().filter(|review| review.pull == number).collect();
    ctx.page(&found, |state, review| render::review(state, review))
}

fn get(ctx: &Ctx<'_>, id: &str) -> Answer {
    ctx.read("pull_requests")?;
    ok(render::review(ctx.state, find(ctx, id)?))
}

fn create(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let actor = ctx.write("pull_requests", Permission::Read)?;
    let pull = ctx.pull(number)?.clone();
    let fields = ctx.body()?;
    let verdict = match fields.text("event")? {
        Some("APPROVE") => ReviewState::Approved,
        Some("REQUEST_CHANGES") => ReviewState::ChangesRequested,
        Some("COMMENT") => ReviewState::Commented,
        None | Some("") => ReviewState::Pending,
        Some(_) => {
            return Err(unprocessable("Invalid request.\n\nevent is not one of APPROVE, REQUEST_CHANGES, COMMENT."));
        }
    };
    let body = fields.text("body")?.unwrap_or("");
    issues::check_text("PullRequestReview", None, Some(body))?;
    let given = fields.value("comments").and_then(Value::as_array).cloned().unwrap_or_default();
    let wordless = body.is_empty() && given.is_empty();
    if wordless && matches!(verdict, ReviewState::Commented | ReviewState::ChangesRequested) {
        return Err(sentences("Unprocessable Entity", &["Review Can not be blank"]));
    }
    let commit = fields.text("commit_id")?.map(str::to_owned);
    if let Some(commit) = &commit
        && !pulls::commits(ctx.state, &pull).contains(commit)
    {
        return Err(sentences("Unprocessable Entity", &["Commit is not part of the pull request"]));
    }
    let files = if given.is_empty() { Vec::new() } else { pulls::files(ctx.state, &pull)? };
    let mut hunks = Vec::new();
    for comment in &given {
        let text = comment.get("body").and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = comment.get("path").and_then(Value::as_str).unwrap_or_default();
        if !files.iter().any(|file| file.path == path) {
            return Err(sentences("Unprocessable Entity", &["Path could not be resolved"]));
        }
        let hunk = place(&files, path, comment);
        hunks.push((hunk.ok_or_else(|| sentences("Unprocessable Entity", &["Line could not be resolved"]))?, text));
    }
    let id = reviews::submit(ctx.state, actor, pull.number, verdict, body, commit.as_deref())?;
    let commit = commit.unwrap_or(pull.head_sha);
    for (hunk, text) in hunks {
        reviews::comment(ctx.state, actor, pull.number, Some(id), (&commit, hunk), &text, None);
    }
    ok(render::review(ctx.state, find(ctx, &id.to_string())?))
}

/// Where a comment stands: by line and side, or by position.
fn place(files: &[FileDiff], path: &str, given: &Value) -> Option<Hunk> {
    let number = |name: &str| given.get(name).and_then(Value::as_u64);
    let side = given.get("side").and_then(Value::as_str).unwrap_or("RIGHT");
    if let Some(line) = number("line") {
        let mut hunk = reviews::locate(files, path, side, line)?;
        if let Some(start) = number("start_line") {
            let start_side = given.get("start_side").and_then(Value::as_str).unwrap_or(side);
            reviews::locate(files, path, start_side, start).filter(|_| start < line || start_side != side)?;
            hunk.start_line = Some(start);
            hunk.start_side = Some(start_side.to_owned());
        }
        return Some(hunk);
    }
    let position = number("position")?;
    let patch = files.iter().find(|file| file.path == path)?.patch.as_deref()?;
    (position > 0 && position < patch.lines().count() as u64).then(|| Hunk {
        path: path.to_owned(),
        line: None,
        start_line: None,
        side: "RIGHT".to_owned(),
        start_side: None,
        position: Some(position),
        text: patch
            .lines()
            .take(usize::try_from(position).unwrap_or(usize::MAX).saturating_add(1))
            .collect::<Vec<_>>()
            .join("\n"),
    })
}

fn dismiss(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let actor = ctx.write("pull_requests", Permission::Write)?;
    let fields = ctx.body()?;
    let message = fields.text("message")?.filter(|message| !message.is_empty());
    let message = message.ok_or_else(|| unprocessable("Invalid request.\n\n\"message\" wasn't supplied."))?;
    let review = find(ctx, id)?.id;
    reviews::dismiss(ctx.state, actor, review, Some(message))?;
    ok(render::review(ctx.state, find(ctx, id)?))
}

fn paged(ctx: &Ctx<'_>, rule: impl Fn(&ReviewComment) -> bool) -> Answer {
    ctx.read("pull_requests")?;
    let since = super::issues::since(ctx)?;
    let keep = |comment: &&ReviewComment| rule(comment) && since.is_none_or(|since| comment.updated_at >= since);
    let mut found: Vec<&ReviewComment> = ctx.state.review_comments.iter().filter(keep).collect();
    if ctx.request.query("sort").is_some() && ctx.request.query("direction") == Some("desc") {
        found.reverse();
    }
    ctx.page(&found, |state, comment| render::review_comment(state, comment))
}

fn comments(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.pull(number)?.number;
    paged(ctx, |comment| comment.pull == number)
}

fn all_comments(ctx: &Ctx<'_>) -> Answer {
    paged(ctx, |_| true)
}

fn comments_of(ctx: &Ctx<'_>, id: &str) -> Answer {
    let id = find(ctx, id)?.id;
    paged(ctx, |comment| comment.review == Some(id))
}

fn get_comment(ctx: &Ctx<'_>, id: &str) -> Answer {
    ctx.read("pull_requests")?;
    ok(render::review_comment(ctx.state, find_comment(ctx, id)?))
}

fn create_comment(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let actor = ctx.write("pull_requests", Permission::Read)?;
    let pull = ctx.pull(number)?.clone();
    let fields = ctx.body()?;
    let body = fields.required("PullRequestReviewComment", "body")?;
    issues::check_text("PullRequestReviewComment", None, Some(body))?;
    if let Some(parent) = fields.number("in_reply_to") {
        return answer(ctx, pull.number, &parent.to_string(), body);
    }
    let path = fields.required("PullRequestReviewComment", "path")?;
    let commit = fields.required("PullRequestReviewComment", "commit_id")?;
    if !pulls::commits(ctx.state, &pull).iter().any(|sha| sha == commit) {
        return Err(invalid("PullRequestReviewComment", "commit_id", "invalid"));
    }
    let files = pulls::files(ctx.state, &pull)?;
    if !files.iter().any(|file| file.path == path) {
        return Err(invalid("PullRequestReviewComment", "path", "invalid"));
    }
    let whole_file = fields.text("subject_type")? == Some("file");
    let hunk = if whole_file { Some(on_file(path)) } else { place(&files, path, &Value::Object(fields.0.clone())) };
    let bad_line = || invalid("PullRequestReviewComment", "pull_request_review_thread.line", "invalid");
    let hunk = hunk.ok_or_else(bad_line)?;
    // A comment alone makes a review of its own.
    let review = reviews::submit(ctx.state, actor, pull.number, ReviewState::Commented, "", Some(commit))?;
    let id = reviews::comment(ctx.state, actor, pull.number, Some(review), (commit, hunk), body, None);
    created(render::review_comment(ctx.state, find_comment(ctx, &id.to_string())?))
}

fn on_file(path: &str) -> Hunk {
    Hunk {
        path: path.to_owned(),
        line: None,
        start_line: None,
        side: "RIGHT".to_owned(),
        start_side: None,
        position: Some(1),
        text: String::new(),
    }
}

fn reply(ctx: &mut Ctx<'_>, number: &str, id: &str) -> Answer {
    ctx.write("pull_requests", Permission::Read)?;
    let number = ctx.pull(number)?.number;
    let fields = ctx.body()?;
    let body = fields.required("PullRequestReviewComment", "body")?;
    answer(ctx, number, id, body)
}

/// Answers a comment; an answer to an answer belongs to the first comment.
fn answer(ctx: &mut Ctx<'_>, number: u64, id: &str, body: &str) -> Answer {
    let actor = ctx.write("pull_requests", Permission::Read)?;
    let parent = find_comment(ctx, id)?.clone();
    if parent.pull != number {
        return Err(not_found());
    }
    let top = parent.reply_to.unwrap_or(parent.id);
    let place = (parent.commit.as_str(), parent.hunk.clone());
    let id = reviews::comment(ctx.state, actor, number, parent.review, place, body, Some(top));
    created(render::review_comment(ctx.state, find_comment(ctx, &id.to_string())?))
}

fn editable(ctx: &Ctx<'_>, id: &str) -> Result<u64, Refusal> {
    let actor = ctx.write("pull_requests", Permission::Read)?;
    let comment = find_comment(ctx, id)?;
    if comment.author.user != actor.user && ctx.write("pull_requests", Permission::Write).is_err() {
        return Err(error_of(403, "Must have admin rights to Repository."));
    }
    Ok(comment.id)
}

fn update_comment(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let number = editable(ctx, id)?;
    let (fields, now) = (ctx.body()?, ctx.state.now());
    let body = fields.required("PullRequestReviewComment", "body")?;
    if let Some(comment) = ctx.state.review_comments.iter_mut().find(|comment| comment.id == number) {
        body.clone_into(&mut comment.body);
        comment.updated_at = now;
    }
    ok(render::review_comment(ctx.state, find_comment(ctx, id)?))
}

fn delete_comment(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let number = editable(ctx, id)?;
    ctx.state.review_comments.retain(|comment| comment.id != number);
    no_content()
}

//! Routes of commits, comparisons and commit statuses.

use serde_json::{Value, json};

use super::Ctx;
use super::refs::{no_commit, not_empty};
use super::reply::{Answer, created, ok, with_link};
use crate::domain::user::Permission;
use crate::sandbox::exchange::Response;
use crate::sandbox::git::CommitInfo;
use crate::sandbox::moves::{checks, pulls};
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found};
use crate::sandbox::render::{self, Commit};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["commits"]) => list(ctx),
        ("GET", ["commits", name @ .., "status"]) => combined(ctx, &name.join("/")),
        ("GET", ["commits", name @ .., "statuses"]) => statuses(ctx, &name.join("/")),
        ("GET", ["commits", name @ .., "pulls"]) => pulls_of(ctx, &name.join("/")),
        ("GET", ["commits", _, .., "check-runs" | "check-suites"]) => return None,
        ("GET", ["commits", name @ ..]) => get(ctx, &name.join("/")),
        ("POST", ["statuses", sha]) => create_status(ctx, sha),
        ("GET", ["compare", range @ ..]) => compare(ctx, &range.join("/")),
        _ => return None,
    })
}

fn infos(ctx: &Ctx<'_>, shas: &[String]) -> Result<Vec<CommitInfo>, Refusal> {
    Ok(shas.iter().map(|sha| ctx.state.git.commit(sha)).collect::<anyhow::Result<_>>()?)
}

fn list(ctx: &Ctx<'_>) -> Answer {
    ctx.read("contents")?;
    not_empty(ctx)?;
    let from = ctx.request.query("sha").unwrap_or(&ctx.state.repo.default_branch);
    let sha = ctx.state.git.resolve(from).ok_or_else(not_found)?;
    let mut shas = ctx.state.git.log(&sha, ctx.request.query("path"), 10_000)?;
    let time = |name: &str| {
        let text = ctx.request.query(name)?;
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp())
    };
    let (since, until, author) = (time("since"), time("until"), ctx.request.query("author"));
    if since.is_some() || until.is_some() || author.is_some() {
        let kept = infos(ctx, &shas)?.into_iter().filter(|info| {
            let at = info.committer.seconds;
            let by = author.is_none_or(|author| info.author.name == author || info.author.email == author);
            since.is_none_or(|since| at >= since) && until.is_none_or(|until| at <= until) && by
        });
        shas = kept.map(|info| info.sha).collect();
    }
    let (slice, link) = ctx.slice(&shas);
    let shown = infos(ctx, slice)?.iter().map(|info| render::commit(ctx.state, info, Commit::Plain)).collect();
    Ok(with_link(Response::json(200, Value::Array(shown)), link))
}

fn get(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("contents")?;
    not_empty(ctx)?;
    let sha = ctx.state.git.resolve(name).ok_or_else(|| no_commit(name))?;
    let info = ctx.state.git.commit(&sha)?;
    if ctx.accepts("sha") {
        return Ok(Response::bytes(200, "application/vnd.github.sha; charset=utf-8", sha));
    }
    if ctx.accepts("diff") {
        let empty = ctx.state.git.write_tree(None, &[])?;
        let text = ctx.state.git.diff_text(info.parents.first().unwrap_or(&empty), &sha)?;
        return Ok(Response::bytes(200, "application/vnd.github.diff; charset=utf-8", text));
    }
    ok(render::commit(ctx.state, &info, Commit::Full))
}

fn combined(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("statuses")?;
    let sha = ctx.state.git.resolve(name).ok_or_else(not_found)?;
    let all = checks::latest_statuses(ctx.state, &sha);
    let (page, link) = ctx.slice(&all);
    Ok(with_link(Response::json(200, render::combined_status(ctx.state, &sha, &all, page)), link))
}

fn statuses(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("statuses")?;
    let sha = ctx.state.git.resolve(name).ok_or_else(not_found)?;
    let all: Vec<_> = ctx.state.statuses.iter().rev().filter(|status| status.sha == sha).collect();
    ctx.page(&all, |state, status| render::status(state, status))
}

fn create_status(ctx: &mut Ctx<'_>, sha: &str) -> Answer {
    let actor = ctx.write("statuses", Permission::Write)?;
    if ctx.state.git.kind(sha).as_deref() != Some("commit") {
        return Err(no_commit(sha));
    }
    let fields = ctx.body()?;
    let word = fields.required("Status", "state")?;
    if !["error", "failure", "pending", "success"].contains(&word) {
        return Err(invalid("Status", "state", "invalid"));
    }
    let context = fields.text("context")?.unwrap_or("default");
    let (description, target) = (fields.text("description")?, fields.text("target_url")?);
    if description.is_some_and(|text| text.chars().count() > 140) {
        return Err(invalid("Status", "description", "invalid"));
    }
    let id = checks::status(ctx.state, actor, sha, context, word, description, target);
    let status = ctx.state.statuses.iter().find(|status| status.id == id);
    created(status.map_or(Value::Null, |status| render::status(ctx.state, status)))
}

/// The pull requests a commit belongs to.
fn pulls_of(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("pull_requests")?;
    let sha = ctx.state.git.resolve(name).ok_or_else(|| no_commit(name))?;
    let belongs = |pull: &&crate::sandbox::state::Pull| {
        pull.merge_commit.as_ref() == Some(&sha) || pulls::commits(ctx.state, pull).contains(&sha)
    };
    let found: Vec<_> = ctx.state.pulls.values().filter(belongs).collect();
    ctx.page(&found, |state, pull| render::pull_simple(state, pull))
}

fn compare(ctx: &Ctx<'_>, range: &str) -> Answer {
    ctx.read("contents")?;
    not_empty(ctx)?;
    let (base_name, head_name) = range.split_once("...").ok_or_else(not_found)?;
    let owner = format!("{}:", ctx.state.name.owner());
    let resolve = |name: &str| ctx.state.git.resolve(name.strip_prefix(&owner).unwrap_or(name)).ok_or_else(not_found);
    let (base, head) = (resolve(base_name)?, resolve(head_name)?);
    let git = &ctx.state.git;
    let fork = git.merge_base(&base, &head);
    let fork =
        fork.ok_or_else(|| error_of(404, &format!("No common ancestor between {base_name} and {head_name}.")))?;
    if ctx.accepts("diff") {
        return Ok(Response::bytes(200, "application/vnd.github.diff; charset=utf-8", git.diff_text(&fork, &head)?));
    }
    if ctx.accepts("patch") {
        return Ok(Response::bytes(200, "application/vnd.github.patch; charset=utf-8", git.patch_text(&base, &head)?));
    }
    let shas = git.commits_between(&base, &head)?;
    let behind = git.count(&head, &base);
    let status = match (shas.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let paged = ctx.request.query("page").is_some() || ctx.request.query("per_page").is_some();
    let (slice, link) =
        if paged { ctx.slice(&shas) } else { (shas.get(..250.min(shas.len())).unwrap_or_default(), None) };
    let first_page = ctx.request.query("page").is_none_or(|page| page == "1");
    // Only the first page has files, and never more than 300.
    let files = if first_page { git.diff(&fork, &head)? } else { Vec::new() };
    let page = format!("{}/compare/{}", ctx.state.page(), render::in_link(range));
    let shown = |info: &CommitInfo| render::commit(ctx.state, info, Commit::Plain);
    let value = json!({
        "url": format!("{}/compare/{}", ctx.state.api(), render::in_link(range)),
        "html_url": page,
        "permalink_url": format!("{}/compare/{base}...{head}", ctx.state.page()),
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "base_commit": shown(&git.commit(&base)?),
        "merge_base_commit": shown(&git.commit(&fork)?),
        "status": status,
        "ahead_by": shas.len(),
        "behind_by": behind,
        "total_commits": shas.len(),
        "commits": infos(ctx, slice)?.iter().map(shown).collect::<Vec<_>>(),
        "files": files.iter().take(300).map(|file| render::diff_entry(ctx.state, file, &head)).collect::<Vec<_>>(),
    });
    Ok(with_link(Response::json(200, value), link))
}

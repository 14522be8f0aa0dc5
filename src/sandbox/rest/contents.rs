//! Routes of files and folders by path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::objects::signature;
use super::reply::{Answer, created, ok};
use super::{Ctx, Fields};
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::exchange::Response;
use crate::sandbox::git::NewCommit;
use crate::sandbox::moves::refs;
use crate::sandbox::refusal::{error_of, not_found, unprocessable};
use crate::sandbox::render;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["contents", path @ ..]) => get(ctx, path.join("/").trim_matches('/')),
        ("GET", ["readme"]) => get(ctx, "README.md"),
        ("PUT", ["contents", path @ ..]) => change(ctx, path.join("/").trim_matches('/'), true),
        ("DELETE", ["contents", path @ ..]) => change(ctx, path.join("/").trim_matches('/'), false),
        _ => return None,
    })
}

fn get(ctx: &Ctx<'_>, path: &str) -> Answer {
    ctx.read("contents")?;
    if ctx.state.is_empty() {
        return Err(error_of(404, "This repository is empty."));
    }
    let at = ctx.request.query("ref").unwrap_or(&ctx.state.repo.default_branch).to_owned();
    let commit =
        ctx.state.git.resolve(&at).ok_or_else(|| error_of(404, &format!("No commit found for the ref {at}")))?;
    let git = &ctx.state.git;
    let tree = if path.is_empty() { Some(git.commit(&commit)?.tree) } else { None };
    let entry = if path.is_empty() { None } else { Some(git.entry_at(&commit, path).ok_or_else(not_found)?) };
    let folder = tree.or_else(|| entry.as_ref().filter(|entry| entry.kind == "tree").map(|entry| entry.sha.clone()));
    if let Some(folder) = folder {
        let entries = git.tree(&folder, false)?;
        let name = |entry: &str| if path.is_empty() { entry.to_owned() } else { format!("{path}/{entry}") };
        let shown =
            entries.iter().take(1000).map(|entry| render::content(ctx.state, &name(&entry.path), entry, &at, None));
        return ok(Value::Array(shown.collect()));
    }
    let Some(entry) = entry else { return Err(not_found()) };
    if entry.kind == "commit" {
        let url = format!("{}.git", ctx.state.page());
        let value = render::content(ctx.state, path, &entry, &at, None);
        return ok(render::merged(value, json!({"submodule_git_url": url})));
    }
    let bytes = git.blob(&entry.sha)?;
    if ctx.accepts("raw") {
        return Ok(Response::bytes(200, "application/vnd.github.raw; charset=utf-8", bytes));
    }
    if bytes.len() > 100_000_000 {
        return Err(error_of(403, "This API returns blobs up to 100 MB in size."));
    }
    ok(render::content(ctx.state, path, &entry, &at, Some(&bytes)))
}

/// Writes or deletes one file as one commit on a branch.
fn change(ctx: &mut Ctx<'_>, path: &str, write: bool) -> Answer {
    let actor = ctx.write("contents", Permission::Write)?;
    let fields = ctx.body()?;
    let message =
        fields.text("message")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"message\" wasn't supplied."))?;
    let branch = fields.text("branch")?.unwrap_or(&ctx.state.repo.default_branch).to_owned();
    let tip = ctx.state.git.branch(&branch);
    if tip.is_none() && !ctx.state.is_empty() {
        return Err(error_of(404, &format!("Branch {branch} not found")));
    }
    let old = tip.as_ref().and_then(|tip| ctx.state.git.entry_at(tip, path));
    let given = fields.text("sha")?;
    match (&old, given) {
        (Some(_), None) => return Err(unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(old), Some(given)) if old.sha != given => {
            return Err(error_of(409, &format!("{path} does not match {given}")));
        }
        (None, _) if !write => return Err(not_found()),
        _ => {}
    }
    let blob = if write { Some(ctx.state.git.write_blob(&decoded(&fields)?)?) } else { None };
    let mode = old.as_ref().map_or("100644", |old| old.mode.as_str()).to_owned();
    let entry = (path.to_owned(), blob.map(|sha| (mode, sha)));
    let base = tip.as_ref().map(|tip| ctx.state.git.commit(tip)).transpose()?.map(|commit| commit.tree);
    let tree = ctx.state.git.write_tree(base.as_deref(), &[entry]).map_err(|_| unprocessable("path is not valid"))?;
    let author = match signature(&fields, "author")? {
        Some(author) => author,
        None => ctx.state.signature(actor),
    };
    let committer = match signature(&fields, "committer")? {
        Some(committer) => committer,
        None => ctx.state.github_signature(),
    };
    let parents: Vec<String> = tip.iter().cloned().collect();
    let new = NewCommit { tree: &tree, parents: &parents, message, author, committer };
    let sha = ctx.state.git.write_commit(&new)?;
    if ctx.caller.is_some_and(|caller| caller.kind != TokenKind::Personal) || !fields.has("committer") {
        ctx.state.signed.insert(sha.clone());
    }
    let full = format!("refs/heads/{branch}");
    match &tip {
        Some(_) => refs::update(ctx.state, actor, &full, &sha, false)?,
        None => refs::create(ctx.state, actor, &full, &sha)?,
    }
    let info = ctx.state.git.commit(&sha)?;
    let content =
        ctx.state.git.entry_at(&sha, path).map(|entry| render::content(ctx.state, path, &entry, &branch, None));
    let value = json!({"content": content, "commit": render::git_commit(ctx.state, &info)});
    if old.is_none() { created(value) } else { ok(value) }
}

fn decoded(fields: &Fields) -> Result<Vec<u8>, crate::sandbox::refusal::Refusal> {
    let text =
        fields.text("content")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"content\" wasn't supplied."))?;
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(plain).map_err(|_| unprocessable("content is not valid Base64"))
}

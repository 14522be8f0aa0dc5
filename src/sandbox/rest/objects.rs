//! Routes of git objects: blobs, trees, commits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::{Value, json};

use super::reply::{Answer, created, ok};
use super::{Ctx, refs};
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::git::{NewCommit, Signature};
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found, unprocessable};
use crate::sandbox::render;

/// GitHub cuts a recursive listing above this many entries.
const MAX_ENTRIES: usize = 100_000;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["git", "blobs", sha]) => blob(ctx, sha),
        ("POST", ["git", "blobs"]) => create_blob(ctx),
        ("GET", ["git", "trees", name @ ..]) => tree(ctx, &name.join("/")),
        ("POST", ["git", "trees"]) => create_tree(ctx),
        ("GET", ["git", "commits", sha]) => commit(ctx, sha),
        ("POST", ["git", "commits"]) => create_commit(ctx),
        _ => return None,
    })
}

fn blob(ctx: &Ctx<'_>, sha: &str) -> Answer {
    ctx.read("contents")?;
    refs::not_empty(ctx)?;
    if ctx.state.git.kind(sha).as_deref() != Some("blob") {
        return Err(not_found());
    }
    let bytes = ctx.state.git.blob(sha)?;
    if ctx.accepts("raw") {
        let kind = "application/vnd.github.raw; charset=utf-8";
        return Ok(crate::sandbox::exchange::Response::bytes(200, kind, bytes));
    }
    ok(json!({
        "sha": sha,
        "node_id": render::node_id("B", sha),
        "size": bytes.len(),
        "url": format!("{}/git/blobs/{sha}", ctx.state.api()),
        "content": render::base64_lines(&STANDARD.encode(&bytes)),
        "encoding": "base64",
    }))
}

fn create_blob(ctx: &mut Ctx<'_>) -> Answer {
    ctx.write("contents", Permission::Write)?;
    refs::not_empty(ctx)?;
    let fields = ctx.body()?;
    let content =
        fields.text("content")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"content\" wasn't supplied."))?;
    let bytes = match fields.text("encoding")? {
        Some("base64") => {
            let plain: String = content.chars().filter(|c| !c.is_whitespace()).collect();
            STANDARD.decode(plain).map_err(|_| unprocessable("content is not valid Base64"))?
        }
        None | Some("utf-8") => content.as_bytes().to_vec(),
        Some(_) => return Err(invalid("Blob", "encoding", "invalid")),
    };
    let sha = ctx.state.git.write_blob(&bytes)?;
    created(json!({"sha": sha, "url": format!("{}/git/blobs/{sha}", ctx.state.api())}))
}

fn tree(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("contents")?;
    refs::not_empty(ctx)?;
    let git = &ctx.state.git;
    let sha = match git.kind(name).as_deref() {
        Some("tree") => name.to_owned(),
        _ => git.commit(&git.resolve(name).ok_or_else(not_found)?)?.tree,
    };
    // Any value asks for it, as on GitHub.
    let recursive = ctx.request.query("recursive").is_some();
    let mut entries = git.tree(&sha, recursive)?;
    let truncated = entries.len() > MAX_ENTRIES;
    entries.truncate(MAX_ENTRIES);
    ok(render::git_tree(ctx.state, &sha, &entries, truncated))
}

fn create_tree(ctx: &mut Ctx<'_>) -> Answer {
    ctx.write("contents", Permission::Write)?;
    refs::not_empty(ctx)?;
    let fields = ctx.body()?;
    let base = match fields.text("base_tree")? {
        None => None,
        Some(base) => match ctx.state.git.kind(base).as_deref() {
            Some("tree") => Some(base.to_owned()),
            Some("commit") => Some(ctx.state.git.commit(base)?.tree),
            _ => return Err(unprocessable("base_tree is not a valid tree oid")),
        },
    };
    let entries = fields.value("tree").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| unprocessable("Invalid tree info"))?;
    let mut changes = Vec::new();
    for entry in entries {
        changes.extend(change(ctx, entry, base.is_some())?);
    }
    let sha = ctx.state.git.write_tree(base.as_deref(), &changes).map_err(|_| unprocessable("Invalid tree info"))?;
    let entries = ctx.state.git.tree(&sha, false)?;
    created(render::git_tree(ctx.state, &sha, &entries, false))
}

type Change = (String, Option<(String, String)>);

/// What one entry of a new tree says: a file, a removal, or a whole folder.
fn change(ctx: &Ctx<'_>, entry: &Value, has_base: bool) -> Result<Vec<Change>, Refusal> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let path = text("path").ok_or_else(|| unprocessable("tree.path is missing"))?;
    let bad = |part: &str| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git");
    if path.split('/').any(bad) {
        return Err(unprocessable("tree.path contains a malformed path component"));
    }
    let removed = entry.get("sha").is_some_and(Value::is_null);
    if removed {
        let known = has_base || text("content").is_some();
        return if known {
            Ok(vec![(path.to_owned(), None)])
        } else {
            Err(unprocessable("tree.sha is null without a base_tree"))
        };
    }
    let mode = text("mode").ok_or_else(|| unprocessable("Must supply a valid tree.mode"))?;
    if !["100644", "100755", "040000", "160000", "120000"].contains(&mode) {
        return Err(unprocessable("Must supply a valid tree.mode"));
    }
    let sha = match (text("sha"), text("content")) {
        (Some(_), Some(_)) => return Err(unprocessable("Must supply either tree.sha or tree.content, not both")),
        (None, None) => return Err(unprocessable("Must supply tree.sha or tree.content")),
        (None, Some(content)) => ctx.state.git.write_blob(content.as_bytes())?,
        (Some(sha), None) => sha.to_owned(),
    };
    let unknown = || unprocessable(&format!("tree.sha {sha} is not a valid object"));
    match (mode, ctx.state.git.kind(&sha).as_deref()) {
        ("040000", Some("tree")) => {
            let inner = ctx.state.git.tree(&sha, true)?.into_iter().filter(|entry| entry.kind != "tree");
            Ok(inner.map(|entry| (format!("{path}/{}", entry.path), Some((entry.mode, entry.sha)))).collect())
        }
        ("160000", _) | (_, Some("blob")) => Ok(vec![(path.to_owned(), Some((mode.to_owned(), sha)))]),
        _ => Err(unknown()),
    }
}

fn commit(ctx: &Ctx<'_>, sha: &str) -> Answer {
    ctx.read("contents")?;
    refs::not_empty(ctx)?;
    if ctx.state.git.kind(sha).as_deref() != Some("commit") {
        return Err(not_found());
    }
    let info = ctx.state.git.commit(sha)?;
    ok(render::git_commit(ctx.state, &info))
}

fn create_commit(ctx: &mut Ctx<'_>) -> Answer {
    let actor = ctx.write("contents", Permission::Write)?;
    refs::not_empty(ctx)?;
    let fields = ctx.body()?;
    let message =
        fields.text("message")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"message\" wasn't supplied."))?;
    let tree = fields.text("tree")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"tree\" wasn't supplied."))?;
    if ctx.state.git.kind(tree).as_deref() != Some("tree") {
        return Err(unprocessable("Tree SHA does not exist"));
    }
    let parents = fields.texts("parents", "sha").unwrap_or_default();
    if parents.iter().any(|parent| ctx.state.git.kind(parent).as_deref() != Some("commit")) {
        return Err(unprocessable("Parent SHA does not exist or is not a commit object"));
    }
    let author = match signature(&fields, "author")? {
        Some(author) => author,
        None => ctx.state.signature(actor),
    };
    let committer = signature(&fields, "committer")?.unwrap_or_else(|| author.clone());
    let new = NewCommit { tree, parents: &parents, message, author, committer };
    let sha = ctx.state.git.write_commit(&new)?;
    // GitHub signs what an App commits under its own name.
    let by_app = ctx.caller.is_some_and(|caller| caller.kind != TokenKind::Personal);
    if by_app && !fields.has("author") && !fields.has("committer") {
        ctx.state.signed.insert(sha.clone());
    }
    let info = ctx.state.git.commit(&sha)?;
    created(render::git_commit(ctx.state, &info))
}

/// The author or committer of a body; the date is now when it is left out.
pub(crate) fn signature(fields: &super::Fields, name: &str) -> Result<Option<Signature>, Refusal> {
    let Some(given) = fields.value(name) else { return Ok(None) };
    let text = |field: &str| given.get(field).and_then(Value::as_str);
    let (Some(person), Some(email)) = (text("name"), text("email")) else {
        return Err(error_of(422, &format!("Invalid request.\n\n\"{name}\" needs a name and an email.")));
    };
    let seconds = match text("date") {
        None => chrono::Utc::now().timestamp(),
        Some(date) => DateTime::parse_from_rfc3339(date)
            .map_err(|_| unprocessable("The date is not in ISO 8601 format"))?
            .timestamp(),
    };
    Ok(Some(Signature { name: person.to_owned(), email: email.to_owned(), seconds }))
}

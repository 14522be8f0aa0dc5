//! Commits and changed files.

use serde_json::{Value, json};

use super::{in_link, merged, node_id, user};
use crate::sandbox::clock::{from_seconds, stamp};
use crate::sandbox::git::{CommitInfo, FileDiff, Signature};
use crate::sandbox::people::WEB_FLOW;
use crate::sandbox::state::State;

/// How much of a commit to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    Plain,
    /// With statistics and files.
    Full,
}

fn person(signature: &Signature) -> Value {
    json!({"name": signature.name, "email": signature.email, "date": stamp(from_seconds(signature.seconds))})
}

/// The account whose address a signature has.
fn account(state: &State, signature: &Signature) -> Value {
    if signature.email == "noreply@github.com" {
        return user(state, WEB_FLOW);
    }
    let local = signature.email.strip_suffix("@users.noreply.github.com");
    let id = local.and_then(|local| local.split('+').next()?.parse::<u64>().ok());
    let by_address = state.people.accounts.values().find(|account| {
        signature.email.strip_suffix("@example.com").is_some_and(|local| local.eq_ignore_ascii_case(&account.login))
    });
    id.or(by_address.map(|account| account.id)).map_or(Value::Null, |id| user(state, id))
}

/// `verification`: what GitHub committed itself is signed, all else is not.
pub(crate) fn verification(state: &State, info: &CommitInfo) -> Value {
    let signed = state.signed.contains(&info.sha);
    json!({
        "verified": signed,
        "reason": if signed { "valid" } else { "unsigned" },
        "signature": signed.then_some("-----BEGIN PGP SIGNATURE-----\n\nsandbox\n-----END PGP SIGNATURE-----\n"),
        "payload": signed.then(|| format!("tree {}\n", info.tree)),
        "verified_at": signed.then(|| stamp(from_seconds(info.committer.seconds))),
    })
}

fn parents(state: &State, info: &CommitInfo, place: &str) -> Vec<Value> {
    let one = |sha: &String| {
        json!({
            "sha": sha,
            "url": format!("{}/{place}/{sha}", state.api()),
            "html_url": format!("{}/commit/{sha}", state.page()),
        })
    };
    info.parents.iter().map(one).collect()
}

/// `commit`.
pub(crate) fn commit(state: &State, info: &CommitInfo, size: Commit) -> Value {
    let api = format!("{}/commits/{}", state.api(), info.sha);
    let value = json!({
        "sha": info.sha,
        "node_id": node_id("C", &info.sha),
        "commit": {
            "author": person(&info.author),
            "committer": person(&info.committer),
            "message": info.message,
            "tree": {"sha": info.tree, "url": format!("{}/git/trees/{}", state.api(), info.tree)},
            "url": format!("{}/git/commits/{}", state.api(), info.sha),
            "comment_count": 0,
            "verification": verification(state, info),
        },
        "url": api,
        "html_url": format!("{}/commit/{}", state.page(), info.sha),
        "comments_url": format!("{api}/comments"),
        "author": account(state, &info.author),
        "committer": account(state, &info.committer),
        "parents": parents(state, info, "commits"),
    });
    if size == Commit::Plain {
        return value;
    }
    // The empty tree stands for the parent of a first commit.
    let empty = state.git.write_tree(None, &[]).unwrap_or_default();
    let base = info.parents.first().unwrap_or(&empty);
    let files = state.git.diff(base, &info.sha).unwrap_or_default();
    let sum = |count: fn(&FileDiff) -> usize| files.iter().map(count).sum::<usize>();
    let (additions, deletions) = (sum(|file| file.additions), sum(|file| file.deletions));
    let shown: Vec<Value> = files.iter().take(300).map(|file| diff_entry(state, file, &info.sha)).collect();
    let stats = json!({"total": additions + deletions, "additions": additions, "deletions": deletions});
    merged(value, json!({"stats": stats, "files": shown}))
}

/// `git-commit`.
pub(crate) fn git_commit(state: &State, info: &CommitInfo) -> Value {
    json!({
        "sha": info.sha,
        "node_id": node_id("C", &info.sha),
        "url": format!("{}/git/commits/{}", state.api(), info.sha),
        "html_url": format!("{}/commit/{}", state.page(), info.sha),
        "author": person(&info.author),
        "committer": person(&info.committer),
        "tree": {"sha": info.tree, "url": format!("{}/git/trees/{}", state.api(), info.tree)},
        "message": info.message,
        "parents": parents(state, info, "git/commits"),
        "verification": verification(state, info),
    })
}

/// `diff-entry`.
pub(crate) fn diff_entry(state: &State, file: &FileDiff, commit: &str) -> Value {
    let path = in_link(&file.path);
    let mut value = json!({
        "sha": file.sha,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": format!("{}/blob/{commit}/{path}", state.page()),
        "raw_url": format!("{}/raw/{commit}/{path}", state.page()),
        "contents_url": format!("{}/contents/{path}?ref={commit}", state.api()),
    });
    if let Some(patch) = &file.patch {
        value = merged(value, json!({"patch": patch}));
    }
    if let Some(previous) = &file.previous {
        value = merged(value, json!({"previous_filename": previous}));
    }
    value
}

//! References, trees, branches and the contents of paths.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Commit, commit, in_link, merged, node_id};
use crate::sandbox::git::{CommitInfo, Entry};
use crate::sandbox::state::State;

/// `git-ref`.
pub(crate) fn git_ref(state: &State, full: &str, sha: &str) -> Value {
    let kind = state.git.kind(sha).unwrap_or_else(|| "commit".to_owned());
    json!({
        "ref": full,
        "node_id": node_id("REF", full),
        "url": format!("{}/git/{}", state.api(), in_link(full)),
        "object": {"sha": sha, "type": kind, "url": format!("{}/git/{kind}s/{sha}", state.api())},
    })
}

/// `git-tree`.
pub(crate) fn git_tree(state: &State, sha: &str, entries: &[Entry], truncated: bool) -> Value {
    let one = |entry: &Entry| {
        let mut value = json!({"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha});
        if let Some(size) = entry.size {
            value = merged(value, json!({"size": size}));
        }
        if entry.kind != "commit" {
            let url = format!("{}/git/{}s/{}", state.api(), entry.kind, entry.sha);
            value = merged(value, json!({"url": url}));
        }
        value
    };
    let tree: Vec<Value> = entries.iter().map(one).collect();
    json!({"sha": sha, "url": format!("{}/git/trees/{sha}", state.api()), "tree": tree, "truncated": truncated})
}

/// `short-branch`.
pub(crate) fn short_branch(state: &State, name: &str, sha: &str) -> Value {
    json!({
        "name": name,
        "commit": {"sha": sha, "url": format!("{}/commits/{sha}", state.api())},
        "protected": state.protections.contains_key(name),
        "protection": protection_summary(state, name),
        "protection_url": format!("{}/branches/{}/protection", state.api(), in_link(name)),
    })
}

/// `branch-with-protection`.
pub(crate) fn branch(state: &State, name: &str, info: &CommitInfo) -> Value {
    let api = format!("{}/branches/{}", state.api(), in_link(name));
    json!({
        "name": name,
        "commit": commit(state, info, Commit::Plain),
        "_links": {"self": api, "html": format!("{}/tree/{}", state.page(), in_link(name))},
        "protected": state.protections.contains_key(name),
        "protection": protection_summary(state, name),
        "protection_url": format!("{api}/protection"),
    })
}

fn protection_summary(state: &State, name: &str) -> Value {
    let Some(protection) = state.protections.get(name) else {
        let none = json!({"enforcement_level": "off", "contexts": [], "checks": []});
        return json!({"enabled": false, "required_status_checks": none});
    };
    let contexts: Vec<&String> = protection.contexts.iter().map(|(context, _)| context).collect();
    let checks: Vec<Value> =
        protection.contexts.iter().map(|(context, app)| json!({"context": context, "app_id": app})).collect();
    let level = if protection.enforce_admins { "everyone" } else { "non_admins" };
    let checks = json!({"enforcement_level": level, "contexts": contexts, "checks": checks});
    json!({"enabled": true, "required_status_checks": checks})
}

/// `content-file` and the entries of `content-directory`, at a reference. Only a file alone carries its content.
pub(crate) fn content(state: &State, path: &str, entry: &Entry, at: &str, bytes: Option<&[u8]>) -> Value {
    let link = in_link(path);
    let api = format!("{}/contents/{link}?ref={}", state.api(), in_link(at));
    let (kind, place) = match entry.kind.as_str() {
        "tree" => ("dir", "tree"),
        "commit" => ("submodule", "tree"),
        _ if entry.mode == "120000" => ("symlink", "blob"),
        _ => ("file", "blob"),
    };
    let git = match kind {
        "dir" => Some(format!("{}/git/trees/{}", state.api(), entry.sha)),
        "submodule" => None,
        _ => Some(format!("{}/git/blobs/{}", state.api(), entry.sha)),
    };
    let page = format!("{}/{place}/{}/{link}", state.page(), in_link(at));
    let download = (place == "blob").then(|| format!("{}/raw/{}/{link}", state.page(), in_link(at)));
    let mut value = json!({
        "name": path.rsplit('/').next().unwrap_or(path),
        "path": path,
        "sha": entry.sha,
        "size": entry.size.unwrap_or(0),
        "url": api,
        "html_url": page,
        "git_url": git,
        "download_url": download,
        "type": kind,
        "_links": {"self": api, "git": git, "html": page},
    });
    if let Some(bytes) = bytes {
        value = match kind {
            "symlink" => merged(value, json!({"target": String::from_utf8_lossy(bytes)})),
            // Above one megabyte there is no content here, only in the raw media type.
            _ if bytes.len() > 1_000_000 => merged(value, json!({"content": "", "encoding": "none"})),
            _ => merged(value, json!({"content": lines(&STANDARD.encode(bytes)), "encoding": "base64"})),
        };
    }
    value
}

/// Base64 as GitHub breaks it: 60 characters a line.
pub(crate) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 60 + 1);
    for chunk in text.as_bytes().chunks(60) {
        out.push_str(&String::from_utf8_lossy(chunk));
        out.push('\n');
    }
    out
}

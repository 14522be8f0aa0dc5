//! Git's objects: references, commits, trees, blobs.

use super::{Answer, Ask};
use crate::sandbox::clock::{from_seconds, stamp};
use crate::sandbox::git::{CommitInfo, Entry, Signature};
use crate::sandbox::graphql::node::{Blob, Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::render::{node_id, user_type};
use crate::sandbox::state::State;

/// The texts of blobs above this many bytes are cut off.
/// <https://docs.github.com/graphql/reference/objects#blob> says that large blobs are truncated, not where.
const TEXT_LIMIT: usize = 512_000;

/// The object of an id.
pub(super) fn node_of(state: &State, sha: &str) -> Option<Node> {
    match state.git.kind(sha)?.as_str() {
        "commit" => Some(Node::Commit(Box::new(state.git.commit(sha).ok()?))),
        "tree" => Some(Node::Tree(sha.to_owned())),
        "blob" => Some(Blob::node(sha)),
        _ => None,
    }
}

fn short(sha: &str) -> Out {
    leaf(sha.get(..7).unwrap_or(sha))
}

pub(super) fn reference(ask: &Ask<'_>, full: &str) -> Answer {
    let at = ["refs/heads/", "refs/tags/"].iter().find(|prefix| full.starts_with(**prefix)).map_or(5, |p| p.len());
    let (prefix, name) = full.split_at(at);
    Ok(match ask.field {
        "id" => leaf(node_id("REF", full)),
        "name" => leaf(name),
        "prefix" => leaf(prefix),
        "target" => node_or_null(ask.state.git.ref_sha(full).and_then(|sha| node_of(ask.state, &sha))),
        "repository" => Node::Repository.out(),
        "associatedPullRequests" => {
            let pulls = super::repository::pulls(ask, Some(name));
            return page(("PullRequestConnection", "PullRequestEdge"), ask.field, pulls, ask.args);
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn commit(ask: &mut Ask<'_>, commit: &CommitInfo) -> Answer {
    if ask.field == "statusCheckRollup" {
        return super::checks::rollup_of(ask, &commit.sha);
    }
    let (state, message) = (&*ask.state, commit.message.trim_end_matches('\n'));
    let (headline, body) = message.split_once('\n').unwrap_or((message, ""));
    let commits = |shas: Vec<String>| {
        let infos = shas.iter().filter_map(|sha| state.git.commit(sha).ok());
        infos.map(|info| Node::Commit(Box::new(info))).collect::<Vec<_>>()
    };
    Ok(match ask.field {
        "id" => leaf(node_id("C", &commit.sha)),
        "oid" => leaf(commit.sha.as_str()),
        "abbreviatedOid" => short(&commit.sha),
        "message" => leaf(message),
        "messageHeadline" => leaf(headline),
        "messageBody" => leaf(body.trim_start_matches('\n')),
        "authoredDate" => leaf(stamp(from_seconds(commit.author.seconds))),
        "committedDate" => leaf(stamp(from_seconds(commit.committer.seconds))),
        "author" => Node::GitActor(commit.author.clone()).out(),
        "committer" => Node::GitActor(commit.committer.clone()).out(),
        "tree" => Node::Tree(commit.tree.clone()).out(),
        "url" => leaf(format!("{}/{}/commit/{}", state.urls.html, state.name, commit.sha)),
        "repository" => Node::Repository.out(),
        "parents" => {
            return page(("CommitConnection", "CommitEdge"), ask.field, commits(commit.parents.clone()), ask.args);
        }
        "history" => {
            let shas = state.git.log(&commit.sha, ask.args.text("path"), 1_000)?;
            return page(("CommitHistoryConnection", "CommitEdge"), ask.field, commits(shas), ask.args);
        }
        "file" => {
            let path = ask.args.text("path").unwrap_or_default().trim_matches('/');
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
            let entry = state.git.entry_at(&commit.sha, path).map(|mut entry| {
                if let Some((_, name)) = path.rsplit_once('/') {
                    name.clone_into(&mut entry.path);
                }
                Node::Entry(parent, entry)
            });
            node_or_null(entry)
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn git_actor(ask: &Ask<'_>, who: &Signature) -> Answer {
    Ok(match ask.field {
        "name" => leaf(who.name.as_str()),
        "email" => leaf(who.email.as_str()),
        "date" => leaf(stamp(from_seconds(who.seconds))),
        "user" => {
            let account = ask.state.people.by_login(&who.name).filter(|a| user_type(a) == "User");
            node_or_null(account.map(|account| Node::Account(account.id)))
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn tree(ask: &Ask<'_>, sha: &str) -> Answer {
    Ok(match ask.field {
        "id" => leaf(node_id("T", sha)),
        "oid" => leaf(sha),
        "abbreviatedOid" => short(sha),
        "repository" => Node::Repository.out(),
        "entries" => {
            let entries = ask.state.git.tree(sha, false)?;
            Out::List(entries.into_iter().map(|entry| Node::Entry(String::new(), entry).out()).collect())
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn entry(ask: &Ask<'_>, parent: &str, entry: &Entry) -> Answer {
    Ok(match ask.field {
        "name" => leaf(entry.path.as_str()),
        "path" if parent.is_empty() => leaf(entry.path.as_str()),
        "path" => leaf(format!("{parent}/{}", entry.path)),
        "type" => leaf(entry.kind.as_str()),
        // The mode is a decimal number in the API, written in octal by git.
        "mode" => leaf(u32::from_str_radix(&entry.mode, 8).unwrap_or_default()),
        "oid" => leaf(entry.sha.as_str()),
        "size" => leaf(entry.size.unwrap_or_default()),
        "object" => match entry.kind.as_str() {
            "blob" => Blob::node(&entry.sha).out(),
            "tree" => Node::Tree(entry.sha.clone()).out(),
            // A submodule's commit is in another repository.
            _ => Out::Null,
        },
        _ => return ask.unknown(),
    })
}

pub(super) fn blob(ask: &Ask<'_>, blob: &Blob) -> Answer {
    let bytes = || blob.bytes(ask.state);
    Ok(match ask.field {
        "id" => leaf(node_id("B", &blob.sha)),
        "oid" => leaf(blob.sha.as_str()),
        "abbreviatedOid" => short(&blob.sha),
        "repository" => Node::Repository.out(),
        "byteSize" => leaf(bytes()?.len()),
        "isTruncated" => leaf(bytes()?.len() > TEXT_LIMIT),
        "isBinary" => leaf(text(bytes()?).is_none()),
        "text" => maybe(text(bytes()?)),
        _ => return ask.unknown(),
    })
}

/// The text of a blob, cut at the limit; nothing when it is binary.
fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
    let end = (0..=TEXT_LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    text.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_text_or_binary_and_is_cut_between_characters() {
        assert_eq!(text(b"a\n").as_deref(), Some("a\n"));
        assert_eq!(text(b"a\0b"), None);
        assert_eq!(text(&[0xff, 0xfe]), None);
        let long = "é".repeat(TEXT_LIMIT);
        assert_eq!(text(long.as_bytes()).unwrap().len(), TEXT_LIMIT);
    }
}

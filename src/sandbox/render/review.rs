//! Reviews and review comments.

use serde_json::{Value, json};

use super::issue::{association, reactions};
use super::{merged, node_id, user};
use crate::sandbox::clock::stamp;
use crate::sandbox::state::{Review, ReviewComment, State, Subject};

/// `pull-request-review`.
pub(crate) fn review(state: &State, review: &Review) -> Value {
    let page = format!("{}/pull/{}#pullrequestreview-{}", state.page(), review.pull, review.id);
    let api = format!("{}/pulls/{}", state.api(), review.pull);
    json!({
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": user(state, review.author.user),
        "body": review.body,
        "state": review.state.name(),
        "html_url": page,
        "pull_request_url": api,
        "_links": {"html": {"href": page}, "pull_request": {"href": api}},
        "submitted_at": stamp(review.submitted_at),
        "commit_id": review.commit,
        "author_association": association(state, review.author),
    })
}

/// `pull-request-review-comment`. A comment on an older head has no line any more, only its original one.
pub(crate) fn review_comment(state: &State, comment: &ReviewComment) -> Value {
    let api = format!("{}/pulls/comments/{}", state.api(), comment.id);
    let pull_api = format!("{}/pulls/{}", state.api(), comment.pull);
    let page = format!("{}/pull/{}#discussion_r{}", state.page(), comment.pull, comment.id);
    let hunk = &comment.hunk;
    let mut value = json!({
        "url": api,
        "pull_request_review_id": comment.review,
        "id": comment.id,
        "node_id": node_id("PRRC", comment.id),
        "diff_hunk": hunk.text,
        "path": hunk.path,
        "commit_id": comment.commit,
        "original_commit_id": comment.commit,
        "user": user(state, comment.author.user),
        "body": comment.body,
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "html_url": page,
        "pull_request_url": pull_api,
        "author_association": association(state, comment.author),
        "_links": {"self": {"href": api}, "html": {"href": page}, "pull_request": {"href": pull_api}},
        "reactions": reactions(state, Subject::ReviewComment(comment.id), &api),
        "start_line": hunk.start_line,
        "original_start_line": hunk.start_line,
        "start_side": hunk.start_side,
        "side": hunk.side,
        "subject_type": if hunk.line.is_some() { "line" } else { "file" },
    });
    if let Some(line) = hunk.line {
        value = merged(value, json!({"line": line, "original_line": line}));
    }
    if let Some(position) = hunk.position {
        value = merged(value, json!({"position": position, "original_position": position}));
    }
    if let Some(reply_to) = comment.reply_to {
        value = merged(value, json!({"in_reply_to_id": reply_to}));
    }
    value
}

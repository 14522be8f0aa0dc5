//! Reviews, review comments and their conversations.

use super::{Answer, Ask, actor, time};
use crate::sandbox::graphql::node::{Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::render::node_id;

const COMMENTS: (&str, &str) = ("PullRequestReviewCommentConnection", "PullRequestReviewCommentEdge");

pub(super) fn review(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(review) = state.reviews.iter().find(|review| review.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("PRR", review.id)),
        "databaseId" => leaf(review.id),
        "body" => leaf(review.body.as_str()),
        "state" => leaf(review.state.name()),
        "author" => actor(ask, review.author.user),
        "authorAssociation" => super::conversation::association(ask, review.author),
        "createdAt" | "updatedAt" | "submittedAt" | "publishedAt" => time(review.submitted_at),
        "editor" | "lastEditedAt" | "includesCreatedEdit" | "userContentEdits" => {
            return super::conversation::edited(ask, &[]);
        }
        "commit" => node_or_null(review.commit.as_ref().and_then(|sha| super::code::node_of(state, sha))),
        "url" => {
            let pull = format!("{}/{}/pull/{}", state.urls.html, state.name, review.pull);
            leaf(format!("{pull}#pullrequestreview-{}", review.id))
        }
        "isMinimized" => leaf(false),
        "minimizedReason" => Out::Null,
        "pullRequest" => Node::Pull(review.pull).out(),
        "repository" => Node::Repository.out(),
        "comments" => {
            let comments = state.review_comments.iter().filter(|c| c.review == Some(id));
            return page(COMMENTS, ask.field, comments.map(|c| Node::ReviewComment(c.id)).collect(), ask.args);
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn thread(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(first) = state.review_comments.iter().find(|c| c.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("PRRT", first.id)),
        "isResolved" | "isCollapsed" => leaf(first.thread.resolved_by.is_some()),
        "isOutdated" => leaf(outdated(ask, first.pull, &first.commit)),
        "resolvedBy" => first.thread.resolved_by.map_or(Out::Null, |id| actor(ask, id)),
        "path" => leaf(first.hunk.path.as_str()),
        "line" => maybe(first.hunk.line),
        "pullRequest" => Node::Pull(first.pull).out(),
        "comments" => {
            let comments = state.review_comments.iter().filter(|c| c.id == id || c.reply_to == Some(id));
            return page(COMMENTS, ask.field, comments.map(|c| Node::ReviewComment(c.id)).collect(), ask.args);
        }
        _ => return ask.unknown(),
    })
}

/// Whether the pull request's head has moved on since a comment was made.
fn outdated(ask: &Ask<'_>, pull: u64, commit: &str) -> bool {
    ask.state.pulls.get(&pull).is_some_and(|pull| pull.head_sha != commit)
}

pub(super) fn comment(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(comment) = state.review_comments.iter().find(|c| c.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("PRRC", comment.id)),
        "databaseId" => leaf(comment.id),
        "body" => leaf(comment.body.as_str()),
        "author" => actor(ask, comment.author.user),
        "authorAssociation" => super::conversation::association(ask, comment.author),
        "createdAt" | "publishedAt" => time(comment.created_at),
        "updatedAt" => time(comment.updated_at),
        "editor" | "lastEditedAt" | "includesCreatedEdit" | "userContentEdits" => {
            return super::conversation::edited(ask, &[]);
        }
        "url" => {
            let pull = format!("{}/{}/pull/{}", state.urls.html, state.name, comment.pull);
            leaf(format!("{pull}#discussion_r{}", comment.id))
        }
        "path" => leaf(comment.hunk.path.as_str()),
        "line" => maybe(comment.hunk.line),
        "diffHunk" => leaf(comment.hunk.text.as_str()),
        "outdated" => leaf(outdated(ask, comment.pull, &comment.commit)),
        "state" => leaf("SUBMITTED"),
        "commit" | "originalCommit" => node_or_null(super::code::node_of(state, &comment.commit)),
        "replyTo" => node_or_null(comment.reply_to.map(Node::ReviewComment)),
        "isMinimized" => leaf(false),
        "minimizedReason" => Out::Null,
        "pullRequest" => Node::Pull(comment.pull).out(),
        "repository" => Node::Repository.out(),
        _ => return ask.unknown(),
    })
}

//! Issues, their comments, and the edit history of both.

use super::{Answer, Ask, actor, maybe_time, time};
use crate::sandbox::graphql::node::{Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::people::Actor;
use crate::sandbox::render::{self, node_id};
use crate::sandbox::state::{Edit, Issue};

pub(super) fn issue(ask: &Ask<'_>, number: u64) -> Answer {
    let Some(issue) = ask.state.issues.get(&number) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("I", issue.id)),
        "url" => leaf(format!("{}/{}/issues/{number}", ask.state.urls.html, ask.state.name)),
        "state" => leaf(if issue.open { "OPEN" } else { "CLOSED" }),
        "stateReason" => issue.state_reason.as_deref().map_or(Out::Null, super::upper),
        "timelineItems" => return super::timeline::of_issue(ask, number),
        _ => return shared(ask, issue),
    })
}

/// The fields that issues and pull requests have in common.
pub(super) fn shared(ask: &Ask<'_>, issue: &Issue) -> Answer {
    let state = &*ask.state;
    Ok(match ask.field {
        "databaseId" => leaf(issue.id),
        "number" => leaf(issue.number),
        "title" => leaf(issue.title.as_str()),
        "body" => leaf(issue.body.as_deref().unwrap_or_default()),
        "author" => actor(ask, issue.author.user),
        "authorAssociation" => association(ask, issue.author),
        "closed" => leaf(!issue.open),
        "closedAt" => maybe_time(issue.closed_at),
        "createdAt" | "publishedAt" => time(issue.created_at),
        "updatedAt" => time(issue.updated_at),
        "editor" | "lastEditedAt" | "includesCreatedEdit" | "userContentEdits" => return edited(ask, &issue.edits),
        "locked" => leaf(issue.lock.is_some()),
        "activeLockReason" => {
            let reason = issue.lock.as_ref().and_then(|lock| lock.reason.as_deref());
            reason.map_or(Out::Null, |reason| super::upper(&reason.replace([' ', '-'], "_")))
        }
        "milestone" => node_or_null(issue.milestone.map(Node::Milestone)),
        "repository" => Node::Repository.out(),
        "assignees" => {
            let users = issue.assignees.iter().filter(|id| state.people.living(**id).is_some());
            return page(
                ("UserConnection", "UserEdge"),
                ask.field,
                users.map(|id| Node::Account(*id)).collect(),
                ask.args,
            );
        }
        "labels" => {
            let labels = state.labels.iter().filter(|l| issue.labels.contains(&l.id));
            let labels = labels.map(|l| Node::Label(l.name.clone(), l.color.clone(), l.description.clone(), l.id));
            return page(("LabelConnection", "LabelEdge"), ask.field, labels.collect(), ask.args);
        }
        "comments" => {
            let comments = state.comments.values().filter(|c| c.issue == issue.number);
            let nodes = comments.map(|c| Node::Comment(c.id)).collect();
            return page(("IssueCommentConnection", "IssueCommentEdge"), ask.field, nodes, ask.args);
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn comment(ask: &Ask<'_>, id: u64) -> Answer {
    let state = &*ask.state;
    let Some(comment) = state.comments.get(&id) else { return Ok(Out::Null) };
    let is_pull = state.pulls.contains_key(&comment.issue);
    Ok(match ask.field {
        "id" => leaf(node_id("IC", comment.id)),
        "databaseId" => leaf(comment.id),
        "body" => leaf(comment.body.as_str()),
        "author" => actor(ask, comment.author.user),
        "authorAssociation" => association(ask, comment.author),
        "createdAt" | "publishedAt" => time(comment.created_at),
        "updatedAt" => time(comment.updated_at),
        "editor" | "lastEditedAt" | "includesCreatedEdit" | "userContentEdits" => return edited(ask, &comment.edits),
        "isMinimized" => leaf(comment.minimized.is_some()),
        "minimizedReason" => maybe(comment.minimized.clone()),
        "url" => {
            let kind = if is_pull { "pull" } else { "issues" };
            let page = format!("{}/{}/{kind}/{}", state.urls.html, state.name, comment.issue);
            leaf(format!("{page}#issuecomment-{}", comment.id))
        }
        "issue" => Node::Issue(comment.issue).out(),
        "pullRequest" => node_or_null(is_pull.then_some(Node::Pull(comment.issue))),
        "repository" => Node::Repository.out(),
        _ => return ask.unknown(),
    })
}

/// What an edit history says. Its first entry is the original, so a single one means nothing was edited.
pub(super) fn edited(ask: &Ask<'_>, edits: &[Edit]) -> Answer {
    let last = edits.last().filter(|_| edits.len() > 1);
    Ok(match ask.field {
        "editor" => last.map_or(Out::Null, |edit| actor(ask, edit.editor.user)),
        "lastEditedAt" => maybe_time(last.map(|edit| edit.at)),
        "includesCreatedEdit" => leaf(!edits.is_empty()),
        // The newest edit comes first.
        _ => {
            let nodes = edits.iter().rev().map(|edit| Node::Edit(Box::new(edit.clone()))).collect();
            return page(("UserContentEditConnection", "UserContentEditEdge"), ask.field, nodes, ask.args);
        }
    })
}

pub(super) fn edit(ask: &Ask<'_>, edit: &Edit) -> Answer {
    Ok(match ask.field {
        "id" => leaf(node_id("UCE", edit.id)),
        "createdAt" | "updatedAt" | "editedAt" => time(edit.at),
        "editor" => actor(ask, edit.editor.user),
        "deletedAt" | "deletedBy" => Out::Null,
        "diff" => leaf(edit.body.as_str()),
        _ => return ask.unknown(),
    })
}

/// What an author is to the repository. It is no permission.
pub(super) fn association(ask: &Ask<'_>, author: Actor) -> Out {
    leaf(render::association(ask.state, author))
}

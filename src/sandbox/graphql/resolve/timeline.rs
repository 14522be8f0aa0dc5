//! Timelines: what happened, by whom, in order.

use chrono::{DateTime, Utc};

use super::{Answer, Ask, actor, time};
use crate::sandbox::graphql::node::{Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::render::node_id;
use crate::sandbox::state::{Event, EventKind};

pub(super) fn of_issue(ask: &Ask<'_>, number: u64) -> Answer {
    let items = items(ask, number, shared_type);
    page(("IssueTimelineItemsConnection", "IssueTimelineItemsEdge"), ask.field, items, ask.args)
}

pub(super) fn of_pull(ask: &Ask<'_>, number: u64) -> Answer {
    let items = items(ask, number, |kind| pull_type(kind).or_else(|| shared_type(kind)));
    page(("PullRequestTimelineItemsConnection", "PullRequestTimelineItemsEdge"), ask.field, items, ask.args)
}

/// The items that the arguments ask for, oldest first.
fn items(ask: &Ask<'_>, number: u64, type_of: impl Fn(&EventKind) -> Option<&'static str>) -> Vec<Node> {
    let state = &*ask.state;
    let mut items: Vec<(DateTime<Utc>, Node)> = Vec::new();
    for event in state.events.iter().filter(|e| e.issue == number) {
        if let Some(name) = type_of(&event.kind) {
            items.push((event.at, Node::Event(event.id, name)));
        }
    }
    let comments = state.comments.values().filter(|c| c.issue == number);
    items.extend(comments.map(|c| (c.created_at, Node::Comment(c.id))));
    let reviews = state.reviews.iter().filter(|r| r.pull == number);
    items.extend(reviews.map(|r| (r.submitted_at, Node::Review(r.id))));
    items.sort_by_key(|(at, _)| *at);
    let wanted = ask.args.words("itemTypes");
    let since = ask.args.text("since").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let skip = ask.args.number("skip").and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    items
        .into_iter()
        .filter(|(at, _)| since.is_none_or(|since| *at >= since))
        .map(|(_, node)| node)
        .filter(|node| wanted.as_ref().is_none_or(|w| w.contains(&constant(node.type_name(state)).as_str())))
        .skip(skip)
        .collect()
}

/// `LabeledEvent` as the enum writes it: `LABELED_EVENT`.
fn constant(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(letter.to_ascii_uppercase());
    }
    word
}

fn shared_type(kind: &EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Labeled(..) => "LabeledEvent",
        EventKind::Unlabeled(..) => "UnlabeledEvent",
        EventKind::Renamed { .. } => "RenamedTitleEvent",
        EventKind::Closed { .. } => "ClosedEvent",
        EventKind::Reopened => "ReopenedEvent",
        EventKind::Assigned(_) => "AssignedEvent",
        EventKind::Unassigned(_) => "UnassignedEvent",
        EventKind::Locked(_) => "LockedEvent",
        EventKind::Unlocked => "UnlockedEvent",
        EventKind::Milestoned(_) => "MilestonedEvent",
        EventKind::Demilestoned(_) => "DemilestonedEvent",
        EventKind::CommentDeleted => "CommentDeletedEvent",
        EventKind::CrossReferenced(_) => "CrossReferencedEvent",
        _ => return None,
    })
}

fn pull_type(kind: &EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Merged(_) => "MergedEvent",
        EventKind::HeadRefDeleted => "HeadRefDeletedEvent",
        EventKind::HeadRefForcePushed(_) => "HeadRefForcePushedEvent",
        EventKind::BaseRefChanged => "BaseRefChangedEvent",
        EventKind::ReadyForReview => "ReadyForReviewEvent",
        EventKind::ConvertToDraft => "ConvertToDraftEvent",
        EventKind::ReviewRequested(_) => "ReviewRequestedEvent",
        EventKind::ReviewRequestRemoved(_) => "ReviewRequestRemovedEvent",
        EventKind::ReviewDismissed { .. } => "ReviewDismissedEvent",
        _ => return None,
    })
}

pub(super) fn event(ask: &Ask<'_>, id: u64) -> Answer {
    let Some(event) = ask.state.events.iter().find(|e| e.id == id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("EV", event.id)),
        "createdAt" | "referencedAt" => time(event.at),
        "actor" => actor(ask, event.actor.user),
        "labelable" | "closable" | "target" => subject(ask, event.issue),
        _ => return detail(ask, event),
    })
}

fn subject(ask: &Ask<'_>, number: u64) -> Out {
    if ask.state.pulls.contains_key(&number) { Node::Pull(number).out() } else { Node::Issue(number).out() }
}

fn detail(ask: &Ask<'_>, event: &Event) -> Answer {
    let state = &*ask.state;
    let kind = if state.pulls.contains_key(&event.issue) { "pull" } else { "issues" };
    let page = format!("{}/{}/{kind}/{}#event-{}", state.urls.html, state.name, event.issue, event.id);
    Ok(match (ask.field, &event.kind) {
        ("url", _) => leaf(page),
        ("label", EventKind::Labeled(name, color) | EventKind::Unlabeled(name, color)) => {
            let known = state.label(name);
            let description = known.and_then(|l| l.description.clone());
            Node::Label(name.clone(), color.clone(), description, known.map_or(0, |l| l.id)).out()
        }
        ("previousTitle", EventKind::Renamed { from, .. }) => leaf(from.as_str()),
        ("currentTitle", EventKind::Renamed { to, .. }) => leaf(to.as_str()),
        ("stateReason", EventKind::Closed { reason, .. }) => reason.as_deref().map_or(Out::Null, super::upper),
        ("stateReason", EventKind::Reopened) => leaf("REOPENED"),
        ("assignee", EventKind::Assigned(id) | EventKind::Unassigned(id)) => actor(ask, *id),
        ("lockReason", EventKind::Locked(reason)) => {
            reason.as_deref().map_or(Out::Null, |r| super::upper(&r.replace([' ', '-'], "_")))
        }
        ("milestoneTitle", EventKind::Milestoned(title) | EventKind::Demilestoned(title)) => leaf(title.as_str()),
        ("commit", EventKind::Merged(sha)) | ("afterCommit", EventKind::HeadRefForcePushed(sha)) => {
            node_or_null(super::code::node_of(state, sha))
        }
        ("mergeRefName", _) => leaf(state.pulls.get(&event.issue).map(|p| p.base_ref.clone()).unwrap_or_default()),
        ("headRefName", _) => leaf(state.pulls.get(&event.issue).map(|p| p.head_ref.clone()).unwrap_or_default()),
        ("dismissalMessage", EventKind::ReviewDismissed { message, .. }) => maybe(message.clone()),
        ("previousReviewState", EventKind::ReviewDismissed { state, .. }) => super::upper(state),
        ("source", EventKind::CrossReferenced(number)) => subject(ask, *number),
        ("isCrossRepository" | "willCloseTarget", _) => leaf(false),
        _ => return ask.unknown(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_become_enum_words() {
        assert_eq!(constant("LabeledEvent"), "LABELED_EVENT");
        assert_eq!(constant("IssueComment"), "ISSUE_COMMENT");
    }
}

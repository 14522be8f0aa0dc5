//! Events of issues and pull requests.

use serde_json::{Value, json};

use super::{app, ghost_or, issue, merged, node_id, simple_repository, user};
use crate::sandbox::clock::stamp;
use crate::sandbox::state::{Event, EventKind, State};

/// `issue-event-for-issue`: without the issue.
pub(crate) fn issue_event(state: &State, event: &Event) -> Value {
    let commit = match &event.kind {
        EventKind::Closed { commit, .. } => commit.clone(),
        EventKind::Merged(sha) | EventKind::HeadRefForcePushed(sha) => Some(sha.clone()),
        _ => None,
    };
    let head = json!({
        "id": event.id,
        "node_id": node_id(node_prefix(&event.kind), event.id),
        "url": format!("{}/issues/events/{}", state.api(), event.id),
        "actor": ghost_or(state, event.actor.user),
        "event": event.kind.name(),
        "commit_id": commit,
        "commit_url": commit.map(|sha| format!("{}/commits/{sha}", state.api())),
        "created_at": stamp(event.at),
        "performed_via_github_app": app(state, event.actor.app),
    });
    let tail = match &event.kind {
        EventKind::Labeled(name, color) | EventKind::Unlabeled(name, color) => {
            json!({"label": {"name": name, "color": color}})
        }
        EventKind::Renamed { from, to } => json!({"rename": {"from": from, "to": to}}),
        EventKind::Assigned(id) | EventKind::Unassigned(id) => {
            json!({"assignee": user(state, *id), "assigner": user(state, event.actor.user)})
        }
        EventKind::Locked(reason) => json!({"lock_reason": reason}),
        EventKind::Unlocked => json!({"lock_reason": null}),
        EventKind::Milestoned(title) | EventKind::Demilestoned(title) => json!({"milestone": {"title": title}}),
        EventKind::ReviewRequested(id) | EventKind::ReviewRequestRemoved(id) => {
            json!({"review_requester": user(state, event.actor.user), "requested_reviewer": user(state, *id)})
        }
        EventKind::ReviewDismissed { review, state: word, message } => {
            json!({"dismissed_review": {"state": word, "review_id": review, "dismissal_message": message}})
        }
        EventKind::BlockedByAdded(number) => json!({"blocked_by": reference(state, *number)}),
        _ => json!({}),
    };
    merged(head, tail)
}

/// `issue-event`: as the repository lists it, with the issue.
pub(crate) fn issue_event_in(state: &State, event: &Event) -> Value {
    let shown = state.issues.get(&event.issue).map(|known| issue(state, known));
    merged(issue_event(state, event), json!({"issue": shown}))
}

fn reference(state: &State, number: u64) -> Value {
    let Some(issue) = state.issues.get(&number) else { return Value::Null };
    json!({
        "number": number,
        "title": issue.title,
        "state": if issue.open { "open" } else { "closed" },
        "state_reason": issue.state_reason,
        "repository": simple_repository(state),
        "issue_type": null,
    })
}

fn node_prefix(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Labeled(..) => "LE",
        EventKind::Unlabeled(..) => "UNLE",
        EventKind::Renamed { .. } => "RTE",
        EventKind::Closed { .. } => "CE",
        EventKind::Reopened => "REE",
        EventKind::Merged(_) => "ME",
        EventKind::Assigned(_) => "AE",
        _ => "EV",
    }
}

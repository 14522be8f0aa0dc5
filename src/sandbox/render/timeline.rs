//! The timeline of an issue or a pull request: events, comments, commits and reviews in one order.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{comment, git_commit, issue, issue_event, merged, review, user};
use crate::sandbox::clock::{from_seconds, stamp};
use crate::sandbox::moves::pulls;
use crate::sandbox::state::{EventKind, State};

/// All entries of the timeline, oldest first.
pub(crate) fn timeline(state: &State, number: u64) -> Vec<Value> {
    let mut entries: Vec<(DateTime<Utc>, Value)> = Vec::new();
    if let Some(pull) = state.pulls.get(&number) {
        for sha in pulls::commits(state, pull) {
            if let Ok(info) = state.git.commit(&sha) {
                let at = from_seconds(info.committer.seconds);
                entries.push((at, merged(git_commit(state, &info), json!({"event": "committed"}))));
            }
        }
    }
    for event in state.events.iter().filter(|event| event.issue == number) {
        let value = match &event.kind {
            EventKind::CrossReferenced(source) => {
                let source = state.issues.get(source).map(|known| issue(state, known));
                json!({
                    "event": "cross-referenced",
                    "actor": user(state, event.actor.user),
                    "created_at": stamp(event.at),
                    "updated_at": stamp(event.at),
                    "source": {"type": "issue", "issue": source},
                })
            }
            EventKind::Closed { reason, .. } => merged(issue_event(state, event), json!({"state_reason": reason})),
            _ => issue_event(state, event),
        };
        entries.push((event.at, value));
    }
    for entry in state.comments.values().filter(|comment| comment.issue == number) {
        let more = json!({"event": "commented", "actor": user(state, entry.author.user)});
        entries.push((entry.created_at, merged(comment(state, entry), more)));
    }
    for entry in state.reviews.iter().filter(|review| review.pull == number) {
        let word = entry.state.name().to_ascii_lowercase();
        let value = merged(review(state, entry), json!({"event": "reviewed", "state": word}));
        entries.push((entry.submitted_at, value));
    }
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, value)| value).collect()
}

//! Whether a human's approval covers the issue's present text. Unknown never counts as approved.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::issue::{EditHistory, Event, EventKind, Issue};
use crate::domain::user::{Permission, User, UserKind};
use crate::ports::forge::{ForgeError, ForgeRead};

/// What the approval of one issue came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    Valid {
        /// Login, for people; the decision was made on the event's own actor.
        by: String,
        at: DateTime<Utc>,
    },
    /// Nobody who may approve has approved; in words.
    Missing(String),
    /// It was approved and has changed since; in words.
    Void(String),
}

/// The approving event, and what stands against it without asking for anybody's permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Labelling<'a> {
    pub(super) by: &'a User,
    pub(super) at: DateTime<Utc>,
    /// Its place in the list of events.
    pub(super) place: usize,
}

/// Asks for what [`decide`] needs. Any read that fails is an error, never an approval.
pub(super) async fn verify(forge: &dyn ForgeRead, issue: &Issue, label: &str) -> Result<Approval, ForgeError> {
    let events = forge.events(issue.number.0).await?;
    let labelling = match labelling(&events, label) {
        Ok(labelling) => labelling,
        Err(reason) => return Ok(Approval::Missing(reason)),
    };
    let permission = forge.permission(&labelling.by.login).await?;
    let history = forge.edit_history(issue.number).await?;
    Ok(decide(&events, labelling, permission, &history))
}

/// The last time a person put the label on, unless it was taken off since.
pub(super) fn labelling<'a>(events: &'a [Event], label: &str) -> Result<Labelling<'a>, String> {
    let mut last = None;
    for (place, event) in events.iter().enumerate() {
        match &event.kind {
            EventKind::Labeled(name) if name.eq_ignore_ascii_case(label) => last = Some((place, event)),
            EventKind::Unlabeled(name) if name.eq_ignore_ascii_case(label) => last = None,
            _ => {}
        }
    }
    let Some((place, event)) = last else {
        return Err(format!("no event shows who put the label {label} on; take it off and put it on again"));
    };
    match &event.actor {
        None => Err(format!("the account that put the label {label} on no longer exists")),
        Some(actor) if event.via_app || actor.kind != UserKind::Human => {
            Err(format!("the label {label} was put on by the app or bot {}, not by a person", actor.login))
        }
        Some(actor) => Ok(Labelling { by: actor, at: event.at, place }),
    }
}

/// Decides on the approver's permission now, and on what was edited since.
pub(super) fn decide(
    events: &[Event],
    labelling: Labelling<'_>,
    permission: Option<Permission>,
    history: &EditHistory,
) -> Approval {
    let by = &labelling.by.login;
    if permission.is_none_or(|permission| permission < Permission::Write) {
        return Approval::Missing(format!("{by} put the label on but may not approve: that needs write permission"));
    }
    let renamed = events.iter().skip(labelling.place + 1).any(|event| matches!(event.kind, EventKind::Renamed { .. }));
    // Times have seconds only, so an edit within the same second may be later: it counts as later.
    let latest = history.edits.iter().copied().chain(history.last_edited_at).max();
    let edited = latest.filter(|at| *at >= labelling.at);
    let when = labelling.at.format("%Y-%m-%d %H:%M UTC");
    match (renamed, edited) {
        (false, None) => Approval::Valid { by: by.clone(), at: labelling.at },
        (true, None) => Approval::Void(format!("its title was changed after {by} approved it on {when}")),
        (renamed, Some(at)) => {
            let what = if renamed { "its title and its body were" } else { "its body was" };
            let at = at.format("%Y-%m-%d %H:%M UTC");
            Approval::Void(format!("{what} edited (last on {at}) after {by} approved it on {when}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, event, human, labelled};
    use super::*;
    use crate::domain::ids::UserId;

    fn judge(events: &[Event], permission: Option<Permission>, edits: &[i64]) -> Approval {
        let edits: Vec<_> = edits.iter().map(|minute| at(*minute)).collect();
        let history = EditHistory { last_edited_at: edits.last().copied(), edits };
        match labelling(events, "roadmap") {
            Ok(labelling) => decide(events, labelling, permission, &history),
            Err(reason) => Approval::Missing(reason),
        }
    }

    fn rename(minute: i64) -> Event {
        event(EventKind::Renamed { from: "a".into(), to: "b".into() }, "mallory", minute)
    }

    #[test]
    fn a_writer_s_label_approves_what_stood_then() {
        let events = [rename(1), labelled("Roadmap", "alice", 5)];
        let expected = Approval::Valid { by: "alice".into(), at: at(5) };
        assert_eq!(judge(&events, Some(Permission::Write), &[2]), expected);
        assert_eq!(judge(&events, Some(Permission::Admin), &[]), expected);
    }

    #[test]
    fn edits_and_renames_after_the_label_void_it() {
        let events = [labelled("roadmap", "alice", 5)];
        for minute in [5, 6] {
            assert!(matches!(judge(&events, Some(Permission::Write), &[minute]), Approval::Void(_)), "{minute}");
        }
        let renamed = [labelled("roadmap", "alice", 5), rename(5)];
        assert_eq!(
            judge(&renamed, Some(Permission::Write), &[]),
            Approval::Void("its title was changed after alice approved it on 2026-01-01 00:05 UTC".into())
        );
    }

    #[test]
    fn an_edit_known_only_from_the_last_time_voids_too() {
        let events = [labelled("roadmap", "alice", 5)];
        let history = EditHistory { last_edited_at: Some(at(9)), edits: vec![] };
        let approval = decide(&events, labelling(&events, "roadmap").unwrap(), Some(Permission::Write), &history);
        assert!(matches!(approval, Approval::Void(_)));
    }

    #[test]
    fn only_people_who_may_write_approve() {
        let events = [labelled("roadmap", "alice", 5)];
        for permission in [None, Some(Permission::None), Some(Permission::Read), Some(Permission::Triage)] {
            assert!(matches!(judge(&events, permission, &[]), Approval::Missing(_)), "{permission:?}");
        }
        let mut by_app = labelled("roadmap", "alice", 5);
        by_app.via_app = true;
        let mut by_bot = labelled("roadmap", "ci", 5);
        by_bot.actor = Some(User { id: UserId(9), login: "ci[bot]".into(), kind: UserKind::Bot });
        let mut by_ghost = labelled("roadmap", "ghost", 5);
        by_ghost.actor = None;
        for event in [by_app, by_bot, by_ghost] {
            assert!(matches!(judge(&[event], Some(Permission::Admin), &[]), Approval::Missing(_)));
        }
        assert_eq!(human("alice").kind, UserKind::Human);
    }

    #[test]
    fn the_last_label_after_the_last_removal_counts() {
        let removed = event(EventKind::Unlabeled("roadmap".into()), "bob", 6);
        let gone = [labelled("roadmap", "alice", 5), removed.clone()];
        assert!(matches!(judge(&gone, Some(Permission::Write), &[]), Approval::Missing(_)));
        let again = [labelled("roadmap", "alice", 5), rename(5), removed, labelled("roadmap", "bob", 7)];
        assert_eq!(judge(&again, Some(Permission::Write), &[6]), Approval::Valid { by: "bob".into(), at: at(7) });
        assert!(matches!(judge(&[], Some(Permission::Admin), &[]), Approval::Missing(_)));
    }
}

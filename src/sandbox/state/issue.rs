//! Issues, comments, labels, milestones, events and edit history.

use chrono::{DateTime, Utc};

use crate::sandbox::people::Actor;

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Milestone {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) open: bool,
    pub(crate) creator: u64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) due_on: Option<DateTime<Utc>>,
}

/// One step of the edit history of a body: what it became.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) id: u64,
    pub(crate) editor: Actor,
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: String,
}

/// A lock of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) reason: Option<String>,
}

/// An issue, or the issue side of a pull request.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: Actor,
    pub(crate) open: bool,
    pub(crate) state_reason: Option<String>,
    pub(crate) labels: Vec<u64>,
    pub(crate) assignees: Vec<u64>,
    pub(crate) milestone: Option<u64>,
    pub(crate) lock: Option<Lock>,
    pub(crate) blocked_by: Vec<u64>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) closed_by: Option<u64>,
    /// Body edits, oldest first; the first entry is the original when there was any edit.
    pub(crate) edits: Vec<Edit>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    pub(crate) author: Actor,
    pub(crate) body: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) edits: Vec<Edit>,
    /// Why it was minimized, when it was.
    pub(crate) minimized: Option<String>,
}

/// What a reaction belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Issue(u64),
    Comment(u64),
    ReviewComment(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Reaction {
    pub(crate) id: u64,
    pub(crate) subject: Subject,
    pub(crate) user: u64,
    pub(crate) content: String,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    pub(crate) actor: Actor,
    pub(crate) at: DateTime<Utc>,
    pub(crate) kind: EventKind,
}

/// What happened to an issue or a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Name and colour.
    Labeled(String, String),
    Unlabeled(String, String),
    Renamed {
        from: String,
        to: String,
    },
    Closed {
        commit: Option<String>,
        reason: Option<String>,
    },
    Reopened,
    Assigned(u64),
    Unassigned(u64),
    Locked(Option<String>),
    Unlocked,
    Milestoned(String),
    Demilestoned(String),
    Merged(String),
    HeadRefDeleted,
    HeadRefForcePushed(String),
    BaseRefChanged,
    ReadyForReview,
    ConvertToDraft,
    ReviewRequested(u64),
    ReviewRequestRemoved(u64),
    ReviewDismissed {
        review: u64,
        state: String,
        message: Option<String>,
    },
    BlockedByAdded(u64),
    CommentDeleted,
    /// The number of the issue or pull request whose text mentions this one.
    CrossReferenced(u64),
}

impl EventKind {
    /// GitHub's word for the event.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Labeled(..) => "labeled",
            Self::Unlabeled(..) => "unlabeled",
            Self::Renamed { .. } => "renamed",
            Self::Closed { .. } => "closed",
            Self::Reopened => "reopened",
            Self::Assigned(_) => "assigned",
            Self::Unassigned(_) => "unassigned",
            Self::Locked(_) => "locked",
            Self::Unlocked => "unlocked",
            Self::Milestoned(_) => "milestoned",
            Self::Demilestoned(_) => "demilestoned",
            Self::Merged(_) => "merged",
            Self::HeadRefDeleted => "head_ref_deleted",
            Self::HeadRefForcePushed(_) => "head_ref_force_pushed",
            Self::BaseRefChanged => "base_ref_changed",
            Self::ReadyForReview => "ready_for_review",
            Self::ConvertToDraft => "convert_to_draft",
            Self::ReviewRequested(_) => "review_requested",
            Self::ReviewRequestRemoved(_) => "review_request_removed",
            Self::ReviewDismissed { .. } => "review_dismissed",
            Self::BlockedByAdded(_) => "blocked_by_added",
            Self::CommentDeleted => "comment_deleted",
            Self::CrossReferenced(_) => "cross-referenced",
        }
    }
}

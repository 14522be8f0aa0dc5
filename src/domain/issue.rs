//! Issues, their comments and the events that approve them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{CommentId, Digest, IssueNumber};
use super::user::User;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub number: IssueNumber,
    pub title: String,
    /// Empty when GitHub has none.
    pub body: String,
    pub open: bool,
    /// `None` for a deleted account.
    pub author: Option<User>,
    pub labels: Vec<String>,
    /// Logins.
    pub assignees: Vec<String>,
    pub milestone: Option<Milestone>,
    /// How many open issues block this one (`issue_dependencies_summary.blocked_by`); `None` when the server does not say.
    pub open_blockers: Option<u64>,
    pub locked: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub url: String,
}

impl Issue {
    pub fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label.eq_ignore_ascii_case(name))
    }

    /// The digest of exactly what is approved and what a model reads: title and body.
    pub fn spec_digest(&self) -> Digest {
        Digest::of(format!("{}:{}{}", self.title.len(), self.title, self.body))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub title: String,
    pub due: Option<DateTime<Utc>>,
}

/// A comment on an issue or on a pull request's conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub id: CommentId,
    pub author: Option<User>,
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub url: String,
}

/// Something that happened to an issue, oldest first in every list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventKind,
    /// `None` for a deleted account: never an approval.
    pub actor: Option<User>,
    /// An app acted, or acted in somebody's name (`performed_via_github_app`).
    pub via_app: bool,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Labeled(String),
    Unlabeled(String),
    Renamed {
        from: String,
        to: String,
    },
    Closed,
    Reopened,
    /// Any other event, by GitHub's name.
    Other(String),
}

/// When the body was last edited, from GraphQL (`lastEditedAt`); REST does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditHistory {
    pub last_edited_at: Option<DateTime<Utc>>,
    /// Times of the known edits, oldest first. May be shorter than the truth: a history entry can be deleted.
    pub edits: Vec<DateTime<Utc>>,
}

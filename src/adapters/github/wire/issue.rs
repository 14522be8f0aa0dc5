//! Issues, comments and events on the wire.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{LabelWire, UserWire};
use crate::domain::ids::{CommentId, IssueNumber};
use crate::domain::issue::{Comment, Event, EventKind, Issue, Milestone};

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct IssueWire {
    pub(in crate::adapters::github) number: u64,
    title: String,
    body: Option<String>,
    state: String,
    pub(in crate::adapters::github) user: Option<UserWire>,
    labels: Vec<IssueLabel>,
    assignees: Option<Vec<UserWire>>,
    milestone: Option<MilestoneWire>,
    #[serde(default)]
    issue_dependencies_summary: Option<Dependencies>,
    /// Present on pull requests, which stand in issue lists too.
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
    locked: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    html_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IssueLabel {
    Name(String),
    Object(LabelWire),
}

#[derive(Debug, Deserialize)]
struct MilestoneWire {
    title: String,
    due_on: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
struct Dependencies {
    blocked_by: u64,
}

impl IssueWire {
    pub(in crate::adapters::github) fn is_pull(&self) -> bool {
        self.pull_request.is_some()
    }
}

impl From<IssueWire> for Issue {
    fn from(issue: IssueWire) -> Self {
        let label = |label| match label {
            IssueLabel::Name(name) | IssueLabel::Object(LabelWire { name }) => name,
        };
        Self {
            number: IssueNumber(issue.number),
            title: issue.title,
            body: issue.body.unwrap_or_default(),
            open: issue.state == "open",
            author: issue.user.map(Into::into),
            labels: issue.labels.into_iter().map(label).collect(),
            assignees: issue.assignees.unwrap_or_default().into_iter().map(|user| user.login).collect(),
            milestone: issue.milestone.map(|milestone| Milestone { title: milestone.title, due: milestone.due_on }),
            open_blockers: issue.issue_dependencies_summary.map(|summary| summary.blocked_by),
            locked: issue.locked,
            created_at: issue.created_at,
            updated_at: issue.updated_at,
            url: issue.html_url,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct CommentWire {
    id: u64,
    user: Option<UserWire>,
    body: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    html_url: String,
}

impl From<CommentWire> for Comment {
    fn from(comment: CommentWire) -> Self {
        Self {
            id: CommentId(comment.id),
            author: comment.user.map(Into::into),
            body: comment.body.unwrap_or_default(),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
            url: comment.html_url,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct EventWire {
    event: String,
    actor: Option<UserWire>,
    #[serde(default)]
    performed_via_github_app: Option<serde::de::IgnoredAny>,
    /// An agent says here why it did it: then it was no human's decision.
    #[serde(default)]
    intent: Option<serde::de::IgnoredAny>,
    created_at: DateTime<Utc>,
    #[serde(default)]
    label: Option<LabelWire>,
    #[serde(default)]
    rename: Option<RenameWire>,
}

#[derive(Debug, Deserialize)]
struct RenameWire {
    from: String,
    to: String,
}

impl From<EventWire> for Event {
    fn from(event: EventWire) -> Self {
        let kind = match (event.event.as_str(), event.label, event.rename) {
            ("labeled", Some(label), _) => EventKind::Labeled(label.name),
            ("unlabeled", Some(label), _) => EventKind::Unlabeled(label.name),
            ("renamed", _, Some(rename)) => EventKind::Renamed { from: rename.from, to: rename.to },
            ("closed", ..) => EventKind::Closed,
            ("reopened", ..) => EventKind::Reopened,
            _ => EventKind::Other(event.event),
        };
        let via_app = event.performed_via_github_app.is_some() || event.intent.is_some();
        Self { kind, actor: event.actor.map(Into::into), via_app, at: event.created_at }
    }
}

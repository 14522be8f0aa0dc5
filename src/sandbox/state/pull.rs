//! Pull requests, reviews and review comments.

use chrono::{DateTime, Utc};

use crate::sandbox::people::Actor;

/// The pull-request side; title, body, labels and state stand in the issue of the same number.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) head_ref: String,
    pub(crate) head_sha: String,
    pub(crate) base_ref: String,
    /// Where the base branch stood when the head was last pushed.
    pub(crate) base_sha: String,
    pub(crate) draft: bool,
    pub(crate) merged_at: Option<DateTime<Utc>>,
    pub(crate) merged_by: Option<u64>,
    pub(crate) merge_commit: Option<String>,
    /// The base commit its files are compared with once it was merged or closed.
    pub(crate) frozen_base: Option<String>,
    pub(crate) requested_reviewers: Vec<u64>,
    pub(crate) mergeability: Option<Mergeability>,
    pub(crate) auto_merge: Option<u64>,
    /// The account whose fork the head branch stands in.
    pub(crate) fork: Option<u64>,
}

/// What the background job found for one pair of head and base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mergeability {
    pub(crate) head: String,
    pub(crate) base: String,
    /// How many more reads see null.
    pub(crate) reads_left: u32,
    pub(crate) clean: bool,
    pub(crate) rebaseable: bool,
    pub(crate) test_merge: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewState {
    Commented,
    Approved,
    ChangesRequested,
    Dismissed,
    Pending,
}

impl ReviewState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Commented => "COMMENTED",
            Self::Approved => "APPROVED",
            Self::ChangesRequested => "CHANGES_REQUESTED",
            Self::Dismissed => "DISMISSED",
            Self::Pending => "PENDING",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: Actor,
    pub(crate) body: String,
    pub(crate) state: ReviewState,
    pub(crate) commit: Option<String>,
    pub(crate) submitted_at: DateTime<Utc>,
}

/// Where in the difference a review comment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub(crate) path: String,
    pub(crate) line: Option<u64>,
    pub(crate) start_line: Option<u64>,
    /// `LEFT` or `RIGHT`.
    pub(crate) side: String,
    pub(crate) start_side: Option<String>,
    /// Lines below the first hunk header.
    pub(crate) position: Option<u64>,
    pub(crate) text: String,
}

/// The state of a conversation; kept on its first comment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Thread {
    pub(crate) resolved_by: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct ReviewComment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) review: Option<u64>,
    pub(crate) author: Actor,
    pub(crate) body: String,
    pub(crate) commit: String,
    pub(crate) hunk: Hunk,
    pub(crate) reply_to: Option<u64>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) thread: Thread,
}

//! Pull requests, their files, commits and reviews.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{BranchName, CommitSha, PullNumber};
use super::user::User;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    pub number: PullNumber,
    pub title: String,
    pub body: String,
    pub open: bool,
    pub merged: bool,
    pub draft: bool,
    pub locked: bool,
    pub author: Option<User>,
    pub head: PullSide,
    pub base: PullSide,
    pub labels: Vec<String>,
    /// `None` while GitHub has not computed it; lists never carry it. `None` is never a pass.
    pub mergeable: Option<bool>,
    /// Somebody armed GitHub's own auto-merge.
    pub auto_merge: bool,
    pub merge_commit: Option<CommitSha>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub url: String,
}

impl Pull {
    pub fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label.eq_ignore_ascii_case(name))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullSide {
    pub branch: BranchName,
    pub sha: CommitSha,
    /// The database id of the repository; `None` when it was deleted.
    pub repo_id: Option<u64>,
}

/// A file of a pull request or a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    pub path: String,
    /// The old path of a rename or a copy.
    pub previous_path: Option<String>,
    pub status: FileStatus,
    pub additions: u64,
    pub deletions: u64,
    /// The unified diff of this file without headers. GitHub leaves it out for binary files and for large ones.
    pub patch: Option<String>,
    /// The blob at the head; absent or stale for removed files.
    pub blob: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    Added,
    Modified,
    Removed,
    Renamed,
    Copied,
    /// Type changes and whatever GitHub may add.
    Other,
}

/// A list with the knowledge whether it is whole. A cut list never counts as a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub sha: CommitSha,
    pub tree: String,
    pub parents: Vec<CommitSha>,
    pub message: String,
    pub author: Option<User>,
    pub committed_at: DateTime<Utc>,
}

/// `base...head` as `GET /repos/{o}/{r}/compare` gives it: at most 250 commits and 300 files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub ahead_by: u64,
    pub behind_by: u64,
    pub merge_base: CommitSha,
    pub commits: Listed<Commit>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub author: Option<User>,
    pub state: ReviewState,
    /// The commit that was reviewed; `None` when it was garbage-collected.
    pub commit: Option<CommitSha>,
    pub submitted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    Approved,
    ChangesRequested,
    Commented,
    Dismissed,
    Pending,
    Other,
}

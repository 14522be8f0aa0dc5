//! Pull requests, their files and reviews on the wire.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{LabelWire, UserWire};
use crate::domain::ids::{BranchName, CommitSha, IdError, PullNumber};
use crate::domain::pull::{ChangedFile, FileStatus, Pull, PullSide, Review, ReviewState};

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct PullWire {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    #[serde(default)]
    merged: Option<bool>,
    merged_at: Option<DateTime<Utc>>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    locked: bool,
    user: Option<UserWire>,
    head: SideWire,
    base: SideWire,
    labels: Vec<LabelWire>,
    #[serde(default)]
    mergeable: Option<bool>,
    #[serde(default)]
    auto_merge: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    merge_commit_sha: Option<CommitSha>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    html_url: String,
}

#[derive(Debug, Deserialize)]
struct SideWire {
    #[serde(rename = "ref")]
    branch: String,
    sha: CommitSha,
    repo: Option<RepoWire>,
}

#[derive(Debug, Deserialize)]
struct RepoWire {
    id: u64,
}

impl TryFrom<SideWire> for PullSide {
    type Error = IdError;

    fn try_from(side: SideWire) -> Result<Self, IdError> {
        let branch: BranchName = side.branch.parse()?;
        Ok(Self { branch, sha: side.sha, repo_id: side.repo.map(|repo| repo.id) })
    }
}

impl TryFrom<PullWire> for Pull {
    type Error = IdError;

    fn try_from(pull: PullWire) -> Result<Self, IdError> {
        let merged = pull.merged.unwrap_or(false) || pull.merged_at.is_some();
        Ok(Self {
            number: PullNumber(pull.number),
            title: pull.title,
            body: pull.body.unwrap_or_default(),
            open: pull.state == "open",
            merged,
            draft: pull.draft,
            locked: pull.locked,
            author: pull.user.map(Into::into),
            head: pull.head.try_into()?,
            base: pull.base.try_into()?,
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
            mergeable: pull.mergeable,
            auto_merge: pull.auto_merge.is_some(),
            // Before the merge this is the test merge commit, which is no merge.
            merge_commit: pull.merge_commit_sha.filter(|_| merged),
            created_at: pull.created_at,
            updated_at: pull.updated_at,
            url: pull.html_url,
        })
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct FileWire {
    filename: String,
    #[serde(default)]
    previous_filename: Option<String>,
    status: String,
    additions: u64,
    deletions: u64,
    #[serde(default)]
    patch: Option<String>,
    sha: Option<String>,
}

impl From<FileWire> for ChangedFile {
    fn from(file: FileWire) -> Self {
        let status = match file.status.as_str() {
            "added" => FileStatus::Added,
            "modified" => FileStatus::Modified,
            "removed" => FileStatus::Removed,
            "renamed" => FileStatus::Renamed,
            "copied" => FileStatus::Copied,
            _ => FileStatus::Other,
        };
        Self {
            path: file.filename,
            previous_path: file.previous_filename,
            status,
            additions: file.additions,
            deletions: file.deletions,
            patch: file.patch,
            blob: file.sha,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ReviewWire {
    user: Option<UserWire>,
    state: String,
    commit_id: Option<String>,
    #[serde(default)]
    submitted_at: Option<DateTime<Utc>>,
}

impl From<ReviewWire> for Review {
    fn from(review: ReviewWire) -> Self {
        let state = match review.state.as_str() {
            "APPROVED" => ReviewState::Approved,
            "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
            "COMMENTED" => ReviewState::Commented,
            "DISMISSED" => ReviewState::Dismissed,
            "PENDING" => ReviewState::Pending,
            _ => ReviewState::Other,
        };
        // A garbage-collected commit is null, or empty in some answers: a review of nothing that can be named.
        let commit = review.commit_id.and_then(|sha| sha.parse().ok());
        Self { author: review.user.map(Into::into), state, commit, submitted_at: review.submitted_at }
    }
}

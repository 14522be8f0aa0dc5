//! What the ledger remembers, as plain values for the jobs' decisions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::verdict::ReviewVerdict;
use crate::domain::ids::{BranchName, CommitSha, Digest, IssueNumber, PullNumber};
use crate::domain::money::Usd;

/// Replayed from the ledger; oldest first in every list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Memory {
    pub claims: Vec<Claim>,
    /// Commits that we pushed.
    pub pushes: Vec<Push>,
    pub pulls: Vec<OpenedPull>,
    pub approvals: Vec<Approval>,
    pub verdicts: Vec<ReviewVerdict>,
    pub merges: Vec<Merge>,
    pub gave_up: Vec<GaveUp>,
    /// Keys of the issues that we filed.
    pub filed: Vec<String>,
    /// Money spent on models in the current calendar month (UTC).
    pub spent_this_month: Usd,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub branch: BranchName,
    pub issue: IssueNumber,
    pub base: CommitSha,
    /// The workflow run that claimed it; `None` on a laptop.
    pub run: Option<u64>,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    pub branch: BranchName,
    pub sha: CommitSha,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedPull {
    pub branch: BranchName,
    pub base: BranchName,
    pub pull: PullNumber,
    pub issue: IssueNumber,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub issue: IssueNumber,
    pub spec: Digest,
    pub approved_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    pub pull: PullNumber,
    pub head: CommitSha,
    pub commit: Option<CommitSha>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaveUp {
    pub issue: IssueNumber,
    pub reason: String,
    pub at: DateTime<Utc>,
}

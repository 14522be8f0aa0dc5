//! Check runs, commit statuses, workflow runs and branch rules, as the gate needs them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{CheckRunId, CommitSha};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    pub id: CheckRunId,
    pub name: String,
    pub suite_id: Option<u64>,
    pub app_id: Option<u64>,
    pub completed: bool,
    /// `None` until completed. Unknown words map to `Other`, which never passes.
    pub conclusion: Option<Conclusion>,
    pub external_id: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Source: <https://docs.github.com/rest/checks/runs#get-a-check-run>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    Success,
    Failure,
    Neutral,
    Cancelled,
    Skipped,
    TimedOut,
    ActionRequired,
    Stale,
    StartupFailure,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatus {
    /// Compared without case, as GitHub does.
    pub context: String,
    pub state: StatusState,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    Success,
    Pending,
    Failure,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowRun {
    pub id: u64,
    /// `.github/workflows/ci.yml`.
    pub path: String,
    pub event: String,
    pub head_sha: CommitSha,
    pub attempt: u64,
    pub completed: bool,
    pub conclusion: Option<Conclusion>,
    pub suite_id: Option<u64>,
}

/// What the server requires of a branch: rulesets together with classic protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchRules {
    pub required_checks: Vec<RequiredCheck>,
    /// Types of all active rules (`pull_request`, `non_fast_forward`, `deletion`, …).
    pub rule_types: Vec<String>,
    /// The head must contain the base's tip.
    pub strict: bool,
    pub required_approvals: u64,
    /// Every source could be read. When false, an empty list means "unknown".
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredCheck {
    pub context: String,
    /// The app that must have reported it, where the rule names one.
    pub app_id: Option<u64>,
}

//! What a command came to, and the one table of exit codes.

use serde::Serialize;

/// The exit codes that `product.md` publishes. Others are reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    Unexpected = 1,
    /// Usage or configuration.
    Usage = 2,
    /// GitHub or the model is not available; safe to run again.
    Unavailable = 3,
    /// Stopped by a guard or a budget.
    Stopped = 4,
    /// Refused by policy, where `fail-on-refusal` is set.
    Refused = 10,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A failure for people: what happened, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    /// Lower case, no final stop, no secret.
    pub message: String,
    /// What to do about it; empty when there is nothing to add.
    pub hint: String,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: hint.into() }
    }
}

/// The step outputs of `product.md`; absent values are written as empty strings.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct StepOutputs {
    pub command: String,
    pub issue_number: Option<u64>,
    pub pull_request_number: Option<u64>,
    pub pull_request_url: Option<String>,
    pub head_sha: Option<String>,
    pub decision: String,
    pub reason: String,
    pub should_block: Option<bool>,
    pub issues_created: Option<u64>,
    pub vulnerabilities_found: Option<u64>,
    pub score: Option<u64>,
    pub cost_usd: Option<f64>,
    pub tokens: Option<u64>,
    pub plan_path: Option<String>,
}

//! The repository's own checks and what came of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A check that the engineer must keep green: a command line from the configuration on the default branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSpec {
    pub name: String,
    /// Given to the shell as it is written; it comes from the owner's own configuration, never from a model or an issue.
    pub run: String,
    pub timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub name: String,
    pub status: CheckStatus,
    /// Standard output and error together, cut in the middle beyond the cap, secrets removed.
    pub output: String,
    /// Wall time in milliseconds.
    pub millis: u64,
}

impl CheckResult {
    pub fn passed(&self) -> bool {
        self.status == CheckStatus::Passed
    }
}

/// A check that could not run is not a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Passed,
    /// The process's own exit code; `None` when a signal ended it.
    Failed(Option<i32>),
    TimedOut,
    CouldNotRun(String),
}

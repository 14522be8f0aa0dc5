//! What the engineer is doing, for whoever watches. Plain data: the hall decides how it is shown.

use serde::Serialize;

use crate::domain::money::Usage;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Progress {
    /// A check ran on the untouched base (`before`) or on the change.
    Check {
        name: String,
        before: bool,
        passed: bool,
        millis: u64,
    },
    /// The files that the brief shows, best first.
    Ranked {
        files: Vec<String>,
        scanned: usize,
    },
    Turn {
        number: u32,
        of: u32,
        usage: Usage,
    },
    /// A tool was called; `detail` is untrusted.
    Tool {
        name: String,
        detail: String,
        refused: bool,
    },
    /// Another coding agent's command is running.
    Agent {
        attempt: u32,
    },
}

/// Where progress goes.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

//! Verdicts: what a review said of a commit, and what every gate said of a merge.

use serde::{Deserialize, Serialize};

use crate::domain::finding::{Role, Severity};
use crate::domain::ids::{CommitSha, Digest, PullNumber};
use crate::domain::money::Usd;

/// What a role's review said of one head commit. Kept in the ledger; the merge gate reads it there and nowhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewVerdict {
    pub pull: PullNumber,
    pub role: Role,
    pub head: CommitSha,
    pub base: CommitSha,
    /// Digest of the reviewed change as the reviewer saw it.
    pub diff: Digest,
    pub policy: Digest,
    pub result: ReviewResult,
    /// 0 to 100, as the model gave it (the lowest over chunks).
    pub score: u8,
    pub coverage: Coverage,
    /// Severities of the grounded findings.
    pub findings: Vec<Severity>,
    /// Findings whose quote did not stand in the change.
    pub ungrounded: u64,
    pub model: String,
    pub cost: Usd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewResult {
    Passed,
    /// A critical finding: never merged.
    Blocked,
    /// A high finding: a human must agree.
    NeedsHuman,
    /// Part of the change was not read, or an answer could not be used. Never a pass.
    Incomplete,
}

/// Changed lines that the reviewer was shown, of all changed lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    pub reviewed: u64,
    pub total: u64,
}

impl Coverage {
    pub fn is_full(self) -> bool {
        self.total > 0 && self.reviewed >= self.total
    }
}

/// Every gate's answer about merging one pull request at one head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub pull: PullNumber,
    pub head: CommitSha,
    /// The base branch's tip that was judged.
    pub base: CommitSha,
    pub policy: Digest,
    pub gates: Vec<Gate>,
}

/// One rule, with what it wanted and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub name: String,
    pub state: GateState,
    pub expected: String,
    pub actual: String,
    /// What a person can do about a gate that did not pass; empty when it passed.
    pub hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    Passed,
    /// May pass later by itself: checks still running, mergeability not computed, something unreadable.
    Waiting,
    /// A person can let it pass.
    NeedsHuman,
    /// Cannot pass for this head.
    Blocked,
}

impl Verdict {
    /// The worst gate decides; no gates is a block, never a pass.
    pub fn state(&self) -> GateState {
        self.gates.iter().map(|gate| gate.state).max().unwrap_or(GateState::Blocked)
    }

    pub fn failed(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(|gate| gate.state != GateState::Passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gates_is_no_pass() {
        let sha: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let verdict =
            Verdict { pull: PullNumber(1), head: sha.clone(), base: sha, policy: Digest::of(""), gates: Vec::new() };
        assert_eq!(verdict.state(), GateState::Blocked);
    }

    #[test]
    fn an_empty_diff_is_not_covered() {
        assert!(!Coverage { reviewed: 0, total: 0 }.is_full());
        assert!(!Coverage { reviewed: 9, total: 10 }.is_full());
        assert!(Coverage { reviewed: 10, total: 10 }.is_full());
    }
}

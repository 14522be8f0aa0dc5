//! What a review says: severity, place, quote and a fingerprint that survives line moves.

use serde::{Deserialize, Serialize};

use super::ids::Digest;

/// Who speaks to a model, or reviews. The configuration names a model for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Engineer,
    Cto,
    Ciso,
    Pm,
    Architect,
    Qa,
    Security,
}

impl Role {
    /// The name in the configuration, in markers and in check names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engineer => "engineer",
            Self::Cto => "cto",
            Self::Ciso => "ciso",
            Self::Pm => "pm",
            Self::Architect => "architect",
            Self::Qa => "qa",
            Self::Security => "security",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One finding, grounded: its quote stands in the reviewed change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub role: Role,
    pub title: String,
    pub severity: Severity,
    pub category: String,
    pub path: String,
    /// 1-based line at the head; `end_line` is at least `line`.
    pub line: u64,
    pub end_line: u64,
    pub quote: String,
    pub explanation: String,
    pub suggestion: String,
    /// 0 to 1.
    pub confidence: f64,
}

impl Finding {
    /// Role, path and the quote without white space: the same problem keeps its fingerprint when lines move
    /// or when the model words it anew.
    pub fn fingerprint(&self) -> Digest {
        let quote: String = self.quote.split_whitespace().collect();
        Digest::of(format!("{}\n{}\n{quote}", self.role.name(), self.path))
    }
}

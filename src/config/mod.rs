//! Configuration: as written, layered with sources, validated with all problems at once.
//!
//! `raw` mirrors the file, `layers` remembers where each value came from, and this file holds the valid form that
//! the rest of the house reads. [`load()`] is the way in.

mod defaults;
mod digest;
mod layers;
mod load;
mod node;
pub mod problem;
mod protected;
mod raw;
mod schema;
mod shape;
mod valid;

use std::collections::BTreeMap;

use globset::GlobSet;
use serde::{Deserialize, Serialize};

pub use defaults::{ACTION_NAMES, PROTECTED_PATHS};
pub use layers::{Inputs, Source};
pub use load::{ConfigFile, Loaded, Setting, load};
pub use problem::{Problem, Problems};
pub use schema::schema;

use crate::domain::finding::Role;
use crate::domain::ids::Digest;
use crate::domain::money::Usd;
use crate::domain::verification::CheckSpec;

/// The effective, valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The role's model; a role that is absent takes the engineer's. Use [`Config::model`].
    pub models: BTreeMap<Role, ModelChoice>,
    pub budget: Budget,
    /// Prices that the configuration adds to the built-in table, by model name.
    pub prices: BTreeMap<String, Price>,
    pub checks: Vec<CheckSpec>,
    pub backlog: Backlog,
    pub implement: Implement,
    pub review: Review,
    /// In the order written: the first match wins.
    pub actions: Vec<ActionRule>,
    pub merge: Merge,
    pub labels: Labels,
    /// Digest of the effective policy (actions, merge, review, implement guards): verdicts carry it.
    pub policy_digest: Digest,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelChoice {
    pub provider: Provider,
    pub model: String,
    /// `None`: the parameter is not sent.
    pub temperature: Option<f64>,
    /// The most tokens one answer may have.
    pub max_output_tokens: u64,
    /// The model's context window in tokens.
    pub context_tokens: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Openai,
    Anthropic,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Budget {
    pub task: Usd,
    pub review: Usd,
    pub month_soft: Usd,
    pub month_hard: Usd,
    pub requests_per_minute: u32,
}

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Price {
    pub input_per_million: Usd,
    pub output_per_million: Usd,
    /// `None`: cached input costs as much as other input.
    pub cached_input_per_million: Option<Usd>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backlog {
    pub weights: Weights,
    pub max_open_pull_requests: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Weights {
    pub priority: f64,
    pub sprint: f64,
    pub age: f64,
    pub blocked: f64,
}

#[derive(Debug, Clone)]
pub struct Implement {
    pub engine: Engine,
    /// The program and its arguments for [`Engine::Command`].
    pub command: String,
    pub strategy: Strategy,
    pub max_turns: u32,
    /// Paths the engineer may not touch, the built-in ones included; see [`Implement::protected_globs`].
    pub protected_paths: GlobSet,
    /// The same as written, for messages.
    pub protected_globs: Vec<String>,
    pub max_files: u64,
    pub max_changed_lines: u64,
    pub max_file_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    Builtin,
    Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    Single,
    Pipeline,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    pub max_new_issues: u64,
    pub cto: bool,
    pub ciso: bool,
}

/// A rule of the policy: action names (`pr.merge`, `issue.*`), risk and mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionRule {
    pub pattern: String,
    pub risk: Risk,
    pub mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Auto,
    Ask,
    RequireApproval,
    /// `auto` in a private repository, `ask` in a public one.
    AskIfChannelPublic,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Merge {
    pub method: MergeMethod,
    /// Workflow files to start where our pull requests start none.
    pub dispatch: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    Merge,
    Squash,
    Rebase,
}

/// Names of the labels we read and write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Labels {
    pub roadmap: String,
    pub needs_approval: String,
    pub suggestion: String,
    pub security: String,
    pub blocked: String,
    pub pinned: String,
    pub automated: String,
    pub consensus_approved: String,
    pub security_review: String,
    pub failed: String,
    pub hold: String,
    /// `critical`, `high`, `medium`, `low` are appended: `severity-high`.
    pub severity_prefix: String,
    pub priority_prefix: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            roadmap: "roadmap".into(),
            needs_approval: "needs-approval".into(),
            suggestion: "agent-suggestion".into(),
            security: "security".into(),
            blocked: "blocked".into(),
            pinned: "pinned".into(),
            automated: "automated".into(),
            consensus_approved: "consensus-approved".into(),
            security_review: "security-review".into(),
            failed: "autonomy:failed".into(),
            hold: "autonomy:hold".into(),
            severity_prefix: "severity-".into(),
            priority_prefix: "priority-".into(),
        }
    }
}

impl Config {
    /// What holds without a file and without inputs. No model is named.
    pub fn defaults() -> Self {
        load::defaults()
    }

    /// The role's model, or the engineer's. `None` when the configuration names neither.
    pub fn model(&self, role: Role) -> Option<&ModelChoice> {
        self.models.get(&role).or_else(|| self.models.get(&Role::Engineer))
    }
}

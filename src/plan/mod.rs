//! Outward effects as data, and the guard that lets them through or not.
//!
//! A job returns a [`Plan`]; [`guard::guard`] turns it into a [`guard::GuardedPlan`]; only `apply` performs that.

pub mod action;
pub mod guard;
pub mod limits;
pub mod memory;
pub mod policy;
pub mod verdict;

use serde::{Deserialize, Serialize};

pub use action::{Action, Target};

use crate::domain::ids::{Digest, RepoName};

/// What a job wants to happen, in order. Plain data: printed by a dry run, saved by `--plan-out`, performed by `apply`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this format; readers refuse what they don't know.
    pub version: u32,
    pub repo: RepoName,
    /// The job that made it, such as `run` or `review`.
    pub job: String,
    /// One sentence for people: what this does and why.
    pub summary: String,
    /// Digest of the policy the plan was made under; performing it under another policy is refused.
    pub policy: Digest,
    pub actions: Vec<Action>,
}

impl Plan {
    pub const VERSION: u32 = 1;

    pub fn new(repo: &RepoName, job: &str, summary: impl Into<String>, policy: &Digest) -> Self {
        Self {
            version: Self::VERSION,
            repo: repo.clone(),
            job: job.to_owned(),
            summary: summary.into(),
            policy: policy.clone(),
            actions: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

//! `merge`: facts, gates, verdict. Merges only where every gate passes and the policy says `auto`.
//!
//! [`facts::gather`] reads, [`decide`] judges without any I/O, [`plan::plan`] says what should leave.

pub mod facts;
mod gates;
pub mod plan;
mod text;

use chrono::{DateTime, Utc};

pub use facts::{Ask, Facts, OwnRun, Read, gather};
pub use plan::plan;

use crate::config::Config;
use crate::plan::verdict::Verdict;

/// Every gate's answer about the pull request at its head. Anything unread, cut or missing is no pass.
pub fn decide(facts: &Facts, config: &Config, now: DateTime<Utc>) -> Verdict {
    let ground = gates::Ground { facts, config, now };
    Verdict {
        pull: facts.pull.number,
        head: facts.pull.head.sha.clone(),
        base: facts.base_tip.known().unwrap_or(&facts.pull.base.sha).clone(),
        policy: config.policy_digest.clone(),
        gates: gates::GATES.iter().map(|rule| rule.judge(&ground)).collect(),
    }
}

#[cfg(test)]
mod tests;

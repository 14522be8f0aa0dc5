//! The reviewers as data: what each looks at and under which names it speaks.

use crate::config::Config;
use crate::domain::finding::Role;

/// One reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lens {
    pub role: Role,
    /// For people: `CTO`.
    pub name: &'static str,
    /// The name of the answer's schema in the model contract.
    pub schema: &'static str,
    /// The check run on the head.
    pub check: &'static str,
    /// The key of the sticky comment and of the check run.
    pub key: &'static str,
    /// In front of the titles of filed issues.
    pub title_prefix: &'static str,
    /// What to look at; part of the trusted prompt.
    pub focus: &'static str,
}

pub const CTO: Lens = Lens {
    role: Role::Cto,
    name: "CTO",
    schema: "cto_review",
    check: "autonomy / cto",
    key: "review-cto",
    title_prefix: "[CTO Suggestion]",
    focus: "You review as the CTO: correctness first, then design. Look for wrong results, unhandled errors and edge cases, \
broken or missing tests for what changed, races, resource leaks, broken public interfaces, needless complexity, and duplication. \
Do not report style that a formatter settles, and do not praise.",
};

pub const CISO: Lens = Lens {
    role: Role::Ciso,
    name: "CISO",
    schema: "ciso_review",
    check: "autonomy / ciso",
    key: "review-ciso",
    title_prefix: "[Security]",
    focus: "You review as the CISO: security only. Look for injection of every kind, missing authentication or authorisation, \
secrets in code, unsafe deserialisation, path traversal, request forgery, weak cryptography, unsafe defaults, dangerous \
dependencies, data exposure, denial of service, and code that was made to look harmless (misleading names, invisible or \
direction-changing characters, written here as <U+202E>). Do not report what is not a risk.",
};

/// The reviewers that the configuration enables, in a fixed order.
pub fn enabled(config: &Config) -> Vec<Lens> {
    [(config.review.cto, CTO), (config.review.ciso, CISO)]
        .into_iter()
        .filter_map(|(enabled, lens)| enabled.then_some(lens))
        .collect()
}

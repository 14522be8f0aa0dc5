//! Every object as GitHub's REST API writes it, complete: one function a schema of its OpenAPI description.

mod checks;
mod commit;
mod event;
mod issue;
mod objects;
mod people;
mod pull;
mod repository;
mod review;
mod rules;
mod runs;
mod timeline;

pub(crate) use checks::{check_run, check_suite, combined_status, status};
pub(crate) use commit::{Commit, commit, diff_entry, git_commit};
pub(crate) use event::{issue_event, issue_event_in};
pub(crate) use issue::{association, comment, issue, label, milestone, reaction};
pub(crate) use objects::{branch, content, git_ref, git_tree, lines as base64_lines, short_branch};
pub(crate) use people::{app, ghost_or, kind as user_type, prefix as user_prefix, public_user, user};
pub(crate) use pull::{mergeable_state, pull, pull_minimal, pull_simple};
pub(crate) use repository::{full_repository, minimal_repository, repository, simple_repository};
pub(crate) use review::{review, review_comment};
pub(crate) use rules::{Detail, advisory, protection, rule_of_branch, ruleset};
pub(crate) use runs::{job, workflow, workflow_run};
pub(crate) use timeline::timeline;

use std::fmt::Write as _;

use serde_json::Value;

/// An opaque global node id. `prefix` is GitHub's own for the type (`I`, `PR`, `U`, …).
pub(crate) fn node_id(prefix: &str, id: impl std::fmt::Display) -> String {
    format!("{prefix}_kwSB{id}")
}

/// Joins JSON objects; later fields win.
pub(crate) fn merged(mut left: Value, right: Value) -> Value {
    if let (Value::Object(left), Value::Object(right)) = (&mut left, right) {
        left.extend(right);
    }
    left
}

/// A path as it stands in a link: what a URL cannot hold is percent-encoded, slashes stay.
pub(crate) fn in_link(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            // Writing to a string does not fail.
            let _ = write!(out, "{byte:02X}");
        }
    }
    out
}

impl super::state::State {
    /// The REST address of the repository.
    pub(crate) fn api(&self) -> String {
        format!("{}/repos/{}", self.urls.api, self.name)
    }

    /// The page of the repository.
    pub(crate) fn page(&self) -> String {
        format!("{}/{}", self.urls.html, self.name)
    }
}

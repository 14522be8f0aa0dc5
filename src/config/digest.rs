//! The digest of the policy in force. Verdicts and plans carry it, so that none outlives a change of the rules.

use serde_json::json;

use super::Config;
use crate::domain::ids::Digest;

/// Over what decides about outward effects: actions, merge, review, the engineer's limits and the labels' names.
pub(super) fn policy(config: &Config) -> Digest {
    let implement = &config.implement;
    let policy = json!({
        "actions": config.actions,
        "merge": config.merge,
        "review": config.review,
        "implement": {
            "engine": implement.engine,
            "strategy": implement.strategy,
            "protected_paths": implement.protected_globs,
            "max_files": implement.max_files,
            "max_changed_lines": implement.max_changed_lines,
            "max_file_bytes": implement.max_file_bytes,
        },
        "labels": config.labels,
    });
    Digest::of(policy.to_string())
}

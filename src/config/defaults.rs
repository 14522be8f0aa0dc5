//! What holds where nothing is written.

use serde_json::{Map, Value, json};

use crate::domain::finding::Role;

/// The roles in the order of the file.
pub(super) const ROLES: [Role; 7] =
    [Role::Engineer, Role::Cto, Role::Ciso, Role::Pm, Role::Architect, Role::Qa, Role::Security];

/// Seconds after which a check is ended.
pub(super) const CHECK_TIMEOUT: u64 = 600;

/// A model's context window where the configuration doesn't say.
pub(super) const CONTEXT_TOKENS: u64 = 128_000;

pub(super) fn temperature(role: Role) -> f64 {
    match role {
        Role::Engineer => 0.3,
        Role::Ciso => 0.1,
        _ => 0.2,
    }
}

/// Small enough that a review's budget covers its worst case at common prices.
pub(super) fn max_output_tokens(role: Role) -> u64 {
    if role == Role::Engineer { 8_192 } else { 4_096 }
}

/// Paths that are never changed and never merged by us: workflows and policy, ownership, secrets, and what steers agents,
/// git or a build service. In the manner of `.gitignore`; the configuration can add to them and not take away.
pub const PROTECTED_PATHS: &[&str] = &[
    // Workflows, actions, CODEOWNERS, Dependabot and Copilot instructions.
    ".github/",
    ".autonomy/",
    "CODEOWNERS",
    // Secrets and keys.
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".npmrc",
    ".yarnrc*",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    // What git itself acts on.
    ".gitmodules",
    ".gitattributes",
    // Other build services.
    ".gitlab-ci.yml",
    "/.circleci/",
    "/.buildkite/",
    "/.travis.yml",
    "/azure-pipelines.yml",
    "Jenkinsfile",
    // Instructions and settings of coding agents.
    "AGENTS.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    ".claude/",
    ".codex/",
    ".cursor/",
    ".cursorrules",
    ".windsurfrules",
    ".mcp.json",
];

/// Names of the actions that rules under `actions:` can match; `plan::Action::name` gives them.
pub const ACTION_NAMES: &[&str] = &[
    "advisory.create",
    "branch.commit",
    "branch.create",
    "branch.delete",
    "check.publish",
    "issue.close",
    "issue.comment",
    "issue.create",
    "issue.create.low",
    "issue.label",
    "label.create",
    "ledger.note",
    "pr.close",
    "pr.comment.summary",
    "pr.label",
    "pr.merge",
    "pr.open",
    "workflow.dispatch",
];

/// The lowest layer, in the shape of the file.
pub(super) fn layer() -> Map<String, Value> {
    let value = json!({
        "version": 1,
        "budget": {
            "task_usd": 1.0,
            "review_usd": 0.1,
            "month_soft_usd": 50.0,
            "month_hard_usd": 200.0,
            "requests_per_minute": 10
        },
        "checks": [],
        "backlog": {
            "weights": {"priority": 5.0, "sprint": 3.0, "age": 1.0, "blocked": -100.0},
            "max_open_pull_requests": 3
        },
        "implement": {
            "engine": "builtin",
            "command": "",
            "strategy": "single",
            "max_turns": 40,
            "protected_paths": [],
            "max_files": 50,
            "max_changed_lines": 3000,
            "max_file_bytes": 1_000_000
        },
        "review": {
            "max_new_issues": 5,
            "roles": {"cto": {"enabled": true}, "ciso": {"enabled": true}}
        },
        "merge": {"method": "squash", "dispatch": []},
        "labels": super::Labels::default()
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

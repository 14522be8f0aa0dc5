//! The repository's settings, protections, rules, advisories and activity.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::sandbox::people::Actor;

#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) id: u64,
    pub(crate) private: bool,
    pub(crate) default_branch: String,
    pub(crate) description: Option<String>,
    pub(crate) archived: bool,
    pub(crate) has_issues: bool,
    pub(crate) allow_merge_commit: bool,
    pub(crate) allow_squash_merge: bool,
    pub(crate) allow_rebase_merge: bool,
    pub(crate) delete_branch_on_merge: bool,
    /// "Allow GitHub Actions to create and approve pull requests".
    pub(crate) actions_can_create_pulls: bool,
    /// Private vulnerability reporting and draft advisories.
    pub(crate) advisories: bool,
    pub(crate) dependency_graph: bool,
    /// How many reads see `mergeable: null`.
    pub(crate) mergeable_reads: u32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) pushed_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Repo {
    pub(crate) fn new(private: bool, default_branch: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: 1_234_567,
            private,
            default_branch: default_branch.to_owned(),
            description: None,
            archived: false,
            has_issues: true,
            allow_merge_commit: true,
            allow_squash_merge: true,
            allow_rebase_merge: true,
            delete_branch_on_merge: false,
            actions_can_create_pulls: true,
            advisories: true,
            dependency_graph: false,
            mergeable_reads: 1,
            created_at: now,
            pushed_at: now,
            updated_at: now,
        }
    }
}

/// Classic branch protection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protection {
    /// Required contexts with the App they must come from, if any.
    pub contexts: Vec<(String, Option<u64>)>,
    /// The head must contain the base branch's tip.
    pub strict: bool,
    /// Approvals by writers that a merge needs.
    pub approvals: u64,
    pub dismiss_stale_reviews: bool,
    pub require_code_owner_reviews: bool,
    pub enforce_admins: bool,
    pub required_conversation_resolution: bool,
}

/// A ruleset of the repository, with rules as GitHub's REST API writes them (`{"type": …, "parameters": …}`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruleset {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// Branch patterns: `~DEFAULT_BRANCH`, `~ALL`, or `refs/heads/…` with `*` and `**`.
    pub(crate) include: Vec<String>,
    pub(crate) rules: Vec<Value>,
    pub(crate) bypass_actors: Vec<Value>,
    pub(crate) active: bool,
    pub(crate) created_at: DateTime<Utc>,
}

impl Ruleset {
    /// Whether the ruleset holds for a branch.
    pub(crate) fn covers(&self, branch: &str, default_branch: &str) -> bool {
        let full = format!("refs/heads/{branch}");
        self.active
            && self.include.iter().any(|pattern| match pattern.as_str() {
                "~ALL" => true,
                "~DEFAULT_BRANCH" => branch == default_branch,
                pattern => globset::GlobBuilder::new(pattern)
                    .literal_separator(true)
                    .build()
                    .is_ok_and(|glob| glob.compile_matcher().is_match(&full)),
            })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Advisory {
    pub(crate) ghsa: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) severity: Option<String>,
    pub(crate) cwe_ids: Vec<String>,
    pub(crate) vulnerabilities: Value,
    pub(crate) author: u64,
    pub(crate) created_at: DateTime<Utc>,
}

/// One change of a branch, as the activity log shows it.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) id: u64,
    pub(crate) before: String,
    pub(crate) after: String,
    /// Full reference name.
    pub(crate) reference: String,
    pub(crate) kind: &'static str,
    pub(crate) actor: Actor,
    pub(crate) at: DateTime<Utc>,
}

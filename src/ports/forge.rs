//! GitHub as jobs see it: everything is read through [`ForgeRead`], and only `apply` holds a [`ForgeWrite`].

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::check::{BranchRules, CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullNumber};
use crate::domain::issue::{Comment, EditHistory, Event, Issue};
use crate::domain::pull::{ChangedFile, Commit, Comparison, Listed, Pull, Review};
use crate::domain::user::{Identity, Permission};
use crate::plan::guard::GuardedAction;

/// Why a call to GitHub did not give an answer that can be used. Carries no request, no response body and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// 401: the token is wrong, expired or missing.
    #[error("GitHub does not accept the token ({what})")]
    BadToken { what: String },
    /// 403 or 404 on something that should be visible.
    #[error("the token may not {what}{}", needed(.permission.as_deref()))]
    Denied {
        what: String,
        /// The permission that GitHub names, such as `contents=write`.
        permission: Option<String>,
    },
    #[error("{what} was not found")]
    NotFound { what: String },
    /// 409, or a 422 that says the state has moved: a lost compare-and-swap, an existing branch, a stale head.
    #[error("{what}: {message}")]
    Conflict { what: String, message: String },
    /// Any other 4xx: GitHub refuses the request as it is.
    #[error("GitHub refused to {what}: {message}")]
    Refused { what: String, status: u16, message: String },
    /// Primary or secondary limit, after the waits we are ready to make.
    #[error("GitHub's rate limit is used up while trying to {what}")]
    RateLimited { what: String, retry_after: Duration },
    /// No answer, or 5xx. For a write the outcome is unknown.
    #[error("GitHub is not reachable while trying to {what}: {message}")]
    Unavailable { what: String, message: String },
    /// An answer that is not what GitHub documents.
    #[error("GitHub's answer to {what} could not be read: {message}")]
    Malformed { what: String, message: String },
}

fn needed(permission: Option<&str>) -> String {
    permission.map_or_else(String::new, |permission| format!("; it needs {permission}"))
}

impl ForgeError {
    /// The write may have happened: look before doing it again.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Malformed { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    pub id: u64,
    pub default_branch: BranchName,
    pub private: bool,
    pub archived: bool,
    pub has_issues: bool,
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    pub name: BranchName,
    pub sha: CommitSha,
}

/// Which issues or pull requests a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFilter {
    Open,
    All,
}

/// Everything a job may ask. Lists are read to their end; a list that GitHub cuts is marked in [`Listed::complete`].
#[async_trait]
pub trait ForgeRead: Send + Sync {
    async fn repository(&self) -> Result<Repository, ForgeError>;
    /// Who the token acts as.
    async fn identity(&self) -> Result<Identity, ForgeError>;
    /// The permission of a user by login; `None` for apps and for names that are no user.
    async fn permission(&self, login: &str) -> Result<Option<Permission>, ForgeError>;

    /// Issues without pull requests. `label` narrows the list to issues that carry it.
    async fn issues(&self, state: StateFilter, label: Option<&str>) -> Result<Vec<Issue>, ForgeError>;
    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError>;
    /// Comments of an issue or of a pull request's conversation, oldest first.
    async fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError>;
    /// Events of an issue or a pull request, oldest first.
    async fn events(&self, number: u64) -> Result<Vec<Event>, ForgeError>;
    async fn edit_history(&self, number: IssueNumber) -> Result<EditHistory, ForgeError>;
    async fn label_names(&self) -> Result<Vec<String>, ForgeError>;

    /// Open (or all) pull requests, newest first. `mergeable` is `None` in lists.
    async fn pulls(&self, state: StateFilter) -> Result<Vec<Pull>, ForgeError>;
    /// Pull requests in any state whose head is this branch of this repository, newest first.
    async fn pulls_of_branch(&self, branch: &BranchName) -> Result<Vec<Pull>, ForgeError>;
    async fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError>;
    /// At most 3,000 files; more makes the list incomplete.
    async fn pull_files(&self, number: PullNumber) -> Result<Listed<ChangedFile>, ForgeError>;
    async fn reviews(&self, number: PullNumber) -> Result<Vec<Review>, ForgeError>;
    /// `GET /pulls/{n}/merge`: whether GitHub says it is merged.
    async fn is_merged(&self, number: PullNumber) -> Result<bool, ForgeError>;

    /// `None` when the branch does not exist.
    async fn branch(&self, name: &BranchName) -> Result<Option<Branch>, ForgeError>;
    /// Branches whose name starts with the prefix, such as `automated/`.
    async fn branches(&self, prefix: &str) -> Result<Vec<Branch>, ForgeError>;
    async fn branch_rules(&self, name: &BranchName) -> Result<BranchRules, ForgeError>;
    async fn commit(&self, sha: &CommitSha) -> Result<Commit, ForgeError>;
    /// `base...head`.
    async fn compare(&self, base: &CommitSha, head: &CommitSha) -> Result<Comparison, ForgeError>;
    /// A file's bytes at a commit; `None` when there is none.
    async fn file(&self, path: &str, at: &CommitSha) -> Result<Option<Vec<u8>>, ForgeError>;

    async fn check_runs(&self, sha: &CommitSha) -> Result<Listed<CheckRun>, ForgeError>;
    async fn statuses(&self, sha: &CommitSha) -> Result<Listed<CommitStatus>, ForgeError>;
    /// Workflow runs at this head. `Denied` when the token has no `actions: read`.
    async fn workflow_runs(&self, sha: &CommitSha) -> Result<Listed<WorkflowRun>, ForgeError>;
    /// A workflow run by id; `None` when there is none (or it is no longer kept).
    async fn workflow_run(&self, id: u64) -> Result<Option<WorkflowRun>, ForgeError>;
    /// Hidden keys of our draft or published security advisories; `Denied` when the token may not read them.
    async fn advisory_keys(&self) -> Result<Vec<String>, ForgeError>;
}

/// What performing an action left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Effect {
    /// It had happened before; nothing was written now.
    pub already: bool,
    /// Number of the issue or pull request it concerns.
    pub number: Option<u64>,
    /// The commit that was made, or the branch's tip.
    pub sha: Option<CommitSha>,
    pub url: Option<String>,
}

/// The only way out. It takes a guarded action, so that nothing else can be written.
#[async_trait]
pub trait ForgeWrite: Send + Sync {
    /// Looks whether the action's effect stands already, by its key. `None` means it does not.
    async fn find(&self, action: &GuardedAction) -> Result<Option<Effect>, ForgeError>;

    /// Performs the action once, without looking and without repeating a write whose outcome is unknown.
    async fn perform(&self, action: &GuardedAction) -> Result<Effect, ForgeError>;
}

/// The hidden line at the end of every body we write: it carries the key by which the effect is found again. It counts only
/// in text by our own author id.
pub fn marker(key: &str) -> String {
    let safe: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.:/@#+".contains(c) { c } else { '_' }).collect();
    // `--` would end an HTML comment early.
    let safe = safe.replace("--", "-_");
    format!("<!-- autonomy:{safe} -->")
}

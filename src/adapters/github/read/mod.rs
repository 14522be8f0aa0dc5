//! [`ForgeRead`]: one file a subject.

mod checks;
mod git;
mod issues;
mod people;
mod pulls;
mod rules;

use async_trait::async_trait;

use super::GitHub;
use crate::domain::check::{BranchRules, CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullNumber};
use crate::domain::issue::{Comment, EditHistory, Event, Issue};
use crate::domain::pull::{ChangedFile, Commit, Comparison, Listed, Pull, Review};
use crate::domain::user::{Identity, Permission};
use crate::ports::forge::{Branch, ForgeError, ForgeRead, Repository, StateFilter};

#[async_trait]
impl ForgeRead for GitHub {
    async fn repository(&self) -> Result<Repository, ForgeError> {
        self.read_repository().await
    }

    async fn identity(&self) -> Result<Identity, ForgeError> {
        self.read_identity().await.cloned()
    }

    async fn permission(&self, login: &str) -> Result<Option<Permission>, ForgeError> {
        self.read_permission(login).await
    }

    async fn issues(&self, state: StateFilter, label: Option<&str>) -> Result<Vec<Issue>, ForgeError> {
        self.read_issues(state, label).await
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        self.read_issue(number).await
    }

    async fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        self.read_comments(number).await
    }

    async fn events(&self, number: u64) -> Result<Vec<Event>, ForgeError> {
        self.read_events(number).await
    }

    async fn edit_history(&self, number: IssueNumber) -> Result<EditHistory, ForgeError> {
        self.read_edit_history(number).await
    }

    async fn label_names(&self) -> Result<Vec<String>, ForgeError> {
        self.read_label_names().await
    }

    async fn pulls(&self, state: StateFilter) -> Result<Vec<Pull>, ForgeError> {
        self.read_pulls(state).await
    }

    async fn pulls_of_branch(&self, branch: &BranchName) -> Result<Vec<Pull>, ForgeError> {
        self.read_pulls_of_branch(branch).await
    }

    async fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError> {
        self.read_pull(number).await
    }

    async fn pull_files(&self, number: PullNumber) -> Result<Listed<ChangedFile>, ForgeError> {
        self.read_pull_files(number).await
    }

    async fn reviews(&self, number: PullNumber) -> Result<Vec<Review>, ForgeError> {
        self.read_reviews(number).await
    }

    async fn is_merged(&self, number: PullNumber) -> Result<bool, ForgeError> {
        self.read_is_merged(number).await
    }

    async fn branch(&self, name: &BranchName) -> Result<Option<Branch>, ForgeError> {
        self.read_branch(name).await
    }

    async fn branches(&self, prefix: &str) -> Result<Vec<Branch>, ForgeError> {
        self.read_branches(prefix).await
    }

    async fn branch_rules(&self, name: &BranchName) -> Result<BranchRules, ForgeError> {
        self.read_branch_rules(name).await
    }

    async fn commit(&self, sha: &CommitSha) -> Result<Commit, ForgeError> {
        self.read_commit(sha).await
    }

    async fn compare(&self, base: &CommitSha, head: &CommitSha) -> Result<Comparison, ForgeError> {
        self.read_comparison(base, head).await
    }

    async fn file(&self, path: &str, at: &CommitSha) -> Result<Option<Vec<u8>>, ForgeError> {
        self.read_file(path, at).await
    }

    async fn check_runs(&self, sha: &CommitSha) -> Result<Listed<CheckRun>, ForgeError> {
        self.read_check_runs(sha).await
    }

    async fn statuses(&self, sha: &CommitSha) -> Result<Listed<CommitStatus>, ForgeError> {
        self.read_statuses(sha).await
    }

    async fn workflow_runs(&self, sha: &CommitSha) -> Result<Listed<WorkflowRun>, ForgeError> {
        self.read_workflow_runs(sha).await
    }

    async fn workflow_run(&self, id: u64) -> Result<Option<WorkflowRun>, ForgeError> {
        self.read_workflow_run(id).await
    }

    async fn advisory_keys(&self) -> Result<Vec<String>, ForgeError> {
        self.read_advisory_keys().await
    }
}

/// Turns "not found" into nothing.
pub(super) fn optional<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(ForgeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

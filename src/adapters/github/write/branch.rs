//! Claiming and deleting branches, and starting workflows on them.

use http::Method;
use serde_json::json;

use crate::adapters::github::GitHub;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::forge::{Effect, ForgeError};

impl GitHub {
    /// The claim stands while the branch is at its base, or when its first commit was put on top.
    pub(super) async fn find_claim(&self, branch: &BranchName, base: &CommitSha) -> Result<Option<Effect>, ForgeError> {
        let Some(found) = self.read_branch(branch).await? else { return Ok(None) };
        let stands = found.sha == *base || self.read_commit(&found.sha).await?.parents == [base.clone()];
        Ok(stands.then(|| Effect { sha: Some(found.sha), ..Effect::default() }))
    }

    pub(super) async fn claim_branch(&self, branch: &BranchName, base: &CommitSha) -> Result<Effect, ForgeError> {
        let sha = self.create_branch(branch, base, &format!("create branch {branch}")).await?;
        let url = format!("{}/tree/{branch}", self.web_url());
        Ok(Effect { sha: Some(sha), url: Some(url), ..Effect::default() })
    }

    pub(super) async fn find_deleted(&self, branch: &BranchName) -> Result<Option<Effect>, ForgeError> {
        Ok(self.read_branch(branch).await?.is_none().then(Effect::default))
    }

    /// GitHub deletes without comparing, so the tip is looked at right before.
    pub(super) async fn delete_branch(&self, branch: &BranchName, expected: &CommitSha) -> Result<Effect, ForgeError> {
        let gone = Effect { already: true, ..Effect::default() };
        let Some(found) = self.read_branch(branch).await? else { return Ok(gone) };
        if found.sha != *expected {
            return Err(moved(branch, expected, Some(&found.sha)));
        }
        let name = format!("heads/{branch}");
        let doing = format!("delete branch {branch}");
        let template = "/repos/{owner}/{repo}/git/refs/{ref}";
        let request = self.write(Method::DELETE, template, &[&name], doing, json!(null)).bodiless();
        match self.send(&request).await {
            Ok(_) => Ok(Effect { sha: Some(found.sha), ..Effect::default() }),
            Err(ForgeError::NotFound { .. }) => Ok(gone),
            Err(ForgeError::Conflict { message, .. }) if message.contains("does not exist") => Ok(gone),
            Err(error) => Err(error),
        }
    }

    /// A run that was started by hand or by us at the branch's tip. Without `actions: read` nothing can be seen.
    pub(super) async fn find_dispatch(
        &self,
        workflow: &str,
        branch: &BranchName,
    ) -> Result<Option<Effect>, ForgeError> {
        let Some(tip) = self.read_branch(branch).await? else { return Ok(None) };
        let runs = match self.read_workflow_runs(&tip.sha).await {
            Ok(runs) => runs.items,
            Err(ForgeError::Denied { .. } | ForgeError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let file = format!("/{workflow}");
        let started = runs.iter().any(|run| run.event == "workflow_dispatch" && run.path.ends_with(&file));
        Ok(started.then(|| Effect { sha: Some(tip.sha), ..Effect::default() }))
    }

    pub(super) async fn dispatch(&self, workflow: &str, branch: &BranchName) -> Result<Effect, ForgeError> {
        let template = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches";
        let doing = format!("start workflow {workflow} on {branch}");
        let request = self.write(Method::POST, template, &[&workflow], doing, json!({ "ref": branch }));
        self.send(&request.about(format!("workflow {workflow}"))).await?;
        Ok(Effect::default())
    }
}

/// The branch is not where it was when the action was planned.
pub(super) fn moved(branch: &BranchName, expected: &CommitSha, found: Option<&CommitSha>) -> ForgeError {
    let found = found.map_or_else(|| "does not exist".to_owned(), |sha| format!("is at {}", sha.short()));
    let message = format!("it {found}, not at {} as expected", expected.short());
    ForgeError::Conflict { what: format!("branch {branch}"), message }
}

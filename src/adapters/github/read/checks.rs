//! Check runs, statuses and workflow runs of a commit.

use super::optional;
use crate::adapters::github::GitHub;
use crate::adapters::github::wire::check::{CheckRunPage, CheckRunWire, StatusWire, WorkflowRunPage, WorkflowRunWire};
use crate::domain::check::{CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::CommitSha;
use crate::domain::pull::Listed;
use crate::ports::forge::ForgeError;

/// GitHub keeps no more statuses of a commit than this.
const MAX_STATUSES: usize = 1000;

impl GitHub {
    pub(super) async fn read_check_runs(&self, sha: &CommitSha) -> Result<Listed<CheckRun>, ForgeError> {
        let (runs, complete) = self.check_run_wires(sha).await?;
        Ok(Listed { items: runs.into_iter().map(Into::into).collect(), complete })
    }

    /// The latest check runs of each suite, and whether these are all.
    pub(in crate::adapters::github) async fn check_run_wires(
        &self,
        sha: &CommitSha,
    ) -> Result<(Vec<CheckRunWire>, bool), ForgeError> {
        let template = "/repos/{owner}/{repo}/commits/{ref}/check-runs";
        let request = self.get(template, &[sha], format!("the check runs of {}", sha.short()));
        let mut total = 0;
        let runs = self
            .list_by(request.query(&[("filter", "latest")]), |page: CheckRunPage| {
                total = page.total_count;
                page.check_runs
            })
            .await?;
        let complete = u64::try_from(runs.len()).is_ok_and(|count| count >= total);
        Ok((runs, complete))
    }

    pub(super) async fn read_statuses(&self, sha: &CommitSha) -> Result<Listed<CommitStatus>, ForgeError> {
        let template = "/repos/{owner}/{repo}/commits/{ref}/statuses";
        let statuses: Vec<StatusWire> =
            self.list(self.get(template, &[sha], format!("the statuses of {}", sha.short()))).await?;
        let complete = statuses.len() < MAX_STATUSES;
        Ok(Listed { items: statuses.into_iter().map(Into::into).collect(), complete })
    }

    pub(in crate::adapters::github) async fn read_workflow_runs(
        &self,
        sha: &CommitSha,
    ) -> Result<Listed<WorkflowRun>, ForgeError> {
        let request =
            self.get("/repos/{owner}/{repo}/actions/runs", &[], format!("the workflow runs of {}", sha.short()));
        let mut total = 0;
        let runs = self
            .list_by(request.query(&[("head_sha", sha.as_str())]), |page: WorkflowRunPage| {
                total = page.total_count;
                page.workflow_runs
            })
            .await?;
        let complete = u64::try_from(runs.len()).is_ok_and(|count| count >= total);
        Ok(Listed { items: runs.into_iter().map(Into::into).collect(), complete })
    }

    pub(super) async fn read_workflow_run(&self, id: u64) -> Result<Option<WorkflowRun>, ForgeError> {
        let template = "/repos/{owner}/{repo}/actions/runs/{run_id}";
        let request = self.get(template, &[&id], format!("workflow run {id}"));
        let Some(answer) = optional(self.send(&request).await)? else { return Ok(None) };
        let run: WorkflowRunWire = answer.json(&request)?;
        Ok(Some(run.into()))
    }
}

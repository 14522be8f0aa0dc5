//! Pull requests, their files and reviews.

use super::issues::state_name;
use super::optional;
use crate::adapters::github::GitHub;
use crate::adapters::github::request::Request;
use crate::adapters::github::wire::pull::{FileWire, PullWire, ReviewWire};
use crate::domain::ids::{BranchName, PullNumber};
use crate::domain::pull::{ChangedFile, Listed, Pull, Review};
use crate::ports::forge::{ForgeError, StateFilter};

/// GitHub lists no more files than this.
const MAX_FILES: usize = 3000;

impl GitHub {
    pub(super) async fn read_pulls(&self, state: StateFilter) -> Result<Vec<Pull>, ForgeError> {
        let request = self.get("/repos/{owner}/{repo}/pulls", &[], "the pull requests");
        self.pull_list(request.query(&[("state", state_name(state))])).await
    }

    pub(in crate::adapters::github) async fn read_pulls_of_branch(
        &self,
        branch: &BranchName,
    ) -> Result<Vec<Pull>, ForgeError> {
        let head = format!("{}:{branch}", self.options.repo.owner());
        let request = self.get("/repos/{owner}/{repo}/pulls", &[], format!("the pull requests of {branch}"));
        let mut pulls = self.pull_list(request.query(&[("state", "all"), ("head", &head)])).await?;
        // A fork by the same owner has the same head label.
        pulls.retain(|pull| pull.head.branch == *branch && pull.head.repo_id == pull.base.repo_id);
        Ok(pulls)
    }

    async fn pull_list(&self, request: Request) -> Result<Vec<Pull>, ForgeError> {
        let request = request.query(&[("sort", "created"), ("direction", "desc")]);
        let pulls: Vec<PullWire> = self.list(request).await?;
        // A branch name that we do not accept is none of ours; a stranger's must not hide the rest of the list.
        Ok(pulls.into_iter().filter_map(|pull| Pull::try_from(pull).ok()).collect())
    }

    pub(in crate::adapters::github) async fn read_pull(&self, number: PullNumber) -> Result<Pull, ForgeError> {
        let template = "/repos/{owner}/{repo}/pulls/{pull_number}";
        let request = self.get(template, &[&number], format!("pull request #{number}"));
        let pull: PullWire = self.send(&request).await?.json(&request)?;
        Pull::try_from(pull).map_err(|error| request.malformed(error.to_string()))
    }

    pub(super) async fn read_pull_files(&self, number: PullNumber) -> Result<Listed<ChangedFile>, ForgeError> {
        let template = "/repos/{owner}/{repo}/pulls/{pull_number}/files";
        let files: Vec<FileWire> =
            self.list(self.get(template, &[&number], format!("the files of pull request #{number}"))).await?;
        let complete = files.len() < MAX_FILES;
        Ok(Listed { items: files.into_iter().map(Into::into).collect(), complete })
    }

    pub(super) async fn read_reviews(&self, number: PullNumber) -> Result<Vec<Review>, ForgeError> {
        let template = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews";
        let reviews: Vec<ReviewWire> =
            self.list(self.get(template, &[&number], format!("the reviews of pull request #{number}"))).await?;
        Ok(reviews.into_iter().map(Into::into).collect())
    }

    pub(in crate::adapters::github) async fn read_is_merged(&self, number: PullNumber) -> Result<bool, ForgeError> {
        let template = "/repos/{owner}/{repo}/pulls/{pull_number}/merge";
        let request = self.get(template, &[&number], format!("whether pull request #{number} is merged"));
        Ok(optional(self.send(&request).await)?.is_some())
    }
}

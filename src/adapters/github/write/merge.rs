//! The merge: only with the guard's permission, only at the head it names
//! (<https://docs.github.com/rest/pulls/pulls#merge-a-pull-request>).

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::GitHub;
use crate::config::MergeMethod;
use crate::domain::ids::CommitSha;
use crate::plan::guard::MergeAllowed;
use crate::ports::forge::{Effect, ForgeError};

#[derive(Deserialize)]
struct Merged {
    sha: CommitSha,
    merged: bool,
}

impl GitHub {
    pub(super) async fn find_merge(&self, permit: Option<&MergeAllowed>) -> Result<Option<Effect>, ForgeError> {
        let permit = permitted(permit)?;
        if !self.read_is_merged(permit.pull()).await? {
            return Ok(None);
        }
        let pull = self.read_pull(permit.pull()).await?;
        if pull.head.sha != *permit.head() {
            let message = format!("it was merged at {}, not at {}", pull.head.sha.short(), permit.head().short());
            return Err(ForgeError::Conflict { what: format!("pull request #{}", permit.pull()), message });
        }
        Ok(Some(Effect { already: true, number: Some(permit.pull().0), sha: pull.merge_commit, url: Some(pull.url) }))
    }

    pub(super) async fn merge_pull(
        &self,
        permit: Option<&MergeAllowed>,
        method: MergeMethod,
        title: &str,
        message: &str,
    ) -> Result<Effect, ForgeError> {
        let permit = permitted(permit)?;
        let number = permit.pull();
        let body = match method {
            MergeMethod::Rebase => json!({ "sha": permit.head(), "merge_method": "rebase" }),
            MergeMethod::Merge | MergeMethod::Squash => json!({
                "sha": permit.head(),
                "merge_method": if method == MergeMethod::Merge { "merge" } else { "squash" },
                "commit_title": title,
                "commit_message": message,
            }),
        };
        let template = "/repos/{owner}/{repo}/pulls/{pull_number}/merge";
        let request = self
            .write(Method::PUT, template, &[&number], format!("merge pull request #{number}"), body)
            .about(format!("pull request #{number}"));
        let merged: Merged = self.send(&request).await?.json(&request)?;
        if !merged.merged {
            return Err(request.malformed("it says neither that it merged nor why not"));
        }
        let url = format!("{}/pull/{number}", self.web_url());
        Ok(Effect { already: false, number: Some(number.0), sha: Some(merged.sha), url: Some(url) })
    }
}

fn permitted(permit: Option<&MergeAllowed>) -> Result<&MergeAllowed, ForgeError> {
    permit.ok_or_else(|| ForgeError::Refused {
        what: "merge".to_owned(),
        status: 403,
        message: "the guard gave no permission (nothing was sent)".to_owned(),
    })
}

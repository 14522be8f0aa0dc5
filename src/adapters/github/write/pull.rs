//! Opening a pull request, or finding ours.

use http::Method;
use serde_json::json;

use crate::adapters::github::GitHub;
use crate::adapters::github::wire::pull::PullWire;
use crate::domain::ids::BranchName;
use crate::domain::pull::Pull;
use crate::ports::forge::{Effect, ForgeError};

pub(super) struct Opening<'a> {
    pub(super) branch: &'a BranchName,
    pub(super) base: &'a BranchName,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    pub(super) draft: bool,
    pub(super) labels: &'a [String],
}

pub(super) fn key(branch: &BranchName, base: &BranchName) -> String {
    format!("pull:{branch}:{base}")
}

impl GitHub {
    /// Ours is open, or a person closed it and nothing was pushed since: then it is not opened again.
    pub(super) async fn find_pull(
        &self,
        branch: &BranchName,
        base: &BranchName,
        labels: &[String],
    ) -> Result<Option<Effect>, ForgeError> {
        let Some(pull) = self.our_pull(branch, base).await? else { return Ok(None) };
        if pull.open {
            let labelled = labels.iter().all(|label| pull.has_label(label));
            return Ok(labelled.then(|| effect(pull)));
        }
        let tip = self.read_branch(branch).await?;
        Ok(tip.is_none_or(|tip| tip.sha == pull.head.sha).then(|| effect(pull)))
    }

    /// The open one, else the newest.
    async fn our_pull(&self, branch: &BranchName, base: &BranchName) -> Result<Option<Pull>, ForgeError> {
        let us = self.our_id().await?;
        let mut pulls = self.read_pulls_of_branch(branch).await?;
        pulls.retain(|pull| pull.base.branch == *base && pull.author.as_ref().is_some_and(|user| user.id == us));
        pulls.sort_by_key(|pull| (!pull.open, std::cmp::Reverse(pull.number)));
        Ok(pulls.into_iter().next())
    }

    pub(super) async fn open_pull(&self, opening: &Opening<'_>) -> Result<Effect, ForgeError> {
        let Opening { branch, base, title, body, draft, labels } = opening;
        let doing = format!("open a pull request of {branch}");
        let json = json!({ "title": title, "body": body, "head": branch, "base": base, "draft": draft });
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/pulls", &[], doing, json);
        let (pull, already) = match self.send(&request).await {
            Ok(answer) => {
                let pull: PullWire = answer.json(&request)?;
                (Pull::try_from(pull).map_err(|error| request.malformed(error.to_string()))?, false)
            }
            Err(ForgeError::Conflict { what, message }) => {
                let ours = self.our_pull(branch, base).await?.filter(|pull| pull.open);
                (ours.ok_or(ForgeError::Conflict { what, message })?, true)
            }
            // It may stand all the same; without its labels nobody would find it later.
            Err(error) if error.outcome_unknown() && !labels.is_empty() => match self.our_pull(branch, base).await {
                Ok(Some(pull)) if pull.open => (pull, false),
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let missing: Vec<&String> = labels.iter().filter(|label| !pull.has_label(label)).collect();
        if !missing.is_empty() {
            self.add_labels(pull.number.0, &missing).await?;
        }
        Ok(Effect { already, ..effect(pull) })
    }
}

fn effect(pull: Pull) -> Effect {
    Effect { already: false, number: Some(pull.number.0), sha: Some(pull.head.sha), url: Some(pull.url) }
}

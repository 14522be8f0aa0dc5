//! [`ForgeWrite`]: one file a kind of effect. `find` looks by key, `perform` writes once.

mod branch;
pub(super) mod check;
mod comment;
mod commit;
pub(super) mod issue;
mod labels;
mod merge;
mod pull;

use async_trait::async_trait;

use super::GitHub;
use crate::domain::ids::UserId;
use crate::plan::guard::GuardedAction;
use crate::plan::limits::MAX_BODY;
use crate::plan::{Action, Target};
use crate::ports::forge::{Effect, ForgeError, ForgeWrite, marker};

#[async_trait]
impl ForgeWrite for GitHub {
    async fn find(&self, guarded: &GuardedAction) -> Result<Option<Effect>, ForgeError> {
        let found = match guarded.action() {
            Action::EnsureLabels { labels } => self.find_labels(labels).await?,
            Action::ClaimBranch { branch, base, .. } => self.find_claim(branch, base).await?,
            Action::CommitFiles { branch, expected_head, message, changes } => {
                self.find_commit(branch, expected_head, message, changes).await?
            }
            Action::OpenPull { branch, base, labels, .. } => self.find_pull(branch, base, labels).await?,
            Action::UpsertComment { target, key, body } => self.find_comment(target, key, body).await?,
            Action::CreateIssue { key, .. } => self.find_issue(key).await?,
            Action::CreateAdvisory { key, .. } => self.find_advisory(key).await?,
            Action::EditLabels { target, add, remove } => self.find_label_edit(target, add, remove).await?,
            Action::CloseIssue { issue, .. } => self.find_closed(*issue).await?,
            Action::PublishCheck { head, name, key, result, title, summary } => {
                self.find_check(&check::Check { head, name, key, result: *result, title, summary }).await?
            }
            Action::DeleteBranch { branch, .. } => self.find_deleted(branch).await?,
            Action::DispatchWorkflow { workflow, branch } => self.find_dispatch(workflow, branch).await?,
            Action::MergePull { .. } => self.find_merge(guarded.permit()).await?,
            Action::Note(_) => None,
        };
        Ok(found.map(|effect| Effect { already: true, ..effect }))
    }

    async fn perform(&self, guarded: &GuardedAction) -> Result<Effect, ForgeError> {
        match guarded.action() {
            Action::EnsureLabels { labels } => self.ensure_labels(labels).await,
            Action::ClaimBranch { branch, base, .. } => self.claim_branch(branch, base).await,
            Action::CommitFiles { branch, expected_head, message, changes } => {
                self.commit_files(branch, expected_head, message, changes).await
            }
            Action::OpenPull { branch, base, title, body, draft, labels, .. } => {
                let body = signed(body, &pull::key(branch, base));
                self.open_pull(&pull::Opening { branch, base, title, body: &body, draft: *draft, labels }).await
            }
            Action::UpsertComment { target, key, body } => self.upsert_comment(target, key, body).await,
            Action::CreateIssue { key, title, body, labels, .. } => self.create_issue(key, title, body, labels).await,
            Action::CreateAdvisory { key, summary, description, severity } => {
                self.create_advisory(key, summary, description, *severity).await
            }
            Action::EditLabels { target, add, remove } => self.edit_labels(target, add, remove).await,
            Action::CloseIssue { issue, reason } => self.close_issue(*issue, *reason).await,
            Action::PublishCheck { head, name, key, result, title, summary } => {
                self.publish_check(&check::Check { head, name, key, result: *result, title, summary }).await
            }
            Action::DeleteBranch { branch, expected_head, .. } => self.delete_branch(branch, expected_head).await,
            Action::DispatchWorkflow { workflow, branch } => self.dispatch(workflow, branch).await,
            Action::MergePull { method, title, message, .. } => {
                self.merge_pull(guarded.permit(), *method, title, message).await
            }
            // The ledger is written by `apply`.
            Action::Note(_) => Ok(Effect::default()),
        }
    }
}

impl GitHub {
    async fn our_id(&self) -> Result<UserId, ForgeError> {
        Ok(self.read_identity().await?.user.id)
    }

    /// The number that comments and labels go to; `None` when the branch has no open pull request.
    async fn number_of(&self, target: &Target) -> Result<Option<u64>, ForgeError> {
        match target {
            Target::Issue(number) => Ok(Some(number.0)),
            Target::Pull(number) => Ok(Some(number.0)),
            Target::PullOf(branch) => {
                let pulls = self.read_pulls_of_branch(branch).await?;
                Ok(pulls.iter().find(|pull| pull.open).map(|pull| pull.number.0))
            }
        }
    }

    async fn required_number_of(&self, target: &Target) -> Result<u64, ForgeError> {
        let number = self.number_of(target).await?;
        number.ok_or_else(|| ForgeError::NotFound { what: target.to_string() })
    }
}

/// The body with its key in the last line, within GitHub's limit.
fn signed(body: &str, key: &str) -> String {
    let end = format!("\n\n{}", marker(key));
    let room = MAX_BODY.saturating_sub(end.chars().count());
    let body: String = body.trim_end().chars().take(room).collect();
    format!("{body}{end}")
}

/// Whether the last line is this key's. It proves nothing about who wrote it.
fn carries(body: &str, key: &str) -> bool {
    body.trim_end().lines().last() == Some(marker(key).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_body_ends_in_its_key_and_stays_within_the_limit() {
        assert_eq!(signed("text\n", "a"), "text\n\n<!-- autonomy:a -->");
        let long = signed(&"é".repeat(MAX_BODY), "a");
        assert_eq!(long.chars().count(), MAX_BODY);
        assert!(carries(&long, "a"));
    }

    #[test]
    fn a_key_inside_the_text_or_of_another_kind_does_not_count() {
        assert!(carries("text\r\n\r\n<!-- autonomy:a -->\r\n", "a"));
        assert!(!carries("<!-- autonomy:a -->\nquoted", "a"));
        assert!(!carries("<!-- autonomy:ab -->", "a"));
        assert!(!carries("", "a"));
    }
}

//! Git objects and refs by the Git Data API (<https://docs.github.com/rest/git>).
//!
//! Objects are named by their content and stay invisible until a branch points to them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::GitHub;
use super::wire::git::{GitCommitWire, RefWire, TreeWire};
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::forge::ForgeError;

impl GitHub {
    pub(super) async fn create_blob(&self, bytes: &[u8], doing: &str) -> Result<String, ForgeError> {
        #[derive(serde::Deserialize)]
        struct Created {
            sha: String,
        }
        let body = json!({ "content": STANDARD.encode(bytes), "encoding": "base64" });
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/git/blobs", &[], doing, body).unpaced();
        let created: Created = self.send(&request).await?.json(&request)?;
        Ok(created.sha)
    }

    /// `entries` as GitHub takes them: path, mode, type and sha (null deletes).
    pub(super) async fn create_tree(
        &self,
        base: Option<&str>,
        entries: Vec<Value>,
        doing: &str,
    ) -> Result<String, ForgeError> {
        let mut body = json!({ "tree": entries });
        if let Some(base) = base {
            body["base_tree"] = json!(base);
        }
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/git/trees", &[], doing, body).unpaced();
        let created: TreeWire = self.send(&request).await?.json(&request)?;
        Ok(created.sha)
    }

    /// Without an author: GitHub then names the token's own account and signs the commit for a bot.
    pub(super) async fn create_commit(
        &self,
        message: &str,
        tree: &str,
        parents: &[&CommitSha],
        doing: &str,
    ) -> Result<CommitSha, ForgeError> {
        let body = json!({ "message": message, "tree": tree, "parents": parents });
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/git/commits", &[], doing, body).unpaced();
        let created: GitCommitWire = self.send(&request).await?.json(&request)?;
        Ok(created.sha)
    }

    /// [`ForgeError::Conflict`] when the branch exists.
    pub(super) async fn create_branch(
        &self,
        branch: &BranchName,
        at: &CommitSha,
        doing: &str,
    ) -> Result<CommitSha, ForgeError> {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": at });
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/git/refs", &[], doing, body);
        let created: RefWire = self.send(&request).await?.json(&request)?;
        Ok(created.object.sha)
    }

    /// Moves the branch forward, never elsewhere: [`ForgeError::Conflict`] when it is not an ancestor.
    pub(super) async fn advance_branch(
        &self,
        branch: &BranchName,
        to: &CommitSha,
        doing: &str,
    ) -> Result<CommitSha, ForgeError> {
        let body = json!({ "sha": to, "force": false });
        let name = format!("heads/{branch}");
        let template = "/repos/{owner}/{repo}/git/refs/{ref}";
        let request = self.write(Method::PATCH, template, &[&name], doing, body).about(format!("branch {branch}"));
        let moved: RefWire = self.send(&request).await?.json(&request)?;
        Ok(moved.object.sha)
    }

    pub(super) async fn git_commit(&self, sha: &CommitSha) -> Result<GitCommitWire, ForgeError> {
        let template = "/repos/{owner}/{repo}/git/commits/{commit_sha}";
        let request = self.get(template, &[sha], format!("commit {}", sha.short()));
        self.send(&request).await?.json(&request)
    }
}

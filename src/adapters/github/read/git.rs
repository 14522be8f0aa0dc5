//! The repository, its branches, commits and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::optional;
use crate::adapters::github::GitHub;
use crate::adapters::github::wire::git::{BlobWire, CommitWire, ComparisonWire, ContentWire, RefWire, RepositoryWire};
use crate::domain::ids::{BranchName, CommitSha};
use crate::domain::pull::{Commit, Comparison};
use crate::ports::forge::{Branch, ForgeError, Repository};

impl GitHub {
    pub(super) async fn read_repository(&self) -> Result<Repository, ForgeError> {
        let thing = format!("repository {}", self.options.repo);
        let request = self.get("/repos/{owner}/{repo}", &[], thing);
        let repo: RepositoryWire = self.send(&request).await?.json(&request)?;
        let default_branch = repo.default_branch.parse();
        Ok(Repository {
            id: repo.id,
            default_branch: default_branch.map_err(|error| request.malformed(format!("{error}")))?,
            private: repo.private,
            archived: repo.archived,
            has_issues: repo.has_issues,
            url: repo.html_url,
        })
    }

    pub(in crate::adapters::github) async fn read_branch(
        &self,
        name: &BranchName,
    ) -> Result<Option<Branch>, ForgeError> {
        let branch = format!("heads/{name}");
        let request = self.get("/repos/{owner}/{repo}/git/ref/{ref}", &[&branch], format!("branch {name}"));
        let Some(answer) = optional(or_empty(self.send(&request).await))? else { return Ok(None) };
        let found: RefWire = answer.json(&request)?;
        if found.name != format!("refs/heads/{name}") {
            return Err(request.malformed("it names another branch"));
        }
        Ok(Some(Branch { name: name.clone(), sha: found.object.sha }))
    }

    pub(super) async fn read_branches(&self, prefix: &str) -> Result<Vec<Branch>, ForgeError> {
        let prefix = format!("heads/{prefix}");
        let template = "/repos/{owner}/{repo}/git/matching-refs/{ref}";
        let request = self.get(template, &[&prefix], format!("the branches under {prefix}")).unpaged();
        let refs: Vec<RefWire> = match self.list(request).await {
            Err(error) if says_empty(&error) => Vec::new(),
            // No branch of that name is an empty list. A 404 says that nothing may be read, and that is no "none".
            answer => answer?,
        };
        let branch = |found: RefWire| {
            let name = found.name.strip_prefix("refs/heads/")?.parse().ok()?;
            Some(Branch { name, sha: found.object.sha })
        };
        Ok(refs.into_iter().filter_map(branch).collect())
    }

    pub(in crate::adapters::github) async fn read_commit(&self, sha: &CommitSha) -> Result<Commit, ForgeError> {
        let request = self.get("/repos/{owner}/{repo}/commits/{ref}", &[sha], format!("commit {}", sha.short()));
        let commit: CommitWire = self.send(&request).await?.json(&request)?;
        Ok(commit.into())
    }

    pub(in crate::adapters::github) async fn read_comparison(
        &self,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Comparison, ForgeError> {
        let range = format!("{base}...{head}");
        let thing = format!("the comparison of {} with {}", base.short(), head.short());
        let request = self.get("/repos/{owner}/{repo}/compare/{basehead}", &[&range], thing);
        let comparison: ComparisonWire = self.send(&request).await?.json(&request)?;
        Ok(comparison.into())
    }

    pub(in crate::adapters::github) async fn read_file(
        &self,
        path: &str,
        at: &CommitSha,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let thing = format!("file {path} at {}", at.short());
        let request = self.get("/repos/{owner}/{repo}/contents/{path}", &[&path], thing).query(&[("ref", at.as_str())]);
        let Some(answer) = optional(self.send(&request).await)? else { return Ok(None) };
        match answer.json(&request)? {
            ContentWire::File { kind, content: Some(content), encoding, .. }
                if kind == "file" && encoding.as_deref() == Some("base64") =>
            {
                decode(&content).map(Some).ok_or_else(|| request.malformed("its content is not base64"))
            }
            // Over one megabyte the contents API leaves the content out.
            ContentWire::File { kind, sha, .. } if kind == "file" => self.read_blob(&sha).await.map(Some),
            ContentWire::File { .. } | ContentWire::Folder(_) => Ok(None),
        }
    }

    pub(in crate::adapters::github) async fn read_blob(&self, sha: &str) -> Result<Vec<u8>, ForgeError> {
        let request = self.get("/repos/{owner}/{repo}/git/blobs/{file_sha}", &[&sha], format!("blob {sha}"));
        let blob: BlobWire = self.send(&request).await?.json(&request)?;
        let bytes = (blob.encoding == "base64").then(|| decode(&blob.content)).flatten();
        bytes.ok_or_else(|| request.malformed("its content is not base64"))
    }
}

/// A repository without commits answers 409 where another says 404.
fn or_empty<T>(result: Result<T, ForgeError>) -> Result<T, ForgeError> {
    match result {
        Err(error) if says_empty(&error) => match error {
            ForgeError::Conflict { what, .. } => Err(ForgeError::NotFound { what }),
            other => Err(other),
        },
        other => other,
    }
}

fn says_empty(error: &ForgeError) -> bool {
    matches!(error, ForgeError::Conflict { message, .. } if message.contains("empty"))
}

/// GitHub breaks base64 into lines.
fn decode(content: &str) -> Option<Vec<u8>> {
    let content: String = content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(content).ok()
}

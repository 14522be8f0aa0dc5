//! One commit of a change set on a branch, made of git objects, against an expected head.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use serde::Deserialize;
use serde_json::json;

use super::branch::moved;
use crate::adapters::github::GitHub;
use crate::domain::change::{ChangeSet, FileChange};
use crate::domain::ids::{BranchName, CommitSha, Digest};
use crate::ports::forge::{Effect, ForgeError};

/// What a commit changed against its parent.
#[derive(Deserialize)]
struct CommitFiles {
    #[serde(default)]
    files: Vec<CommitFile>,
}

#[derive(Deserialize)]
struct CommitFile {
    filename: String,
    status: String,
    sha: Option<String>,
    #[serde(default)]
    previous_filename: Option<String>,
}

impl GitHub {
    /// The commit stands when one on the branch has the expected parent, our message and exactly our files.
    pub(super) async fn find_commit(
        &self,
        branch: &BranchName,
        expected: &CommitSha,
        message: &str,
        changes: &ChangeSet,
    ) -> Result<Option<Effect>, ForgeError> {
        let Some(tip) = self.read_branch(branch).await?.filter(|tip| tip.sha != *expected) else { return Ok(None) };
        let commits = self.read_comparison(expected, &tip.sha).await?.commits.items;
        let like_ours = commits
            .into_iter()
            .find(|commit| commit.parents == [expected.clone()] && commit.message.trim_end() == message.trim_end());
        let Some(commit) = like_ours else { return Ok(None) };
        let thing = format!("commit {}", commit.sha.short());
        let request = self.get("/repos/{owner}/{repo}/commits/{ref}", &[&commit.sha], thing);
        let mut files = Vec::new();
        let pages = |page: CommitFiles| page.files;
        files.extend(self.list_by(request, pages).await?);
        Ok(same_files(&files, changes).then(|| self.commit_effect(commit.sha)))
    }

    pub(super) async fn commit_files(
        &self,
        branch: &BranchName,
        expected: &CommitSha,
        message: &str,
        changes: &ChangeSet,
    ) -> Result<Effect, ForgeError> {
        let doing = format!("commit to {branch}");
        let tip = self.read_branch(branch).await?.map(|tip| tip.sha);
        if tip.as_ref() != Some(expected) {
            return Err(moved(branch, expected, tip.as_ref()));
        }
        for change in &changes.files {
            self.check_before(change, expected).await?;
        }
        let base = self.git_commit(expected).await?.tree.sha;
        let mut entries = Vec::new();
        for change in &changes.files {
            let (mode, sha) = match &change.after {
                Some(after) => {
                    let mode = if after.executable { "100755" } else { "100644" };
                    (mode, Some(self.create_blob(&after.bytes, &doing).await?))
                }
                None => ("100644", None),
            };
            entries.push(json!({ "path": change.path, "mode": mode, "type": "blob", "sha": sha }));
        }
        let tree = self.create_tree(Some(&base), entries, &doing).await?;
        if tree == base {
            let message = "the change set changes nothing".to_owned();
            return Err(ForgeError::Refused { what: doing, status: 422, message });
        }
        let commit = self.create_commit(message, &tree, &[expected], &doing).await?;
        let sha = self.advance_branch(branch, &commit, &doing).await?;
        Ok(self.commit_effect(sha))
    }

    /// The file must be as it was when the change was made.
    async fn check_before(&self, change: &FileChange, at: &CommitSha) -> Result<(), ForgeError> {
        let found = self.read_file(change.path.as_str(), at).await?.map(Digest::of);
        if found == change.before {
            return Ok(());
        }
        let message = match (&found, &change.before) {
            (None, _) => "it does not exist any more",
            (Some(_), None) => "it exists already",
            (Some(_), Some(_)) => "it is not what the change was made from",
        };
        Err(ForgeError::Conflict { what: format!("file {}", change.path), message: message.to_owned() })
    }

    fn commit_effect(&self, sha: CommitSha) -> Effect {
        let url = format!("{}/commit/{sha}", self.web_url());
        Effect { sha: Some(sha), url: Some(url), ..Effect::default() }
    }
}

/// Path and blob of every changed file; a deleted one has no blob. Modes don't show in a commit's files.
fn same_files(files: &[CommitFile], changes: &ChangeSet) -> bool {
    let mut seen: Vec<(&str, Option<&str>)> = Vec::new();
    for file in files {
        let removed = file.status == "removed";
        seen.push((&file.filename, file.sha.as_deref().filter(|_| !removed)));
        if file.status == "renamed" {
            seen.extend(file.previous_filename.as_deref().map(|old| (old, None)));
        }
    }
    seen.len() == changes.files.len()
        && changes.files.iter().all(|change| {
            let entry = seen.iter().find(|(path, _)| *path == change.path.as_str());
            match (entry, &change.after) {
                (Some((_, Some(blob))), Some(after)) => *blob == blob_id(&after.bytes, blob.len()),
                (Some((_, None)), None) => true,
                _ => false,
            }
        })
}

/// Git's name of a blob: SHA-1 with 40 digits, or SHA-256 with 64 (<https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>).
fn blob_id(bytes: &[u8], digits: usize) -> String {
    use std::fmt::Write as _;
    let algorithm = if digits == 64 { &SHA256 } else { &SHA1_FOR_LEGACY_USE_ONLY };
    let mut context = ring::digest::Context::new(algorithm);
    context.update(format!("blob {}\0", bytes.len()).as_bytes());
    context.update(bytes);
    context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::FileContent;

    fn file(filename: &str, status: &str, sha: &str, previous: Option<&str>) -> CommitFile {
        CommitFile {
            filename: filename.into(),
            status: status.into(),
            sha: Some(sha.into()),
            previous_filename: previous.map(Into::into),
        }
    }

    fn change(path: &str, after: Option<&str>) -> FileChange {
        let after = after.map(|text| FileContent { bytes: text.into(), executable: false });
        FileChange { path: path.parse().unwrap(), before: None, after }
    }

    #[test]
    fn a_blob_is_named_as_git_names_it() {
        assert_eq!(blob_id(b"hello\n", 40), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(blob_id(b"", 40), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    #[test]
    fn a_commit_is_ours_only_with_exactly_our_files() {
        let hello = "ce013625030ba8dba906f756967f9e9ca394464a";
        let changes = ChangeSet { files: vec![change("a", Some("hello\n")), change("b", None)] };
        assert!(same_files(&[file("a", "added", hello, None), file("b", "removed", "x", None)], &changes));
        assert!(same_files(&[file("a", "renamed", hello, Some("b"))], &changes));
        assert!(!same_files(&[file("a", "added", hello, None)], &changes));
        assert!(!same_files(&[file("a", "added", "other", None), file("b", "removed", "x", None)], &changes));
        let more = [file("a", "added", hello, None), file("b", "removed", "x", None), file("c", "added", hello, None)];
        assert!(!same_files(&more, &changes));
    }
}

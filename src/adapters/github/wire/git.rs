//! Repositories, branches, commits and git objects on the wire.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::MaybeUser;
use super::check::ProtectionWire;
use crate::domain::ids::CommitSha;
use crate::domain::pull::{Commit, Comparison, Listed};

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct RepositoryWire {
    pub(in crate::adapters::github) id: u64,
    pub(in crate::adapters::github) default_branch: String,
    pub(in crate::adapters::github) private: bool,
    #[serde(default)]
    pub(in crate::adapters::github) archived: bool,
    #[serde(default)]
    pub(in crate::adapters::github) has_issues: bool,
    pub(in crate::adapters::github) html_url: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct BranchWire {
    pub(in crate::adapters::github) protected: bool,
    #[serde(default)]
    pub(in crate::adapters::github) protection: Option<ProtectionWire>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ShaWire {
    pub(in crate::adapters::github) sha: CommitSha,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct RefWire {
    #[serde(rename = "ref")]
    pub(in crate::adapters::github) name: String,
    pub(in crate::adapters::github) object: ShaWire,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct CommitWire {
    sha: CommitSha,
    commit: CommitBody,
    author: Option<MaybeUser>,
    parents: Vec<ShaWire>,
}

#[derive(Debug, Deserialize)]
struct CommitBody {
    message: String,
    tree: TreeRef,
    committer: Option<Signature>,
}

#[derive(Debug, Deserialize)]
struct Signature {
    #[serde(default)]
    date: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct TreeRef {
    pub(in crate::adapters::github) sha: String,
}

impl From<CommitWire> for Commit {
    fn from(commit: CommitWire) -> Self {
        Self {
            sha: commit.sha,
            tree: commit.commit.tree.sha,
            parents: commit.parents.into_iter().map(|parent| parent.sha).collect(),
            message: commit.commit.message,
            author: commit.author.and_then(Into::into),
            committed_at: commit.commit.committer.and_then(|signature| signature.date).unwrap_or_default(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ComparisonWire {
    ahead_by: u64,
    behind_by: u64,
    total_commits: u64,
    merge_base_commit: ShaWire,
    commits: Vec<CommitWire>,
}

impl From<ComparisonWire> for Comparison {
    fn from(comparison: ComparisonWire) -> Self {
        let items: Vec<Commit> = comparison.commits.into_iter().map(Into::into).collect();
        let complete = u64::try_from(items.len()).is_ok_and(|count| count == comparison.total_commits);
        Self {
            ahead_by: comparison.ahead_by,
            behind_by: comparison.behind_by,
            merge_base: comparison.merge_base_commit.sha,
            commits: Listed { items, complete },
        }
    }
}

/// A commit of the Git Data API.
#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct GitCommitWire {
    pub(in crate::adapters::github) sha: CommitSha,
    pub(in crate::adapters::github) tree: TreeRef,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct TreeWire {
    pub(in crate::adapters::github) sha: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct BlobWire {
    pub(in crate::adapters::github) content: String,
    pub(in crate::adapters::github) encoding: String,
}

/// A file of the contents API. Directories are arrays, links and submodules carry no content.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::adapters::github) enum ContentWire {
    File {
        #[serde(rename = "type")]
        kind: String,
        sha: String,
        #[serde(default)]
        content: Option<String>,
        #[serde(default)]
        encoding: Option<String>,
    },
    Folder(#[expect(dead_code, reason = "only its shape is read")] Vec<serde::de::IgnoredAny>),
}

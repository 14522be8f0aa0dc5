//! A scratch working tree of one commit: read, edit, check. The user's own checkout is never touched.

use std::path::Path;

use async_trait::async_trait;

use crate::domain::change::RepoPath;
use crate::domain::ids::CommitSha;
use crate::domain::verification::{CheckResult, CheckSpec};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedFile {
    pub path: RepoPath,
    pub kind: FileKind,
    /// Bytes of the blob.
    pub size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Regular,
    Executable,
    Symlink,
    Submodule,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    /// A path that leaves the checkout, goes through a link, or names something that is no regular file.
    #[error("`{path}` cannot be used: {reason}")]
    Path { path: String, reason: String },
    #[error("the checkout cannot be used: {reason}")]
    Unusable { reason: String },
}

#[async_trait]
pub trait Checkout: Send + Sync {
    fn root(&self) -> &Path;
    fn base(&self) -> &CommitSha;

    /// The files of the base commit, sorted by path. Paths that are not valid [`RepoPath`]s are left out.
    async fn tracked(&self) -> Result<Vec<TrackedFile>, CheckoutError>;
    /// The file as it stands in the working tree; `None` when there is none. Follows no link.
    async fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError>;
    /// The file at the base commit.
    async fn original(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError>;
    /// Writes atomically, creating folders; keeps the mode of an existing file.
    async fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), CheckoutError>;
    async fn remove(&self, path: &RepoPath) -> Result<(), CheckoutError>;
    /// Paths that differ from the base commit. Ignored files are left out, and what a check left behind.
    async fn changed(&self) -> Result<Vec<RepoPath>, CheckoutError>;
    /// Whether the file in the working tree is executable.
    async fn is_executable(&self, path: &RepoPath) -> Result<bool, CheckoutError>;

    /// Runs a check in a child process without any token or key in its environment, with its time and output capped.
    async fn run_check(&self, check: &CheckSpec) -> CheckResult;
    /// Runs an agent's command line with the brief on standard input, under the same rules as a check.
    async fn run_agent(&self, command: &CheckSpec, brief: &str) -> CheckResult;
}

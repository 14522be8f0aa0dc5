//! Where the ledger's segments lie. The ledger itself knows their meaning.

use async_trait::async_trait;

use super::forge::ForgeError;
use crate::domain::ids::CommitSha;

/// The ledger branch as it was read, pinned to one commit.
#[derive(Debug, Clone, Default)]
pub struct LedgerFiles {
    /// `None` while the branch does not exist.
    pub head: Option<CommitSha>,
    /// Path and text of every segment, sorted by path.
    pub segments: Vec<(String, String)>,
}

#[async_trait]
pub trait LedgerStore: Send + Sync {
    async fn load(&self) -> Result<LedgerFiles, ForgeError>;

    /// Adds one new file in one commit on top of `expected` (`None` creates the branch) and returns the new head.
    /// [`ForgeError::Conflict`] when the branch has moved: somebody else appended first.
    async fn append(
        &self,
        expected: Option<&CommitSha>,
        path: &str,
        text: &str,
        message: &str,
    ) -> Result<CommitSha, ForgeError>;
}

//! Stand-ins that send nothing: the write port of a dry run, and a ledger that stays in memory.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::domain::ids::CommitSha;
use crate::plan::Action;
use crate::plan::guard::GuardedAction;
use crate::ports::forge::{Effect, ForgeError, ForgeWrite};
use crate::ports::ledger_store::{LedgerFiles, LedgerStore};

/// Keeps the actions that would have been performed.
#[derive(Debug, Default)]
pub struct Recorder {
    actions: Mutex<Vec<Action>>,
}

impl Recorder {
    /// What would have been performed, in order.
    pub fn actions(&self) -> Vec<Action> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ForgeWrite for Recorder {
    async fn find(&self, _action: &GuardedAction) -> Result<Option<Effect>, ForgeError> {
        Ok(None)
    }

    async fn perform(&self, action: &GuardedAction) -> Result<Effect, ForgeError> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner).push(action.action().clone());
        Ok(Effect::default())
    }
}

/// The ledger as it was loaded; what is appended is forgotten with the process.
#[derive(Debug, Default)]
pub struct NoLedger {
    files: Mutex<LedgerFiles>,
}

impl NoLedger {
    pub fn new(files: LedgerFiles) -> Self {
        Self { files: Mutex::new(files) }
    }
}

#[async_trait]
impl LedgerStore for NoLedger {
    async fn load(&self) -> Result<LedgerFiles, ForgeError> {
        Ok(self.files.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn append(
        &self,
        expected: Option<&CommitSha>,
        path: &str,
        text: &str,
        _message: &str,
    ) -> Result<CommitSha, ForgeError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let refuse = |message: &str| {
            Err(ForgeError::Conflict { what: "the ledger in memory".to_owned(), message: message.to_owned() })
        };
        if files.head.as_ref() != expected {
            return refuse("it has moved");
        }
        if files.segments.iter().any(|(known, _)| known == path) {
            return refuse("the segment exists");
        }
        // Any name serves, as long as it is new each time.
        let Ok(head) = format!("{:040x}", files.segments.len() + 1).parse::<CommitSha>() else {
            return refuse("it is full");
        };
        files.segments.push((path.to_owned(), text.to_owned()));
        files.segments.sort();
        files.head = Some(head.clone());
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_append_in_memory_is_a_compare_and_swap_too() {
        let ledger = NoLedger::default();
        let first = ledger.append(None, "seg/2026/01/1.jsonl", "a", "m").await.unwrap();
        assert!(matches!(ledger.append(None, "seg/2026/01/2.jsonl", "b", "m").await, Err(ForgeError::Conflict { .. })));
        let second = ledger.append(Some(&first), "seg/2026/01/2.jsonl", "b", "m").await.unwrap();
        let files = ledger.load().await.unwrap();
        assert_eq!(files.head, Some(second));
        assert_eq!(files.segments.len(), 2);
    }
}

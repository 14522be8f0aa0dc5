//! The visitors' book: what was intended, done and decided, as a hash chain on the branch `autonomy/ledger`.
//!
//! One append is one commit that adds one segment; the branch head is the compare-and-swap. Corrupt or unreadable is a
//! stop, never an empty default.

mod canonical;
pub mod chain;
pub mod record;
pub mod replay;

use chrono::{DateTime, SubsecRound as _, Utc};

use self::chain::{Chain, Damage};
use self::record::{Actor, Entry, Record, Run};
use crate::domain::ids::{CommitSha, Digest};
use crate::plan::memory::Memory;
use crate::ports::forge::ForgeError;
use crate::ports::ledger_store::LedgerStore;

/// The branch that holds the ledger.
pub const BRANCH: &str = "autonomy/ledger";

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Damaged(#[from] Damage),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error("a ledger record could not be written as JSON: {0}")]
    Spelling(#[from] serde_json::Error),
}

/// By sequence number, not by folder: a clock that was wrong once must not reorder the chain.
pub fn segments_in_order(mut segments: Vec<(String, String)>) -> Vec<(String, String)> {
    segments.sort_by(|(a, _), (b, _)| chain::file_name(a).cmp(chain::file_name(b)));
    segments
}

/// Who writes, in which run, under which policy: the same for all records of a run.
#[derive(Debug, Clone)]
pub struct Signature {
    pub actor: Actor,
    pub run: Run,
    pub policy: Digest,
}

/// The ledger as it was read, and as we have appended to it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    head: Option<CommitSha>,
    chain: Chain,
}

impl Ledger {
    pub async fn load(store: &dyn LedgerStore) -> Result<Self, LedgerError> {
        let files = store.load().await?;
        Ok(Self { head: files.head, chain: chain::read(&segments_in_order(files.segments))? })
    }

    pub fn records(&self) -> &[Record] {
        &self.chain.records
    }

    /// The branch's commit; `None` before the first append.
    pub fn head(&self) -> Option<&CommitSha> {
        self.head.as_ref()
    }

    /// Number of records and hash of the last, as anchors name them.
    pub fn tip(&self) -> (u64, &Digest) {
        (self.chain.records.len() as u64, &self.chain.tip)
    }

    pub fn memory(&self, now: DateTime<Utc>) -> Memory {
        replay::memory(&self.chain.records, now)
    }

    /// Appends the entries as one segment in one commit. On a lost race nothing is written and the ledger stays as it
    /// was: load it again, look what has changed, and decide anew.
    pub async fn append(
        &mut self,
        store: &dyn LedgerStore,
        signature: &Signature,
        now: DateTime<Utc>,
        entries: Vec<Entry>,
    ) -> Result<(), LedgerError> {
        let mut chain = self.chain.clone();
        let mut text = String::new();
        for entry in entries {
            let record = Record {
                v: Record::VERSION,
                seq: chain.records.len() as u64 + 1,
                prev: chain.tip.clone(),
                t: now.trunc_subsecs(0),
                actor: signature.actor.clone(),
                run: signature.run,
                policy: signature.policy.clone(),
                entry,
            };
            let line = chain::line(&record)?;
            chain.tip = Digest::of(&line);
            text.push_str(&line);
            text.push('\n');
            chain.records.push(record);
        }
        let Some(first) = chain.records.get(self.chain.records.len()) else { return Ok(()) };
        let path = chain::segment_path(first, &text);
        let message = format!("ledger: records {} to {}", first.seq, chain.records.len());
        let head = store.append(self.head.as_ref(), &path, &text, &message).await?;
        self.head = Some(head);
        self.chain = chain;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;
    use crate::plan::action::Note;
    use crate::ports::ledger_store::LedgerFiles;
    use async_trait::async_trait;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Memory(Mutex<LedgerFiles>);

    #[async_trait]
    impl LedgerStore for Memory {
        async fn load(&self) -> Result<LedgerFiles, ForgeError> {
            Ok(self.0.lock().unwrap().clone())
        }

        async fn append(
            &self,
            expected: Option<&CommitSha>,
            path: &str,
            text: &str,
            _message: &str,
        ) -> Result<CommitSha, ForgeError> {
            let mut files = self.0.lock().unwrap();
            if files.head.as_ref() != expected {
                return Err(ForgeError::Conflict { what: "append".into(), message: "moved".into() });
            }
            files.segments.push((path.to_owned(), text.to_owned()));
            let sha: CommitSha = format!("{:040x}", files.segments.len()).parse().unwrap();
            files.head = Some(sha.clone());
            Ok(sha)
        }
    }

    fn signature() -> Signature {
        let actor = Actor { id: UserId(1), login: "bot".into() };
        Signature { actor, run: Run::default(), policy: Digest::of("policy") }
    }

    fn gave_up(reason: &str) -> Entry {
        let note = Note::GaveUp { issue: crate::domain::ids::IssueNumber(7), reason: reason.into() };
        Entry::Note { note }
    }

    async fn three_records() -> Memory {
        let store = Memory::default();
        let mut ledger = Ledger::load(&store).await.unwrap();
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        ledger.append(&store, &signature(), now, vec![gave_up("a"), gave_up("b")]).await.unwrap();
        ledger.append(&store, &signature(), now, vec![gave_up("c")]).await.unwrap();
        store
    }

    #[tokio::test]
    async fn what_is_appended_is_read_back() {
        let store = three_records().await;
        let ledger = Ledger::load(&store).await.unwrap();
        assert_eq!(ledger.records().len(), 3);
        assert_eq!(ledger.memory(Utc::now()).gave_up.len(), 3);
    }

    #[tokio::test]
    async fn the_second_of_two_writers_loses() {
        let store = three_records().await;
        let mut one = Ledger::load(&store).await.unwrap();
        let mut two = Ledger::load(&store).await.unwrap();
        let now = Utc::now();
        one.append(&store, &signature(), now, vec![gave_up("d")]).await.unwrap();
        let lost = two.append(&store, &signature(), now, vec![gave_up("e")]).await;
        assert!(matches!(lost, Err(LedgerError::Forge(ForgeError::Conflict { .. }))));
        assert_eq!(two.records().len(), 3);
    }

    #[tokio::test]
    async fn damage_is_found_and_named() {
        let segments = three_records().await.0.lock().unwrap().segments.clone();
        let flipped = {
            let mut s = segments.clone();
            s[0].1 = s[0].1.replace("\"reason\":\"a\"", "\"reason\":\"x\"");
            s
        };
        let dropped_line = {
            let mut s = segments.clone();
            let (_, rest) = s[0].1.split_once('\n').unwrap();
            s[0].1 = rest.to_owned();
            s
        };
        let dropped_segment = vec![segments[1].clone()];
        let reordered = vec![segments[1].clone(), segments[0].clone()];
        let cut = {
            let mut s = segments.clone();
            s[1].1.truncate(20);
            s
        };
        let spaced = {
            let mut s = segments.clone();
            s[1].1 = s[1].1.replace("\":", "\": ");
            s
        };
        for (name, broken, path, line) in [
            ("a flipped byte", flipped, &segments[0].0, 2),
            ("a dropped line", dropped_line, &segments[0].0, 1),
            ("a dropped segment", dropped_segment, &segments[1].0, 1),
            ("reordered segments", reordered, &segments[1].0, 1),
            ("a cut line", cut, &segments[1].0, 1),
            ("another spelling", spaced, &segments[1].0, 1),
        ] {
            let damage = chain::read(&broken).expect_err(name);
            assert_eq!((&damage.path, damage.line), (path, line), "{name}: {damage}");
        }
    }
}

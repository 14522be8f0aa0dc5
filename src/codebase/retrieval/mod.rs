//! Finds the files an issue is about: one query-aware scan, history, a weighted sum with reasons, companions, windows to read.

mod classify;
mod evidence;
mod features;
mod git;
mod history;
mod lexical;
mod mentions;
mod pairing;
mod past;
mod places;
mod query;
mod rank;
mod reading;
mod reasons;
mod scan;
mod symbols;
mod ties;
mod tree;
mod vocabulary;
mod weights;
mod words;

pub use classify::{Class, Classifier};
pub use history::{COMMITS, History};
pub use query::Question;
pub use rank::{Limits, Past, Ranked, Retrieved, Signals, retrieve, signals_of};
pub use reading::Window;
pub use reasons::{Reason, Tie};
pub use tree::{CommitTree, FolderTree, READ_CAP, Reader, Tree};

/// Why nothing could be retrieved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetrievalError {
    #[error("`git {command}` failed: {reason}; look whether the folder is a git repository that has the commit")]
    Git { command: String, reason: String },
    #[error("the files cannot be listed: {reason}")]
    Folder { reason: String },
    #[error("a thread of the scan ended early; run it again and report it if it stays")]
    Thread,
}

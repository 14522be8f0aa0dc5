//! The bare repository behind the embedded GitHub, driven by the git program.

mod diff;
mod merge;
mod objects;
mod refs;
mod run;

pub(crate) use diff::FileDiff;
pub(crate) use merge::Merged;
pub(crate) use objects::{CommitInfo, Entry, NewCommit, Signature};
pub(crate) use refs::RefUpdate;
pub(crate) use run::Git;

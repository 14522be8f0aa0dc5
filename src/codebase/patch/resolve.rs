//! From the names in a reply to files that may be edited. What may not is refused before anything is read.

use std::collections::BTreeSet;

use super::names::Names;
use super::reply::{Action, Edit};
use super::words::Why;
use crate::domain::change::RepoPath;

/// The file that an edit is about, inside the checkout and shown to the model if it is there already.
pub(super) fn resolve(edit: &Edit, names: &Names<'_>) -> Result<RepoPath, Why> {
    let path = inside(&edit.path)?;
    if matches!(edit.action, Action::Create { .. } | Action::Write { .. }) || names.knows(path.as_str()) {
        return Ok(path);
    }
    Ok(names.ending(path.as_str()).cloned().unwrap_or(path))
}

/// A path by the rules of [`RepoPath`].
pub(super) fn inside(name: &str) -> Result<RepoPath, Why> {
    name.parse().map_err(|_| Why::Outside { name: name.chars().take(120).collect() })
}

/// A file that the model has not seen is not edited: it would be a guess.
pub(super) fn seen(path: &RepoPath, exists: bool, shown: &BTreeSet<RepoPath>) -> Result<(), Why> {
    if exists && !shown.contains(path) { Err(Why::NotShown) } else { Ok(()) }
}

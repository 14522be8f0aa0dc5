//! What checks leave in the working tree: reports, compiled files, reformatted sources. It is no part of the change.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::domain::change::RepoPath;

/// A file as a check left it; whoever touches it afterwards makes it differ. `None`: the check removed it.
type Stamp = Option<(u64, i64, i64, u64)>;

#[derive(Debug)]
pub(super) struct Leftovers {
    root: PathBuf,
    left: Mutex<BTreeMap<RepoPath, Stamp>>,
}

impl Leftovers {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), left: Mutex::default() }
    }

    /// Notes the paths that differ after a check and were no part of the change before it.
    pub(super) fn note(&self, change: &[RepoPath], after: &[RepoPath]) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for path in after.iter().filter(|path| change.binary_search(path).is_err()) {
            left.insert(path.clone(), self.stamp(path));
        }
    }

    /// The paths without those that still are as a check left them.
    pub(super) fn without(&self, paths: Vec<RepoPath>) -> Vec<RepoPath> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        paths.into_iter().filter(|path| left.get(path).is_none_or(|stamp| *stamp != self.stamp(path))).collect()
    }

    fn stamp(&self, path: &RepoPath) -> Stamp {
        let facts = fs::symlink_metadata(self.root.join(path.as_str())).ok()?;
        Some((facts.len(), facts.mtime(), facts.mtime_nsec(), facts.ino()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<RepoPath> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_leftover_counts_once_somebody_else_has_touched_it() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["edited", "report", "touched"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let leftovers = Leftovers::new(dir.path());
        let all = paths(&["edited", "removed", "report", "touched"]);
        leftovers.note(&paths(&["edited"]), &all);
        assert_eq!(leftovers.without(all.clone()), paths(&["edited"]));
        fs::write(dir.path().join("touched"), "by the engineer").unwrap();
        fs::write(dir.path().join("removed"), "written anew").unwrap();
        assert_eq!(leftovers.without(all.clone()), paths(&["edited", "removed", "touched"]));
        // The next check writes its report again.
        let change = leftovers.without(all.clone());
        fs::write(dir.path().join("report"), "a longer report").unwrap();
        leftovers.note(&change, &all);
        assert_eq!(leftovers.without(all), paths(&["edited", "removed", "touched"]));
    }
}

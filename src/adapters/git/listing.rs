//! What git lists, read: `ls-tree -z` and `status --porcelain=v2 -z`.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use crate::domain::change::RepoPath;
use crate::ports::checkout::FileKind;

/// A file of the base commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) id: String,
    pub(super) kind: FileKind,
    pub(super) size: u64,
}

/// The files of a commit by path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) blobs: BTreeMap<RepoPath, Blob>,
    /// Files whose names cannot be used as a [`RepoPath`], such as names that are not UTF-8.
    pub(super) left_out: usize,
}

/// Paths that differ from the base commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub paths: Vec<RepoPath>,
    /// Changed or new files that no [`RepoPath`] can name, and repositories that appeared inside the working tree.
    pub left_out: usize,
}

/// Reads `git ls-tree -r -l -z`: `<mode> <type> <id> <size>\t<path>`.
pub(super) fn tree(listing: &[u8]) -> Tree {
    let mut tree = Tree::default();
    for entry in entries(listing) {
        match tree_entry(entry) {
            Some((path, blob)) => {
                tree.blobs.insert(path, blob);
            }
            None => tree.left_out += 1,
        }
    }
    tree
}

fn tree_entry(entry: &[u8]) -> Option<(RepoPath, Blob)> {
    let (facts, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
    let mut facts = facts.split_ascii_whitespace();
    let kind = match facts.next()? {
        "100755" => FileKind::Executable,
        "120000" => FileKind::Symlink,
        "160000" => FileKind::Submodule,
        _ => FileKind::Regular,
    };
    let id = facts.nth(1)?.to_owned();
    // A submodule has no size: `-`.
    let size = facts.next()?.parse().unwrap_or(0);
    Some((RepoPath::from_str(path).ok()?, Blob { id, kind, size }))
}

/// Reads `git status --porcelain=v2 -z --no-renames`. See <https://git-scm.com/docs/git-status#_porcelain_format_version_2>.
pub(super) fn changes(status: &[u8]) -> Changes {
    let mut changes = Changes::default();
    for entry in entries(status) {
        let fields = match entry.first() {
            Some(b'1') => 8,
            Some(b'u') => 10,
            Some(b'?') => 1,
            // Headers and ignored files, which were not asked for.
            _ => continue,
        };
        let path = entry.splitn(fields + 1, |byte| *byte == b' ').nth(fields);
        match path.and_then(|path| std::str::from_utf8(path).ok()).and_then(|path| RepoPath::from_str(path).ok()) {
            Some(path) => changes.paths.push(path),
            None => changes.left_out += 1,
        }
    }
    changes.paths.sort();
    changes.paths.dedup();
    changes
}

fn entries(listing: &[u8]) -> impl Iterator<Item = &[u8]> {
    listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_kinds_sizes_and_odd_names() {
        let listing = b"100644 blob 1111     12\ta b.txt\x00100755 blob 2222      7\trun\tme\0\
            100755 blob 2222      7\trun.sh\x00120000 blob 3333      4\tlink\x00160000 commit 4444       -\tlib/sub\0\
            100644 blob 5555      1\tcaf\xe9\0";
        let tree = tree(listing);
        let seen: Vec<_> = tree.blobs.iter().map(|(path, blob)| (path.as_str(), blob.kind, blob.size)).collect();
        assert_eq!(
            seen,
            [
                ("a b.txt", FileKind::Regular, 12),
                ("lib/sub", FileKind::Submodule, 0),
                ("link", FileKind::Symlink, 4),
                ("run.sh", FileKind::Executable, 7),
            ]
        );
        assert_eq!(tree.left_out, 2, "a tab in a name and a name that is not UTF-8");
    }

    #[test]
    fn changes_are_read_with_spaces_and_untracked_repositories() {
        let zeros = "0".repeat(40);
        let status = format!(
            "# branch.oid x\x001 .M N... 100644 100644 100644 {zeros} {zeros} a b.txt\0\
             1 .D N... 100644 100644 000000 {zeros} {zeros} gone\0? new file\0? nested/\0! ignored\0"
        );
        let mut status = status.into_bytes();
        status.extend(b"? caf\xe9\0");
        let changes = changes(&status);
        let paths: Vec<&str> = changes.paths.iter().map(RepoPath::as_str).collect();
        assert_eq!(paths, ["a b.txt", "gone", "new file"]);
        assert_eq!(changes.left_out, 2);
    }
}

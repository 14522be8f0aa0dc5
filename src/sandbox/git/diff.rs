//! Differences between two commits, file by file, as GitHub lists them.

use anyhow::Context as _;

use super::Git;

/// Above this many changed lines GitHub leaves a file's patch out.
const PATCH_LINES: usize = 20_000;

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileDiff {
    pub(crate) path: String,
    /// The former path of a renamed or copied file.
    pub(crate) previous: Option<String>,
    /// GitHub's word: `added`, `removed`, `modified`, `renamed`, `copied`, `changed`.
    pub(crate) status: &'static str,
    pub(crate) sha: String,
    pub(crate) additions: usize,
    pub(crate) deletions: usize,
    /// The hunks; absent for binary files, pure renames and very large changes.
    pub(crate) patch: Option<String>,
}

impl Git {
    /// The changed files between two trees or commits.
    pub(crate) fn diff(&self, base: &str, head: &str) -> anyhow::Result<Vec<FileDiff>> {
        let raw = self.bytes(&["diff-tree", "-r", "-M", "-z", "--raw", "--no-abbrev", base, head])?;
        let counts = self.bytes(&["diff-tree", "-r", "-M", "-z", "--numstat", base, head])?;
        let patch = self.diff_text(base, head)?;
        let mut files = parse_raw(&raw)?;
        let mut patches = split_patches(&patch).into_iter();
        for (file, (additions, deletions)) in files.iter_mut().zip(parse_counts(&counts)) {
            (file.additions, file.deletions) = (additions, deletions);
            let mut patch = patches.next().flatten();
            if file.status == "changed" {
                // A file that became a link has two blocks: the old one removed, the new one added.
                patches.next();
                patch = None;
            }
            file.patch = patch.filter(|_| additions + deletions <= PATCH_LINES);
        }
        Ok(files)
    }

    /// The whole difference in git's format.
    pub(crate) fn diff_text(&self, base: &str, head: &str) -> anyhow::Result<String> {
        let bytes = self.bytes(&["diff-tree", "-r", "-p", "-M", "--full-index", base, head])?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The commits of `base..head` as mails.
    pub(crate) fn patch_text(&self, base: &str, head: &str) -> anyhow::Result<String> {
        let bytes = self.bytes(&["format-patch", "--stdout", "-M", &format!("{base}..{head}")])?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn parse_raw(raw: &[u8]) -> anyhow::Result<Vec<FileDiff>> {
    let mut words = raw.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut files = Vec::new();
    while let Some(meta) = words.next() {
        let Some(meta) = meta.strip_prefix(':') else { continue };
        let fields: Vec<&str> = meta.split(' ').collect();
        let (old, new, letter) = (fields.get(2), fields.get(3), fields.get(4).and_then(|word| word.chars().next()));
        let first = words.next().context("a changed file without a path")?;
        let (previous, path) = match letter {
            Some('R' | 'C') => (Some(first), words.next().context("a renamed file without its new path")?),
            _ => (None, first),
        };
        let status = match letter {
            Some('A') => "added",
            Some('D') => "removed",
            Some('R') => "renamed",
            Some('C') => "copied",
            Some('T') => "changed",
            _ => "modified",
        };
        let sha = if status == "removed" { old } else { new };
        let sha = (*sha.context("a changed file without a blob")?).to_owned();
        files.push(FileDiff { path, previous, status, sha, additions: 0, deletions: 0, patch: None });
    }
    Ok(files)
}

fn parse_counts(raw: &[u8]) -> Vec<(usize, usize)> {
    let mut words = raw.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut counts = Vec::new();
    while let Some(line) = words.next() {
        let mut fields = line.split('\t');
        let (Some(additions), Some(deletions), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        // A rename has an empty path here, and the old and the new one after it.
        if path.is_empty() {
            words.next();
            words.next();
        }
        counts.push((additions.parse().unwrap_or(0), deletions.parse().unwrap_or(0)));
    }
    counts
}

/// The hunks of each file of a difference, in order.
fn split_patches(diff: &str) -> Vec<Option<String>> {
    let mut patches: Vec<Option<String>> = Vec::new();
    // Every line of a hunk starts with a sign, so only a header line can start with the word.
    for line in diff.split_inclusive('\n') {
        if line.starts_with("diff --git ") {
            patches.push(None);
        } else if let Some(last) = patches.last_mut() {
            match last {
                Some(text) => text.push_str(line),
                None if line.starts_with("@@ ") => *last = Some(line.to_owned()),
                None => {}
            }
        }
    }
    for patch in patches.iter_mut().flatten() {
        let kept = patch.trim_end_matches('\n').len();
        patch.truncate(kept);
    }
    patches
}

#[cfg(test)]
mod tests {
    use super::super::{NewCommit, Signature};
    use super::*;

    #[test]
    fn files_are_listed_with_status_counts_and_patch() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::init(&dir.path().join("r.git"), "main").unwrap();
        let tree = |files: &[(&str, &[u8])]| {
            let changes: Vec<_> = files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), Some(("100644".to_owned(), git.write_blob(text).unwrap()))))
                .collect();
            git.write_tree(None, &changes).unwrap()
        };
        let long = "line\n".repeat(30);
        let before = tree(&[("a", b"1\n2\n"), ("gone", b"x\n"), ("old", long.as_bytes()), ("bin", b"\0\x01")]);
        let after = tree(&[("a", b"1\n3\n"), ("made", b"y\n"), ("new", long.as_bytes()), ("bin", b"\0\x02")]);
        let files = git.diff(&before, &after).unwrap();
        let seen: Vec<_> =
            files.iter().map(|f| (f.path.as_str(), f.status, f.additions, f.deletions, f.patch.is_some())).collect();
        assert_eq!(
            seen,
            [
                ("a", "modified", 1, 1, true),
                ("bin", "modified", 0, 0, false),
                ("gone", "removed", 0, 1, true),
                ("made", "added", 1, 0, true),
                ("new", "renamed", 0, 0, false),
            ]
        );
        assert_eq!(files[0].patch.as_deref(), Some("@@ -1,2 +1,2 @@\n 1\n-2\n+3"));
        let who = Signature { name: "a".into(), email: "a@b".into(), seconds: 1 };
        let make = |tree: &str, parents: &[String]| {
            let new = NewCommit { tree, parents, message: "m", author: who.clone(), committer: who.clone() };
            git.write_commit(&new).unwrap()
        };
        let first = make(&before, &[]);
        let second = make(&after, std::slice::from_ref(&first));
        assert!(git.patch_text(&first, &second).unwrap().contains("Subject: [PATCH] m"));
    }
}

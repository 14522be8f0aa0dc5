//! What past commits say: which files each changed, when, and with which words. Read from git, newest first.

use std::collections::HashMap;
use std::path::Path;

use super::git::Git;
use super::mentions::issue_numbers;

/// Commits that are looked at.
pub const COMMITS: usize = 4_000;
/// A commit that changes more files says little about each.
const MOST_FILES: usize = 60;
/// Bytes of a message that are kept.
const MOST_MESSAGE: usize = 4_000;

/// Past commits, newest first; empty when the checkout has none (a depth-1 clone).
#[derive(Debug, Clone, Default)]
pub struct History {
    pub(super) commits: Vec<Commit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) message: String,
    /// Under the names the files have in the newest commit.
    pub(super) files: Vec<String>,
    /// Number of files before the cut.
    pub(super) breadth: usize,
    pub(super) issues: Vec<u64>,
}

impl History {
    /// History before and including `commit`. A repository without any, or where git cannot be run, has an empty one.
    pub fn read(folder: &Path, commit: &str) -> Self {
        let count = format!("-n{COMMITS}");
        let arguments = [
            "log",
            &count,
            "-z",
            "--name-status",
            "--find-renames=100%",
            "--diff-merges=first-parent",
            "--no-ext-diff",
            "--no-textconv",
            "--format=%x01%h%x02%B%x03",
            "--end-of-options",
            commit,
            "--",
        ];
        Git::new(folder).output(&arguments).map(|log| Self::parse(&log)).unwrap_or_default()
    }

    /// Fewer than two commits are no history.
    pub fn is_empty(&self) -> bool {
        self.commits.len() < 2
    }

    /// Commits that are known.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    fn parse(log: &[u8]) -> Self {
        let text = String::from_utf8_lossy(log);
        let mut renamed: HashMap<String, String> = HashMap::new();
        let commits = text.split('\u{1}').skip(1).filter_map(|entry| commit(entry, &mut renamed)).collect();
        Self { commits }
    }
}

fn commit(entry: &str, renamed: &mut HashMap<String, String>) -> Option<Commit> {
    let (head, tail) = entry.split_once('\u{3}')?;
    let (id, message) = head.split_once('\u{2}')?;
    let mut files = Vec::new();
    let mut names = tail.split(['\0', '\n']).filter(|part| !part.is_empty());
    while let Some(status) = names.next() {
        let Some(path) = names.next() else { break };
        let path = if status.starts_with(['R', 'C']) {
            let Some(new) = names.next() else { break };
            let today = renamed.get(new).cloned().unwrap_or_else(|| new.to_owned());
            if status.starts_with('R') {
                renamed.insert(path.to_owned(), today.clone());
            }
            today
        } else {
            renamed.get(path).cloned().unwrap_or_else(|| path.to_owned())
        };
        files.push(path);
    }
    let breadth = files.len();
    files.truncate(MOST_FILES);
    let mut end = message.len().min(MOST_MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let message = message[..end].trim().to_owned();
    let issues = message.lines().flat_map(issue_numbers).collect();
    Some(Commit { id: id.to_owned(), message, files, breadth, issues })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_with_todays_names() {
        let log = "\u{1}aa\u{2}Second (#12)\n\nBody\n\u{3}\0R100\0old.rs\0new.rs\0M\0b.rs\0\u{1}bb\u{2}First\n\u{3}\0A\0old.rs\0";
        let history = History::parse(log.as_bytes());
        assert_eq!(history.len(), 2);
        assert_eq!(history.commits[0].files, ["new.rs", "b.rs"]);
        assert_eq!(history.commits[0].issues, [12]);
        assert_eq!(history.commits[1].files, ["new.rs"]);
        assert_eq!(history.commits[1].message, "First");
    }

    #[test]
    fn a_folder_without_git_has_no_history() {
        let folder = tempfile::tempdir().unwrap();
        assert!(History::read(folder.path(), "HEAD").is_empty());
    }
}

//! What past commits say: which files each changed, when, and with which words. Read from git, newest first.

use std::collections::HashMap;
use std::path::Path;

use super::git::Git;
use super::mentions::issue_numbers;

/// Commits that are looked at.
pub const COMMITS: usize = 4_000;
/// A commit that changes more files (an import, a reformatting) says nothing about any of them.
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
    /// Number of files, also when they are too many to be kept.
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
    if breadth > MOST_FILES {
        files.clear();
    }
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

    fn git(folder: &Path, arguments: &[&str]) {
        let status = std::process::Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .output()
            .unwrap()
            .status;
        assert!(status.success(), "git {arguments:?}");
    }

    #[test]
    fn a_repository_is_read_whole_and_a_depth_1_clone_has_no_history() {
        use crate::codebase::retrieval::{CommitTree, FolderTree, Tree};
        let folder = tempfile::tempdir().unwrap();
        let (origin, clone) = (folder.path().join("origin"), folder.path().join("clone"));
        std::fs::create_dir(&origin).unwrap();
        git(&origin, &["init", "-q", "-b", "main"]);
        for (name, message) in [("a.rs", "Add the lexer"), ("b.rs", "Add the parser (#77)")] {
            std::fs::write(origin.join(name), "fn a() {}\n").unwrap();
            git(&origin, &["add", "."]);
            git(&origin, &["commit", "-q", "-m", message]);
        }
        let history = History::read(&origin, "HEAD");
        let messages: Vec<_> = history.commits.iter().map(|one| (one.message.as_str(), one.files.join(","))).collect();
        assert_eq!(messages, [("Add the parser (#77)", "b.rs".to_owned()), ("Add the lexer", "a.rs".to_owned())]);

        let tree = CommitTree::open(&origin, "HEAD~1").unwrap();
        let mut bytes = Vec::new();
        assert_eq!(tree.paths(), ["a.rs"]);
        assert!(tree.reader().unwrap().read(0, &mut bytes) && bytes == b"fn a() {}\n");
        assert!(CommitTree::open(&origin, "no-such-commit").is_err());

        let address = format!("file://{}", origin.display());
        git(folder.path(), &["clone", "-q", "--depth", "1", &address, "clone"]);
        assert!(History::read(&clone, "HEAD").is_empty());
        assert_eq!(FolderTree::open(&clone).unwrap().paths(), ["a.rs", "b.rs"]);
    }

    #[test]
    fn a_commit_that_changes_everything_ties_nothing() {
        let files: String = (0..61).map(|number| format!("A\0f{number}.rs\0")).collect::<Vec<_>>().concat();
        let history = History::parse(format!("\u{1}aa\u{2}Import\u{3}\0{files}").as_bytes());
        assert_eq!((history.commits[0].files.len(), history.commits[0].breadth), (0, 61));
    }
}

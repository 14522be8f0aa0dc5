//! The tracked files of one commit or of a checkout folder, and how to read them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::RetrievalError;
use super::git::{Git, Objects};

/// Bytes of a file that are looked at: what stands behind is not searched.
pub const READ_CAP: u64 = 1 << 20;

/// Regular files by path, read by index. Links and submodules are not part of a tree.
pub trait Tree: Sync {
    /// Paths inside the repository, `/`-separated, sorted.
    fn paths(&self) -> &[String];
    /// A reader for one thread.
    fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError>;
}

pub trait Reader {
    /// Replaces `into` by at most [`READ_CAP`] bytes of the file; `false` when it cannot be read.
    fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool;
}

/// The tree of a commit in a git directory; no working tree is needed.
pub struct CommitTree {
    git: Git,
    paths: Vec<String>,
    objects: Vec<String>,
}

impl CommitTree {
    pub fn open(git_directory: &Path, commit: &str) -> Result<Self, RetrievalError> {
        let git = Git::new(git_directory);
        let listing = git.output(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let mut files: Vec<(String, String)> = entries(&listing).collect();
        files.sort();
        let (paths, objects) = files.into_iter().unzip();
        Ok(Self { git, paths, objects })
    }

    /// Names of the blobs, in the order of the paths.
    pub fn objects(&self) -> &[String] {
        &self.objects
    }
}

impl Tree for CommitTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError> {
        Ok(Box::new(CommitReader { objects: self.git.objects()?, names: &self.objects }))
    }
}

struct CommitReader<'a> {
    objects: Objects,
    names: &'a [String],
}

impl Reader for CommitReader<'_> {
    fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool {
        self.names.get(index).is_some_and(|name| self.objects.read(name, READ_CAP, into).unwrap_or(false))
    }
}

/// A folder on disk: the files git tracks there, or, without git, the files that the ignore rules leave.
pub struct FolderTree {
    root: PathBuf,
    paths: Vec<String>,
}

impl FolderTree {
    pub fn open(root: &Path) -> Result<Self, RetrievalError> {
        let tracked =
            if root.join(".git").exists() { Git::new(root).output(&["ls-files", "-s", "-z"]).ok() } else { None };
        let mut paths: Vec<String> = match tracked {
            Some(listing) => entries(&listing).map(|(path, _)| path).collect(),
            None => walk(root)?,
        };
        paths.sort();
        paths.dedup();
        Ok(Self { root: root.to_owned(), paths })
    }
}

impl Tree for FolderTree {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError> {
        Ok(Box::new(FolderReader { tree: self }))
    }
}

struct FolderReader<'a> {
    tree: &'a FolderTree,
}

impl Reader for FolderReader<'_> {
    fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool {
        into.clear();
        let Some(path) = self.tree.paths.get(index) else { return false };
        let path = self.tree.root.join(path);
        // The working tree can differ from the index: a link put in a file's place is not followed.
        let regular = std::fs::symlink_metadata(&path).is_ok_and(|data| data.is_file());
        regular && File::open(path).is_ok_and(|file| file.take(READ_CAP).read_to_end(into).is_ok())
    }
}

/// Regular files of `ls-tree -z` (`mode type object\tpath`) and `ls-files -s -z` (`mode object stage\tpath`).
fn entries(listing: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    listing.split(|byte| *byte == 0).filter_map(|entry| {
        let text = std::str::from_utf8(entry).ok()?;
        let (facts, path) = text.split_once('\t')?;
        let mut facts = facts.split(' ');
        let regular = matches!(facts.next(), Some("100644" | "100755"));
        let object = facts.find(|fact| fact.len() >= 40)?;
        regular.then(|| (path.to_owned(), object.to_owned()))
    })
}

fn walk(root: &Path) -> Result<Vec<String>, RetrievalError> {
    let mut paths = Vec::new();
    for entry in ignore::WalkBuilder::new(root).hidden(false).filter_entry(|one| one.file_name() != ".git").build() {
        let entry = entry.map_err(|error| RetrievalError::Folder { reason: error.to_string() })?;
        let inside = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
        if let Some(path) = inside.filter(|_| entry.file_type().is_some_and(|kind| kind.is_file())) {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_submodules_are_no_files_of_the_tree() {
        let sha = "a".repeat(40);
        let listing = format!(
            "100644 blob {sha}\tsrc/a b.rs\u{0}120000 blob {sha}\tlink\u{0}160000 commit {sha}\tsub\u{0}100755 {sha} 0\trun\u{0}"
        );
        let found: Vec<_> = entries(listing.as_bytes()).map(|(path, _)| path).collect();
        assert_eq!(found, ["src/a b.rs", "run"]);
    }

    #[test]
    fn a_folder_without_git_is_walked_by_its_ignore_rules() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/a.rs"), "fn a() {}").unwrap();
        std::fs::write(folder.path().join(".ignore"), "junk.rs\n").unwrap();
        std::fs::write(folder.path().join("junk.rs"), "").unwrap();
        let tree = FolderTree::open(folder.path()).unwrap();
        assert_eq!(tree.paths(), [".ignore", "src/a.rs"]);
        let mut bytes = Vec::new();
        assert!(tree.reader().unwrap().read(1, &mut bytes));
        assert_eq!(bytes, b"fn a() {}");
    }

    #[test]
    fn a_link_in_a_files_place_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "secret").unwrap();
        let tree = FolderTree::open(folder.path()).unwrap();
        std::fs::rename(folder.path().join("a.rs"), folder.path().join("b.rs")).unwrap();
        std::os::unix::fs::symlink("b.rs", folder.path().join("a.rs")).unwrap();
        let mut bytes = Vec::new();
        assert!(!tree.reader().unwrap().read(0, &mut bytes));
    }
}

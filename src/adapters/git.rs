//! A scratch working tree through the git program: private, detached at one commit, without remotes, credentials or hooks.
//!
//! Its bytes are the blobs' bytes: line-end conversion, filters and Git LFS are off, so what is read is what would be committed
//! (a Git LFS file is its pointer, a submodule an empty folder). Git's own records that *we* trust lie outside the working tree;
//! the `.git` inside is there for checks that ask git, and what happens to it is of no consequence.

mod files;
mod leftovers;
mod listing;
mod program;
mod source;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tempfile::TempDir;

use crate::adapters::checks::{Place, Runner};
use crate::domain::change::RepoPath;
use crate::domain::ids::CommitSha;
use crate::domain::verification::{CheckResult, CheckSpec};
use crate::ports::checkout::{Checkout, CheckoutError, FileKind, TrackedFile};
pub use files::Files;
use files::refused;
use leftovers::Leftovers;
use listing::Tree;
use program::{Program, no_scratch, unusable};
use source::Source;

pub use listing::Changes;

/// Written anew before every command: whatever ran in between, git reads this and nothing else.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";
const CONFIG_SHA256: &str =
    "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = false\n[extensions]\n\tobjectformat = sha256\n";
/// Stronger than any `.gitattributes`: bytes stay as they are.
const ATTRIBUTES: &str = "* -text -ident !eol !filter !working-tree-encoding\n";

/// The commit that the repository in `dir` stands at.
pub async fn head_commit(dir: &Path, runner: &Runner) -> Result<CommitSha, CheckoutError> {
    let home = private_folder().map_err(|error| unusable(no_scratch(&error)))?;
    let git = Program::new(runner.environment().search_path(), home.path(), runner.redactor().clone())?;
    Source::head(&git, dir).await
}

/// A private working tree. Dropping it removes it.
#[derive(Debug)]
pub struct Scratch {
    base: CommitSha,
    git: Program,
    runner: Runner,
    files: Files,
    tree: Tree,
    leftovers: Leftovers,
    work: PathBuf,
    folder: Folder,
}

impl Scratch {
    /// Copies what `commit` holds out of the repository in `dir`: a checkout of any depth, a bare repository or a linked working tree.
    /// Nothing is shared that could be written through, and nothing in it names `dir`.
    pub async fn create(dir: &Path, commit: &CommitSha, runner: Runner) -> Result<Self, CheckoutError> {
        let folder = Folder::new().map_err(|error| unusable(no_scratch(&error)))?;
        let search_path = runner.environment().search_path();
        let git = Program::new(search_path, &folder.path("gitconfig.d"), runner.redactor().clone())?;
        let source = Source::find(&git, dir).await?;
        source.demand(&git, commit).await?;
        let mut scratch = Self {
            base: commit.clone(),
            files: Files::new(&folder.path("work")),
            tree: Tree::default(),
            leftovers: Leftovers::new(&folder.path("work")),
            work: folder.path("work"),
            git,
            runner,
            folder,
        };
        scratch.fill(&source).await?;
        Ok(scratch)
    }

    /// How many files of the base commit were left out because of their names.
    pub fn left_out(&self) -> usize {
        self.tree.left_out
    }

    /// Everything that differs from the base commit, also what checks left behind, and how much could not be named.
    pub async fn changes(&self) -> Result<Changes, CheckoutError> {
        let arguments = ["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"];
        Ok(listing::changes(&self.ours("look for changes", arguments).await?))
    }

    async fn fill(&mut self, source: &Source) -> Result<(), CheckoutError> {
        self.init().map_err(|error| unusable(no_scratch(&error)))?;
        let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        let from = [source.git_dir.clone().into(), OsString::from(self.base.as_str())];
        let fetch = fetch.map(OsString::from).into_iter().chain(["--end-of-options".into()]).chain(from);
        self.ours("copy the commit out of the repository", fetch).await?;
        let list = ["ls-tree", "-r", "-l", "-z", "--full-tree", self.base.as_str()];
        self.tree = listing::tree(&self.ours("list the commit's files", list).await?);
        self.ours("check the commit out", ["checkout", "--quiet", "--force", "--detach", self.base.as_str()]).await?;
        self.lend_git().map_err(|error| unusable(no_scratch(&error)))
    }

    /// What `git init` does, without a template and without asking anybody's configuration.
    fn init(&self) -> io::Result<()> {
        for folder in ["git/objects", "git/refs", "git/info"] {
            fs::create_dir_all(self.folder.path(folder))?;
        }
        fs::write(self.folder.path("git/HEAD"), "ref: refs/heads/main\n")?;
        self.seal()
    }

    fn seal(&self) -> io::Result<()> {
        let config = if self.base.as_str().len() == 64 { CONFIG_SHA256 } else { CONFIG };
        fs::write(self.folder.path("git/config"), config)?;
        fs::write(self.folder.path("git/info/attributes"), ATTRIBUTES)
    }

    /// Gives the working tree a `.git` of its own. It borrows our objects, by a relative path, and keeps its own records.
    fn lend_git(&self) -> io::Result<()> {
        let lent = self.work.join(".git");
        for folder in ["objects/info", "refs/heads", "info"] {
            fs::create_dir_all(lent.join(folder))?;
        }
        fs::write(lent.join("objects/info/alternates"), "../../../git/objects\n")?;
        for file in ["HEAD", "config", "index", "shallow", "info/attributes"] {
            let ours = self.folder.path("git").join(file);
            if ours.exists() {
                fs::copy(ours, lent.join(file))?;
            }
        }
        Ok(())
    }

    /// Runs git on our own records and the working tree.
    async fn ours<I>(&self, purpose: &str, arguments: I) -> Result<Vec<u8>, CheckoutError>
    where
        I: IntoIterator<Item: Into<OsString>>,
    {
        self.seal().map_err(|error| unusable(no_scratch(&error)))?;
        let git_dir = [OsString::from("--git-dir"), self.folder.path("git").into()];
        let work = [OsString::from("--work-tree"), self.work.clone().into(), "-C".into(), self.work.clone().into()];
        let arguments = arguments.into_iter().map(Into::into);
        self.git.run(purpose, git_dir.into_iter().chain(work).chain(arguments)).await
    }

    /// A file in a submodule belongs to another repository.
    fn outside_submodules(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        let folders = path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at]);
        for part in folders.chain([path.as_str()]) {
            let blob = part.parse().ok().and_then(|part: RepoPath| self.tree.blobs.get(&part));
            if blob.is_some_and(|blob| blob.kind == FileKind::Submodule) {
                return Err(refused(path, format!("`{part}` is a submodule, which is another repository")));
            }
        }
        Ok(())
    }

    async fn run(&self, check: &CheckSpec, input: Option<&str>) -> CheckResult {
        let (home, temporary) = (self.folder.path("home"), self.folder.path("tmp"));
        let place = Place { dir: &self.work, home: &home, temporary: &temporary };
        self.runner.run(check, place, input).await
    }
}

#[async_trait]
impl Checkout for Scratch {
    fn root(&self) -> &Path {
        &self.work
    }

    fn base(&self) -> &CommitSha {
        &self.base
    }

    async fn tracked(&self) -> Result<Vec<TrackedFile>, CheckoutError> {
        let file = |(path, blob): (&RepoPath, &listing::Blob)| TrackedFile {
            path: path.clone(),
            kind: blob.kind,
            size: blob.size,
        };
        Ok(self.tree.blobs.iter().map(file).collect())
    }

    async fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        self.outside_submodules(path)?;
        self.files.read(path)
    }

    async fn original(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        self.outside_submodules(path)?;
        let Some(blob) = self.tree.blobs.get(path) else { return Ok(None) };
        if blob.kind == FileKind::Symlink {
            return Err(refused(path, "it is a symbolic link at the base commit"));
        }
        Ok(Some(self.ours("read a file of the base commit", ["cat-file", "blob", blob.id.as_str()]).await?))
    }

    async fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), CheckoutError> {
        self.outside_submodules(path)?;
        self.files.write(path, bytes)
    }

    async fn remove(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        self.outside_submodules(path)?;
        self.files.remove(path)
    }

    async fn changed(&self) -> Result<Vec<RepoPath>, CheckoutError> {
        let changes = self.changes().await?;
        if changes.left_out > 0 {
            tracing::warn!(left_out = changes.left_out, "changed files whose names cannot be used are left out");
        }
        Ok(self.leftovers.without(changes.paths))
    }

    async fn is_executable(&self, path: &RepoPath) -> Result<bool, CheckoutError> {
        self.outside_submodules(path)?;
        self.files.is_executable(path)
    }

    async fn run_check(&self, check: &CheckSpec) -> CheckResult {
        let change = self.changed().await;
        let result = self.run(check, None).await;
        if let (Ok(change), Ok(after)) = (change, self.changes().await) {
            self.leftovers.note(&change, &after.paths);
        }
        result
    }

    async fn run_agent(&self, command: &CheckSpec, brief: &str) -> CheckResult {
        self.run(command, Some(brief)).await
    }
}

fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("autonomy-").permissions(fs::Permissions::from_mode(0o700)).tempdir()
}

/// The scratch folder, for our user only: our git records, the working tree, and a home and a temporary folder for children.
#[derive(Debug)]
struct Folder(TempDir);

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = Self(private_folder()?);
        for name in ["git", "gitconfig.d", "work", "home", "tmp"] {
            fs::create_dir(folder.path(name))?;
        }
        Ok(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Drop for Folder {
    /// Checks leave folders that may not be written to (Go's module cache is one): make them removable first.
    fn drop(&mut self) {
        if fs::remove_dir_all(self.0.path()).is_err() {
            unlock(self.0.path());
        }
    }
}

fn unlock(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // Of the entry itself, not of what a link points to.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests;

//! A tree for one record with a canary around it, the product's own file access on it, and the judgement.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use autonomy::adapters::git::Files;
use autonomy::codebase::patch::{Limits, plan};
use autonomy::domain::change::RepoPath;
use autonomy::domain::ids::CommitSha;
use autonomy::domain::verification::{CheckResult, CheckSpec, CheckStatus};
use autonomy::ports::checkout::{Checkout, CheckoutError, FileKind, TrackedFile};
use tempfile::TempDir;

use crate::corpus::{Expect, Record, blob};

type Failure = Box<dyn std::error::Error>;
/// Path from the top to the file's bytes or the link's target.
type Snapshot = BTreeMap<PathBuf, Vec<u8>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Right,
    Refused,
    Wrong,
}

/// Where the generator's attacks aim at, beyond what `..` reaches.
const FAR: [&str; 3] = ["/var/tmp/autonomy-edit-escape1.txt", "/var/tmp/autonomy-edit-escape2.txt", "/var/tmp/x.txt"];

pub(crate) struct Stage {
    top: TempDir,
    before: Snapshot,
    expected: Snapshot,
    folder: Folder,
}

impl Stage {
    pub(crate) fn set(corpus: &Path, record: &Record) -> Result<Self, Failure> {
        let top = tempfile::tempdir()?;
        // Deep enough that `..` a few times over stays in what is compared.
        let holder = top.path().join("a/b/c");
        let root = holder.join("tree");
        fs::create_dir_all(holder.join("outside"))?;
        fs::create_dir_all(root.join(".git/hooks"))?;
        fs::write(root.join(".git/config"), "canary")?;
        fs::write(holder.join("outside/target.txt"), "outside content\n")?;
        fs::write(holder.join("canary"), "canary")?;
        let mut tracked = Vec::new();
        for (path, name) in &record.tree {
            let at = root.join(path);
            fs::create_dir_all(at.parent().ok_or("no folder")?)?;
            fs::write(at, blob(corpus, name)?)?;
            tracked.push(TrackedFile { path: path.parse()?, kind: FileKind::Regular, size: 0 });
        }
        for (path, target) in &record.links {
            symlink(target, root.join(path))?;
            tracked.push(TrackedFile { path: path.parse()?, kind: FileKind::Symlink, size: 0 });
        }
        let before = snapshot(top.path())?;
        let mut expected = before.clone();
        for (path, name) in &record.after {
            expected.insert(Path::new("a/b/c/tree").join(path), blob(corpus, name)?);
        }
        let folder = Folder { files: Files::new(&root), base: "0".repeat(40).parse()?, root, tracked };
        Ok(Self { top, before, expected, folder })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.folder.root
    }

    /// Plans and writes. The inner error is the refusal's text.
    pub(crate) async fn edit(&self, record: &Record) -> Result<Result<String, String>, CheckoutError> {
        let shown = record.shown.iter().filter_map(|path| path.parse().ok()).collect();
        let limits = Limits { max_bytes: 1_000_000 };
        match plan(&record.reply, &self.folder, &shown, limits).await? {
            Ok(planned) => {
                planned.write(&self.folder).await?;
                Ok(Ok(planned.notes.join("\n")))
            }
            Err(refused) => Ok(Err(refused.to_string())),
        }
    }

    /// `accepted` is what the applier said of itself: to write nothing and say that all is well is not a refusal.
    pub(crate) fn judge(&self, record: &Record, accepted: bool) -> Result<Verdict, Failure> {
        let after = snapshot(self.top.path())?;
        let far = FAR.into_iter().filter(|path| Path::new(path).exists() && fs::remove_file(path).is_ok()).count();
        let untouched = after == self.before && far == 0;
        let right = match record.expect {
            Expect::Refuse => untouched && !accepted,
            Expect::Apply | Expect::Noop => after == self.expected && far == 0 && accepted,
        };
        Ok(match (right, untouched && !accepted) {
            (true, _) => Verdict::Right,
            (false, true) => Verdict::Refused,
            (false, false) => Verdict::Wrong,
        })
    }
}

fn snapshot(top: &Path) -> Result<Snapshot, Failure> {
    let mut files = Snapshot::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let kind = fs::symlink_metadata(&path)?.file_type();
            if kind.is_dir() {
                folders.push(path);
            } else {
                let link = || fs::read_link(&path).map(|to| to.into_os_string().into_encoded_bytes());
                let bytes = if kind.is_symlink() { link()? } else { fs::read(&path)? };
                files.insert(path.strip_prefix(top)?.to_owned(), bytes);
            }
        }
    }
    Ok(files)
}

/// The tree as a checkout, through the product's own file access.
struct Folder {
    files: Files,
    base: CommitSha,
    root: PathBuf,
    tracked: Vec<TrackedFile>,
}

#[async_trait]
impl Checkout for Folder {
    fn root(&self) -> &Path {
        &self.root
    }

    fn base(&self) -> &CommitSha {
        &self.base
    }

    async fn tracked(&self) -> Result<Vec<TrackedFile>, CheckoutError> {
        Ok(self.tracked.clone())
    }

    async fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        self.files.read(path)
    }

    async fn original(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        self.files.read(path)
    }

    async fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), CheckoutError> {
        self.files.write(path, bytes)
    }

    async fn remove(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        self.files.remove(path)
    }

    async fn changed(&self) -> Result<Vec<RepoPath>, CheckoutError> {
        Ok(Vec::new())
    }

    async fn is_executable(&self, path: &RepoPath) -> Result<bool, CheckoutError> {
        self.files.is_executable(path)
    }

    async fn run_check(&self, check: &CheckSpec) -> CheckResult {
        none(&check.name)
    }

    async fn run_agent(&self, command: &CheckSpec, _brief: &str) -> CheckResult {
        none(&command.name)
    }
}

fn none(name: &str) -> CheckResult {
    CheckResult { name: name.to_owned(), status: CheckStatus::Failed(None), output: String::new(), millis: 0 }
}

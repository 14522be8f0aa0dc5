//! A checkout in memory, for the tests of this room and of the jobs above it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::domain::change::RepoPath;
use crate::domain::ids::CommitSha;
use crate::domain::verification::{CheckResult, CheckSpec, CheckStatus};
use crate::ports::checkout::{Checkout, CheckoutError, FileKind, TrackedFile};

pub(crate) type Files = BTreeMap<RepoPath, Vec<u8>>;
type Check = Box<dyn Fn(&CheckSpec, &Files) -> CheckResult + Send + Sync>;
type Agent = Box<dyn Fn(&str, &mut Files) -> CheckResult + Send + Sync>;

pub(crate) struct FakeCheckout {
    base: CommitSha,
    original: Files,
    files: Mutex<Files>,
    links: BTreeSet<RepoPath>,
    executable: BTreeSet<RepoPath>,
    check: Check,
    agent: Agent,
}

impl FakeCheckout {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let original: Files = files.iter().map(|(path, bytes)| (path.parse().unwrap(), bytes.to_vec())).collect();
        Self {
            base: "a".repeat(40).parse().unwrap(),
            files: Mutex::new(original.clone()),
            original,
            links: BTreeSet::new(),
            executable: BTreeSet::new(),
            check: Box::new(|check, _| outcome(&check.name, CheckStatus::Passed, "ok")),
            agent: Box::new(|_, _| outcome("agent", CheckStatus::Passed, "")),
        }
    }

    pub(crate) fn with_check(
        mut self,
        check: impl Fn(&CheckSpec, &Files) -> CheckResult + Send + Sync + 'static,
    ) -> Self {
        self.check = Box::new(check);
        self
    }

    pub(crate) fn with_agent(
        mut self,
        agent: impl Fn(&str, &mut Files) -> CheckResult + Send + Sync + 'static,
    ) -> Self {
        self.agent = Box::new(agent);
        self
    }

    pub(crate) fn with_link(mut self, path: &str) -> Self {
        self.links.insert(path.parse().unwrap());
        self
    }

    pub(crate) fn with_executable(mut self, path: &str) -> Self {
        self.executable.insert(path.parse().unwrap());
        self
    }

    pub(crate) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.files.lock().unwrap().get(&path.parse().unwrap()).cloned()
    }

    fn refuse_links(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        let through = |link: &&RepoPath| path == *link || path.as_str().starts_with(&format!("{link}/"));
        match self.links.iter().find(through) {
            None => Ok(()),
            Some(link) => Err(CheckoutError::Path {
                path: path.to_string(),
                reason: format!("`{link}` is a symbolic link, and links are not followed"),
            }),
        }
    }
}

pub(crate) fn outcome(name: &str, status: CheckStatus, output: &str) -> CheckResult {
    CheckResult { name: name.to_owned(), status, output: output.to_owned(), millis: 5 }
}

#[async_trait]
impl Checkout for FakeCheckout {
    fn root(&self) -> &Path {
        Path::new("/nowhere")
    }

    fn base(&self) -> &CommitSha {
        &self.base
    }

    async fn tracked(&self) -> Result<Vec<TrackedFile>, CheckoutError> {
        let regular = self.original.iter().map(|(path, bytes)| TrackedFile {
            path: path.clone(),
            kind: if self.executable.contains(path) { FileKind::Executable } else { FileKind::Regular },
            size: bytes.len() as u64,
        });
        let links = self.links.iter().map(|path| TrackedFile { path: path.clone(), kind: FileKind::Symlink, size: 1 });
        Ok(regular.chain(links).collect())
    }

    async fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        self.refuse_links(path)?;
        Ok(self.files.lock().unwrap().get(path).cloned())
    }

    async fn original(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        Ok(self.original.get(path).cloned())
    }

    async fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), CheckoutError> {
        self.refuse_links(path)?;
        self.files.lock().unwrap().insert(path.clone(), bytes.to_vec());
        Ok(())
    }

    async fn remove(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        self.refuse_links(path)?;
        self.files.lock().unwrap().remove(path);
        Ok(())
    }

    async fn changed(&self) -> Result<Vec<RepoPath>, CheckoutError> {
        let files = self.files.lock().unwrap();
        let all: BTreeSet<&RepoPath> = files.keys().chain(self.original.keys()).collect();
        Ok(all.into_iter().filter(|path| files.get(path) != self.original.get(path)).cloned().collect())
    }

    async fn is_executable(&self, path: &RepoPath) -> Result<bool, CheckoutError> {
        Ok(self.executable.contains(path))
    }

    async fn run_check(&self, check: &CheckSpec) -> CheckResult {
        (self.check)(check, &self.files.lock().unwrap())
    }

    async fn run_agent(&self, _command: &CheckSpec, brief: &str) -> CheckResult {
        (self.agent)(brief, &mut self.files.lock().unwrap())
    }
}

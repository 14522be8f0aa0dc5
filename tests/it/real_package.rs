//! Real published packages, fetched through pip: a release with a known bug, the next release's test that shows it, and a fix that
//! the conversation makes. The check is each package's own test command, `pytest`, failing before and passing after.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use autonomy::domain::change::RepoPath;
use autonomy::domain::verification::CheckResult;
use autonomy::ports::checkout::Checkout as _;

use super::checks::git;
use super::conversation;

/// A bug in one release of a package on pypi.org, fixed in the next.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    broken: &'static str,
    fixed: &'static str,
    /// The test files of the fixed release that show the bug; everything else is the broken release.
    tests: &'static [&'static str],
    /// What the test command prints at the end, before and after.
    before: &'static str,
    after: &'static str,
    edited: &'static [&'static str],
}

/// `idna.decode` let a `ValueError` through for some labels: <https://pypi.org/project/idna/3.8/>, history.
pub(crate) const IDNA: Package = Package {
    name: "idna",
    broken: "3.7",
    fixed: "3.8",
    tests: &["tests/test_idna.py"],
    before: "4 failed, 28 passed",
    after: "32 passed",
    edited: &["idna/core.py"],
};

/// Caches remembered keys that `__missing__` had not stored: <https://pypi.org/project/cachetools/4.2.1/>, changelog.
pub(crate) const CACHETOOLS: Package = Package {
    name: "cachetools",
    broken: "4.2.0",
    fixed: "4.2.1",
    tests: &["tests/__init__.py"],
    before: "2 failed, 169 passed",
    after: "171 passed",
    edited: &["cachetools/lfu.py", "cachetools/lru.py", "cachetools/mru.py"],
};

/// The package as a git repository at its broken release, ready for `autonomy demo --repo-dir`.
pub(crate) struct Fetched {
    folder: tempfile::TempDir,
    /// Our search path with `pytest` on it.
    pub(crate) search_path: OsString,
    /// An issue as Markdown, and the scripted conversation.
    pub(crate) issue: PathBuf,
    pub(crate) script: PathBuf,
}

impl Fetched {
    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }
}

impl Package {
    pub(crate) fn fetch(&self) -> Fetched {
        let folder = tempfile::tempdir().unwrap();
        let broken = self.release(self.broken, folder.path());
        let fixed = self.release(self.fixed, folder.path());
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/real").join(self.name);
        let repository = folder.path().join("repository");
        fs::rename(broken, &repository).unwrap();
        git(&repository, &["init", "--quiet", "--initial-branch=main"]);
        fs::create_dir(repository.join(".autonomy")).unwrap();
        fs::copy(data.join("../config.yaml"), repository.join(".autonomy/config.yaml")).unwrap();
        commit(&repository, &format!("Release {}", self.broken));
        for test in self.tests {
            fs::copy(fixed.join(test), repository.join(test)).unwrap();
        }
        commit(&repository, "Test what was reported");
        Fetched { folder, search_path: pytest(), issue: data.join("issue.md"), script: data.join("conversation.json") }
    }

    /// Downloads and unpacks a source release.
    fn release(&self, version: &str, folder: &Path) -> PathBuf {
        let wanted = format!("{}=={version}", self.name);
        let downloads = folder.join(version);
        let arguments = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", self.name, "--dest"];
        run(
            &format!("fetch {wanted} from the package index"),
            Command::new("python3").args(arguments).arg(&downloads).arg(&wanted),
        );
        let archive = format!("{}-{version}.tar.gz", self.name);
        run("unpack it", Command::new("tar").current_dir(&downloads).args(["--no-same-owner", "-xzf", &archive]));
        downloads.join(format!("{}-{version}", self.name))
    }
}

fn commit(repository: &Path, message: &str) {
    git(repository, &["add", "--all"]);
    git(
        repository,
        &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", message],
    );
}

/// What the packages' own workflows install before they run `pytest`: once, kept beside the build.
fn pytest() -> OsString {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    let tools = TOOLS.get_or_init(|| {
        let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pytest-8.4.2");
        let ready = tools.join("ready");
        if !ready.exists() {
            run("make a virtual environment", Command::new("python3").args(["-m", "venv", "--clear"]).arg(&tools));
            run("install pytest", Command::new(tools.join("bin/pip")).args(["install", "--quiet", "pytest==8.4.2"]));
            fs::write(&ready, "").unwrap();
        }
        tools
    });
    let ours = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([tools.join("bin")].into_iter().chain(std::env::split_paths(&ours))).unwrap()
}

fn run(what: &str, command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("could not {what}: {error}; this test needs python3 and tar"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "could not {what}; this test needs python3 with pip and a package index: {words}");
}

#[expect(clippy::print_stdout, reason = "the run is told in the test's own output")]
async fn fails_before_and_passes_after(package: &Package) {
    let fetched = package.fetch();
    let repository = fetched.repository();
    let config = conversation::config(&repository.join(".autonomy/config.yaml"));
    let path: &OsStr = &fetched.search_path;
    let scratch = conversation::scratch(&repository, conversation::runner(Some(path))).await;

    let before = conversation::run_all(&scratch, &config).await;
    assert!(!before.iter().any(CheckResult::passed) && before[0].output.contains(package.before), "{before:?}");
    conversation::play(&scratch, &config, &conversation::read(&fetched.script)).await;
    let after = conversation::run_all(&scratch, &config).await;
    assert!(after.iter().all(CheckResult::passed) && after[0].output.contains(package.after), "{after:?}");

    // pytest leaves compiled files behind, and a source release has no .gitignore.
    let changed = scratch.changed().await.unwrap();
    let sources: Vec<&str> =
        changed.iter().map(RepoPath::as_str).filter(|path| !path.contains("__pycache__")).collect();
    assert_eq!(sources, package.edited);
    assert!(git(&repository, &["status", "--short"]).is_empty(), "the user's checkout is not touched");
    println!("{} {}: {} ms before, {} ms after", package.name, package.broken, before[0].millis, after[0].millis);
    assert!(fetched.issue.exists());
}

#[tokio::test]
async fn idna_raises_its_own_error_for_unknown_codepoints() {
    fails_before_and_passes_after(&IDNA).await;
}

#[tokio::test]
async fn cachetools_forgets_what_was_never_stored() {
    fails_before_and_passes_after(&CACHETOOLS).await;
}

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
use autonomy::sandbox::model::{self, ModelScript};
use autonomy::sandbox::{Options, Sandbox, token};

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
async fn fails_before_and_passes_after(package: &Package, fetched: &Fetched) {
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
    assert!(scratch.changes().await.unwrap().paths.iter().any(|path| path.as_str().contains("__pycache__")));
    let changed = scratch.changed().await.unwrap();
    assert_eq!(changed.iter().map(RepoPath::as_str).collect::<Vec<_>>(), package.edited);
    assert!(git(&repository, &["status", "--short"]).is_empty(), "the user's checkout is not touched");
    println!("{} {}: {} ms before, {} ms after", package.name, package.broken, before[0].millis, after[0].millis);
}

/// The whole loop, as a workflow would start it: the program against the embedded GitHub, whose repository is the package.
#[expect(clippy::print_stdout, reason = "the run is told in the test's own output")]
async fn the_program_fixes_it(package: &Package, fetched: &Fetched) {
    let script = ModelScript::read(&fetched.script).unwrap();
    let (router, log) = model::router(script);
    let options = Options {
        seed: Some(fetched.repository()),
        issues: fetched.issue.parent().map(Path::to_owned),
        record: std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from),
        model: Some(router),
        ..Options::new(format!("acme/{}", package.name).parse().unwrap())
    };
    let sandbox = Sandbox::start(options).await.unwrap();

    let (code, said) = autonomy(package, fetched, &sandbox).await;
    println!("{said}");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("check test before the change: failed") && said.contains("check test on the change: passed"));
    let pulls = sandbox.world().pulls();
    assert_eq!(pulls.len(), 1, "{said}");
    assert_eq!(pulls[0].files, package.edited);
    assert!(pulls[0].body.contains("Fixes #1"), "{}", pulls[0].body);
    assert_eq!((log.complaints(), log.leftover()), (vec![], vec![]));
    assert_eq!(sandbox.unknown_routes(), Vec::<String>::new());

    let (code, said) = autonomy(package, fetched, &sandbox).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing to do"), "{said}");
    assert_eq!(
        (sandbox.world().pulls().len(), sandbox.world().branches().len()),
        (1, 3),
        "main, the ledger, the change"
    );
}

/// Runs `autonomy run` in the package's repository with a workflow's token. Gives the exit code and all it said.
async fn autonomy(package: &Package, fetched: &Fetched, sandbox: &Sandbox) -> (Option<i32>, String) {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_autonomy"))
        .args(["run", "--repo-dir"])
        .arg(fetched.repository())
        .env_clear()
        .env("PATH", &fetched.search_path)
        .env("HOME", fetched.folder.path())
        .env("GITHUB_API_URL", sandbox.api_url())
        .env("GITHUB_GRAPHQL_URL", sandbox.graphql_url())
        .env("GITHUB_SERVER_URL", sandbox.server_url())
        .env("GITHUB_REPOSITORY", format!("acme/{}", package.name))
        .env("GITHUB_TOKEN", token::WORKFLOW)
        .env("OPENAI_BASE_URL", format!("{}/v1", sandbox.model_url()))
        .env("OPENAI_API_KEY", "a-key-of-no-worth")
        .env("ANTHROPIC_BASE_URL", format!("{}/anthropic", sandbox.model_url()))
        .env("ANTHROPIC_API_KEY", "a-key-of-no-worth")
        .env("AUTONOMY_WRITE_PAUSE_MS", "0")
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.code(), said)
}

#[tokio::test]
async fn idna_raises_its_own_error_for_unknown_codepoints() {
    let fetched = IDNA.fetch();
    fails_before_and_passes_after(&IDNA, &fetched).await;
    the_program_fixes_it(&IDNA, &fetched).await;
}

#[tokio::test]
async fn cachetools_forgets_what_was_never_stored() {
    let fetched = CACHETOOLS.fetch();
    fails_before_and_passes_after(&CACHETOOLS, &fetched).await;
    the_program_fixes_it(&CACHETOOLS, &fetched).await;
}

//! Checks as an attacker would write them: they hang, flood, look for secrets, and leave things behind.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use autonomy::adapters::checks::{ChildEnvironment, Runner, protect_own_memory};
use autonomy::adapters::git::Scratch;
use autonomy::domain::change::RepoPath;
use autonomy::domain::secret::Redactor;
use autonomy::domain::verification::{CheckResult, CheckSpec, CheckStatus};
use autonomy::ports::checkout::Checkout as _;

const TOKEN: &str = "ghs_0123456789abcdefghijABCDEFGHIJ012345";

/// A repository with one file, which persists a credential as actions/checkout does.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet"]);
    std::fs::write(dir.path().join("file"), "x\n").unwrap();
    git(dir.path(), &["add", "--all"]);
    git(dir.path(), &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "c"]);
    let header = format!("AUTHORIZATION: basic {TOKEN}");
    git(dir.path(), &["config", "http.https://github.com/.extraheader", &header]);
    dir
}

pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A scratch tree whose runner has seen `more` in our environment.
async fn scratch(more: &[(&str, &str)], secrets: &[&str]) -> Scratch {
    let dir = repository();
    let redactor = Redactor::new(secrets.iter().map(|&secret| secret.to_owned()));
    let ours = std::env::vars_os().chain(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let environment = ChildEnvironment::from_ours(ours, &redactor);
    let sha = git(dir.path(), &["rev-parse", "HEAD"]).parse().unwrap();
    Scratch::create(dir.path(), &sha, Runner::new(environment, redactor)).await.unwrap()
}

fn check(run: &str, seconds: u64) -> CheckSpec {
    CheckSpec { name: "test".into(), run: run.into(), timeout: Duration::from_secs(seconds) }
}

async fn run(command: &str) -> CheckResult {
    scratch(&[], &[]).await.run_check(&check(command, 60)).await
}

#[tokio::test]
async fn the_exit_code_is_the_result_and_both_streams_are_kept_in_order() {
    let result = run("echo one; echo two >&2; echo three; exit 3").await;
    assert_eq!(result.status, CheckStatus::Failed(Some(3)));
    assert_eq!(result.output, "one\ntwo\nthree\n");
    assert_eq!(run("kill -9 $$").await.status, CheckStatus::Failed(None));
    assert_eq!(run("no-such-program").await.status, CheckStatus::Failed(Some(127)));
    assert!(run("read line; test -z \"$line\"").await.passed(), "standard input is empty");
}

#[tokio::test]
async fn a_hanging_check_is_ended_with_everything_it_started() {
    let scratch = scratch(&[], &[]).await;
    let start = Instant::now();
    let result = scratch.run_check(&check("echo begun; sh -c 'sleep 97 & sleep 97' & trap '' TERM; wait", 1)).await;
    assert_eq!((result.status, result.output.as_str()), (CheckStatus::TimedOut, "begun\n"));
    assert!(start.elapsed() < Duration::from_secs(20) && result.millis >= 1_000);
    assert_eq!(processes_in(scratch.root()), Vec::<String>::new());
}

#[tokio::test]
async fn a_check_that_is_given_up_is_ended_too() {
    let scratch = scratch(&[], &[]).await;
    let hanging = check("sleep 96", 60);
    let _ = tokio::time::timeout(Duration::from_millis(300), scratch.run_check(&hanging)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(processes_in(scratch.root()), Vec::<String>::new());
}

#[tokio::test]
async fn a_daemon_does_not_outlive_its_check() {
    let scratch = scratch(&[], &[]).await;
    // It leaves the process group and the session, holds the output open, and would write later.
    let command = "setsid sh -c 'sleep 2; echo late > late; sleep 95' & setsid setsid sleep 94 & echo started";
    let start = Instant::now();
    let result = scratch.run_check(&check(command, 60)).await;
    assert!(result.passed() && result.output == "started\n", "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(20), "the open output is not waited for");
    if cfg!(target_os = "linux") {
        assert_eq!(processes_in(scratch.root()), Vec::<String>::new());
        assert!(scratch.changed().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_hundred_megabytes_of_output_are_cut_in_the_middle() {
    let result = run("echo first; head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; echo last").await;
    assert!(result.passed());
    assert!(result.output.len() < 70_000 && result.output.starts_with("first\n") && result.output.ends_with("last\n"));
    assert!(result.output.contains("bytes left out …]"));
}

#[tokio::test]
async fn no_token_is_in_the_environment_or_in_git() {
    let ours = [("GITHUB_TOKEN", TOKEN), ("OPENAI_API_KEY", TOKEN), ("ACTIONS_RUNTIME_TOKEN", TOKEN)];
    // No redactor: what is not there need not be removed.
    let scratch = scratch(&ours, &[]).await;
    let command = "env; git config --list; cat .git/config; git remote -v; cat ~/.gitconfig ~/.netrc; ls -A ~";
    let result = scratch.run_check(&check(command, 60)).await;
    assert!(result.output.contains("CI=true") && !result.output.contains(TOKEN), "{}", result.output);
    let names: Vec<&str> =
        result.output.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name.starts_with("GITHUB_") || name.starts_with("ACTIONS_")), "{names:?}");
}

#[tokio::test]
async fn a_known_secret_is_removed_from_the_output() {
    let scratch = scratch(&[], &[TOKEN]).await;
    let result = scratch.run_check(&check(&format!("echo found {TOKEN}"), 60)).await;
    assert_eq!(result.output, "found [redacted]\n");
}

#[tokio::test]
async fn what_a_check_leaves_behind_is_no_part_of_the_change() {
    let names = |paths: &[RepoPath]| paths.iter().map(|path| path.as_str().to_owned()).collect::<Vec<_>>();
    let scratch = scratch(&[], &[]).await;
    scratch.write(&"mine".parse().unwrap(), b"1").await.unwrap();
    let messy = check("echo y > file; echo 2 > mine; mkdir -p out; touch out/report.xml $TMPDIR/t $HOME/h", 60);
    scratch.run_check(&messy).await;
    assert_eq!(names(&scratch.changed().await.unwrap()), ["mine"]);
    assert_eq!(names(&scratch.changes().await.unwrap().paths), ["file", "mine", "out/report.xml"]);
    // An agent's work counts, also on a file that a check has touched before.
    let agent = scratch.run_agent(&check("cat > file; touch new", 60), "z").await;
    assert!(agent.passed(), "{agent:?}");
    assert_eq!(names(&scratch.changed().await.unwrap()), ["file", "mine", "new"]);
}

/// The variable that tells the processes below what to do.
const PART: &str = "AUTONOMY_TEST_PART";

/// Starts this test binary again with a token in its environment, as a workflow starts us, and gives what a check there saw.
fn as_a_workflow(part: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "checks::in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(PART, part)
        .env("GITHUB_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("check ended"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[test]
#[ignore = "started by the tests below, in a process of its own"]
fn in_a_process_of_its_own() {
    let part = std::env::var(PART).expect("only started by the tests below");
    if part == "protected" {
        protect_own_memory();
    }
    let look =
        "for file in environ mem maps; do head -c 100000 /proc/$PPID/$file; done; cat /proc/$PPID/task/*/environ";
    let flood = "head -c 100000000 /dev/zero | tr '\\0' '\\n'";
    let command = if part == "flood" { flood } else { look };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let scratch = runtime.block_on(scratch(&[], &[]));
    let before = peak_kib();
    let result = runtime.block_on(scratch.run_check(&check(command, 60)));
    println!("{}\npeak +{} KiB\ncheck ended", result.output.trim(), peak_kib() - before);
}

/// The most memory this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[cfg(target_os = "linux")]
#[test]
fn a_check_cannot_read_our_environment_through_proc() {
    assert!(as_a_workflow("open").contains(TOKEN), "without protection the attack works: the test can fail");
    let seen = as_a_workflow("protected");
    assert!(!seen.contains(TOKEN), "{seen}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_megabytes_of_output_cost_no_memory() {
    let seen = as_a_workflow("flood");
    let peak = seen.lines().find_map(|line| line.strip_prefix("peak +")?.strip_suffix(" KiB")).unwrap();
    assert!(peak.parse::<u64>().unwrap() < 8_192, "{peak} KiB");
}

/// Command lines of the processes that work in a folder.
fn processes_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let here =
        entries.filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir)));
    here.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
        // A process that has ended and is not yet reaped has no command line.
        .filter(|line| !line.is_empty())
        .map(|line| line.replace('\0', " "))
        .collect()
}

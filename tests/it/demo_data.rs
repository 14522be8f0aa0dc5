//! The demo's repository, issues and conversation, before the product plays them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use autonomy::config::Mode;
use autonomy::domain::change::RepoPath;
use autonomy::ports::checkout::Checkout as _;
use autonomy::sandbox::{Options, Sandbox};

use super::checks::git;
use super::conversation;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&demo().join("repo"), dir.path());
    git(dir.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(dir.path(), &["add", "--all"]);
    git(dir.path(), &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "c"]);
    dir
}

#[tokio::test]
async fn the_engineer_errs_once_and_then_gets_it_right() {
    let dir = repository();
    let config = conversation::config(&dir.path().join(".autonomy/config.yaml"));
    let scratch = conversation::scratch(dir.path(), conversation::runner(None)).await;
    for result in conversation::run_all(&scratch, &config).await {
        assert!(result.passed(), "before: {result:?}");
        assert!(result.millis < 5_000, "the demo has 20 seconds in all: {result:?}");
    }
    let spoken = conversation::read(&demo().join("conversation.json"));
    let results = conversation::play(&scratch, &config, &spoken).await;
    let passed: Vec<bool> = results.iter().map(autonomy::domain::verification::CheckResult::passed).collect();
    assert_eq!(passed, [false, true]);
    for result in conversation::run_all(&scratch, &config).await {
        assert!(result.passed(), "after: {result:?}");
    }
    let changed = scratch.changed().await.unwrap();
    assert_eq!(changed.iter().map(RepoPath::as_str).collect::<Vec<_>>(), ["lib/parse.sh", "tests/parse_test.sh"]);

    // What the reviews quote: all but the invented finding stand at their line of the change.
    let findings = spoken["roles"]["cto_review"][0]["answer"]["findings"].as_array().unwrap();
    let mut grounded = Vec::new();
    for finding in findings {
        let path: RepoPath = finding["path"].as_str().unwrap().parse().unwrap();
        let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        let text = String::from_utf8(scratch.read(&path).await.unwrap().unwrap()).unwrap();
        let at_line = text.lines().nth(line - 1).unwrap();
        let before = String::from_utf8(scratch.original(&path).await.unwrap().unwrap()).unwrap();
        let quote = finding["quote"].as_str().unwrap();
        assert!(!before.contains(quote), "the finding is about the change: {quote}");
        grounded.push(at_line.trim() == quote);
        assert_eq!(text.contains(quote), at_line.trim() == quote, "{quote}");
    }
    assert_eq!(grounded, [true, true, false]);
    assert_eq!(spoken["roles"]["ciso_review"][0]["answer"]["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn the_demo_may_merge_and_no_other_example_does() {
    let rule = |path: &str| {
        let config = conversation::config(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        config.actions.iter().find(|rule| rule.pattern == "pr.merge").map(|rule| rule.mode)
    };
    assert_eq!(rule("examples/demo/repo/.autonomy/config.yaml"), Some(Mode::Auto));
    assert_ne!(rule("examples/config.yaml"), Some(Mode::Auto));
    let config = conversation::config(&demo().join("repo/.autonomy/config.yaml"));
    assert!(config.checks.iter().all(|check| check.timeout <= Duration::from_mins(1)));
}

#[tokio::test]
async fn the_issues_are_read_in_order_with_their_labels() {
    let options = Options { issues: Some(demo().join("issues")), ..Options::new("octo-org/duration".parse().unwrap()) };
    let sandbox = Sandbox::start(options).await.unwrap();
    let issues = sandbox.world().issues();
    let seen: Vec<_> = issues.iter().map(|issue| (issue.number, issue.labels.join(" "))).collect();
    let expected = [
        (1, "bug roadmap priority-high"),
        (2, "enhancement roadmap priority-critical"),
        (3, "enhancement roadmap priority-medium"),
        (4, "enhancement roadmap priority-low blocked"),
        (5, "agent-suggestion needs-approval severity-low"),
        (6, ""),
    ];
    assert_eq!(seen, expected.map(|(number, labels)| (number, labels.to_owned())));
    assert_eq!(issues[0].title, "`to-seconds` misreads numbers with a leading zero");
    assert_eq!(issues[2].assignees, ["writer"]);
    let events = sandbox.world().events(2);
    assert!(events.iter().any(|(_, actor)| actor == "triager"), "approved by somebody who may not: {events:?}");
}

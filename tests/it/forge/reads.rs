//! Every read.

use autonomy::domain::check::Conclusion;
use autonomy::domain::ids::{IssueNumber, PullNumber};
use autonomy::domain::issue::EventKind;
use autonomy::domain::pull::{FileStatus, ReviewState};
use autonomy::domain::user::{Permission, TokenKind, UserKind};
use autonomy::ports::forge::{ForgeError, ForgeRead, StateFilter};
use autonomy::sandbox::{ACTIONS_BOT, Options, Protection, Sandbox, Setting, Verdict, login, token};
use serde_json::json;

use super::bench::{Bench, branch, github};

#[tokio::test]
async fn who_we_are_is_told_by_the_token() {
    let bench = Bench::start().await;
    let of = async |token| github(&bench.sandbox, token).identity().await.unwrap();
    let workflow = of(token::WORKFLOW).await;
    assert_eq!((workflow.token, workflow.user.id.0), (TokenKind::Workflow, ACTIONS_BOT));
    assert_eq!((workflow.user.login.as_str(), workflow.user.kind), (login::ACTIONS, UserKind::Bot));
    let app = of(token::APP).await;
    assert_eq!((app.token, app.user.login.as_str()), (TokenKind::App, login::APP));
    let person = of(token::MAINTAINER).await;
    assert_eq!((person.token, person.user.kind), (TokenKind::Personal, UserKind::Human));
    let wrong = github(&bench.sandbox, "ghp_wrong_token").identity().await;
    assert!(matches!(wrong, Err(ForgeError::BadToken { .. })), "{wrong:?}");
    bench.assert_known();
}

#[tokio::test]
async fn the_repository_people_and_labels() {
    let bench = Bench::start().await;
    let repository = bench.github.repository().await.unwrap();
    assert_eq!((repository.default_branch.as_str(), repository.private), ("main", false));
    assert!(repository.has_issues && !repository.archived && repository.id > 0);
    for (login, permission) in [
        (login::MAINTAINER, Some(Permission::Admin)),
        (login::WRITER, Some(Permission::Write)),
        (login::TRIAGER, Some(Permission::Triage)),
        (login::OUTSIDER, Some(Permission::Read)),
        (login::APP, None),
        ("nobody-at-all", None),
    ] {
        assert_eq!(bench.github.permission(login).await.unwrap(), permission, "{login}");
    }
    assert!(bench.github.label_names().await.unwrap().contains(&"bug".to_owned()));
    let advisories = bench.github.advisory_keys().await;
    assert!(matches!(&advisories, Err(ForgeError::Denied { permission: Some(_), .. })), "{advisories:?}");
    bench.assert_known();
}

#[tokio::test]
async fn issues_their_comments_events_and_edits() {
    let bench = Bench::start().await;
    let world = bench.world();
    let mut numbers = Vec::new();
    for count in 0..105 {
        numbers.push(world.create_issue(login::WRITER, &format!("Issue {count}"), "text", &["bug"]).unwrap());
    }
    world.push(login::WRITER, "side", &[("s", Some("s"))], "side").unwrap();
    let pull = world.open_pull(login::WRITER, "side", "main", "A pull", "").unwrap();
    world.close_issue(login::WRITER, numbers[1], "completed").unwrap();
    let github = &bench.github;
    assert_eq!(github.issues(StateFilter::All, None).await.unwrap().len(), 105);
    assert_eq!(github.issues(StateFilter::Open, Some("bug")).await.unwrap().len(), 104);
    assert_eq!(github.issues(StateFilter::Open, Some("roadmap")).await.unwrap().len(), 0);

    let first = IssueNumber(numbers[0]);
    world.label(login::MAINTAINER, first.0, "roadmap").unwrap();
    world.edit_issue(login::WRITER, first.0, Some("Renamed"), Some("new text")).unwrap();
    world.comment(login::OUTSIDER, first.0, "hello").unwrap();
    let issue = github.issue(first).await.unwrap();
    assert_eq!((issue.title.as_str(), issue.body.as_str(), issue.open), ("Renamed", "new text", true));
    assert!(issue.has_label("roadmap") && issue.author.is_some_and(|author| author.login == login::WRITER));
    let comments = github.comments(first.0).await.unwrap();
    assert_eq!((comments.len(), comments[0].body.as_str()), (1, "hello"));
    let events = github.events(first.0).await.unwrap();
    let labeled = events.iter().find(|event| event.kind == EventKind::Labeled("roadmap".to_owned())).unwrap();
    assert_eq!(labeled.actor.as_ref().unwrap().login, login::MAINTAINER);
    assert!(!labeled.via_app);
    let renamed = EventKind::Renamed { from: "Issue 0".to_owned(), to: "Renamed".to_owned() };
    assert!(events.iter().any(|event| event.kind == renamed));
    let edits = github.edit_history(first).await.unwrap();
    assert!(edits.last_edited_at.is_some() && !edits.edits.is_empty());
    assert_eq!(github.edit_history(IssueNumber(numbers[2])).await.unwrap().last_edited_at, None);

    assert!(matches!(github.issue(IssueNumber(pull)).await, Err(ForgeError::NotFound { .. })));
    assert!(matches!(github.issue(IssueNumber(9999)).await, Err(ForgeError::NotFound { .. })));
    assert!(matches!(github.edit_history(IssueNumber(9999)).await, Err(ForgeError::NotFound { .. })));
    bench.assert_known();
}

#[tokio::test]
async fn pulls_their_files_commits_and_reviews() {
    let bench = Bench::start().await;
    let (world, github) = (bench.world(), &bench.github);
    let number = PullNumber(bench.pull().await);
    world.push(login::WRITER, "side", &[("s", Some("s"))], "side").unwrap();
    world.open_pull(login::WRITER, "side", "main", "Another", "").unwrap();
    let all = github.pulls(StateFilter::Open).await.unwrap();
    assert_eq!(all.iter().map(|pull| pull.title.as_str()).collect::<Vec<_>>(), ["Another", "feat: add a"]);
    assert_eq!(github.pulls_of_branch(&branch()).await.unwrap().len(), 1);
    assert!(github.pulls_of_branch(&"automated/8-b".parse().unwrap()).await.unwrap().is_empty());

    let pull = github.pull(number).await.unwrap();
    let repository = github.repository().await.unwrap();
    assert_eq!((&pull.head.branch, pull.head.repo_id), (&branch(), Some(repository.id)));
    assert!(pull.open && !pull.merged && !pull.draft && pull.has_label("automated") && pull.merge_commit.is_none());
    // GitHub computes it in the background: null first.
    assert_eq!(pull.mergeable, None);
    assert_eq!(github.pull(number).await.unwrap().mergeable, Some(true));
    let files = github.pull_files(number).await.unwrap();
    assert!(files.complete);
    assert_eq!((files.items[0].path.as_str(), files.items[0].status), ("a.txt", FileStatus::Added));
    assert_eq!(files.items[0].patch.as_deref(), Some("@@ -0,0 +1 @@\n+a"));
    assert!(!github.is_merged(number).await.unwrap());

    let comparison = github.compare(&bench.tip("main"), &pull.head.sha).await.unwrap();
    assert_eq!((comparison.ahead_by, comparison.behind_by), (1, 0));
    assert_eq!((comparison.merge_base, comparison.commits.complete), (bench.tip("main"), true));
    assert_eq!(comparison.commits.items[0].sha, pull.head.sha);
    let commit = github.commit(&pull.head.sha).await.unwrap();
    assert_eq!((commit.message.as_str(), commit.parents), ("feat: add a", vec![bench.tip("main")]));
    assert!(commit.committed_at.timestamp() > 0);

    world.review(login::WRITER, number.0, Verdict::RequestChanges, "no", None).unwrap();
    let forgotten = world.review(login::MAINTAINER, number.0, Verdict::Approve, "yes", None).unwrap();
    world.forget_review_commit(forgotten);
    let reviews = github.reviews(number).await.unwrap();
    assert_eq!((reviews[0].state, reviews[0].commit.as_ref()), (ReviewState::ChangesRequested, Some(&pull.head.sha)));
    assert_eq!((reviews[1].state, reviews[1].commit.as_ref()), (ReviewState::Approved, None));
    bench.assert_known();
}

#[tokio::test]
async fn branches_and_files() {
    let bench = Bench::start().await;
    let github = &bench.github;
    let main = bench.tip("main");
    bench.world().create_branch(login::WRITER, "automated/1-a", "main").unwrap();
    bench.world().create_branch(login::WRITER, "automated/12-b", "main").unwrap();
    assert_eq!(github.branch(&"main".parse().unwrap()).await.unwrap().unwrap().sha, main);
    assert_eq!(github.branch(&"automated/1".parse().unwrap()).await.unwrap(), None);
    let names = github.branches("automated/").await.unwrap();
    assert_eq!(names.iter().map(|b| b.name.as_str()).collect::<Vec<_>>(), ["automated/1-a", "automated/12-b"]);
    let large = "x".repeat(1_200_000);
    let files = [("docs/ü b.md", Some("text\r\n")), ("large.txt", Some(large.as_str()))];
    let sha = bench.world().push(login::WRITER, "main", &files, "files").unwrap().parse().unwrap();
    assert_eq!(github.file("docs/ü b.md", &sha).await.unwrap().as_deref(), Some("text\r\n".as_bytes()));
    assert_eq!(github.file("large.txt", &sha).await.unwrap().map(|bytes| bytes.len()), Some(1_200_000));
    assert_eq!(github.file("docs/none.md", &sha).await.unwrap(), None);
    assert_eq!(github.file("docs", &sha).await.unwrap(), None);
    bench.assert_known();
}

#[tokio::test]
async fn a_repository_without_commits_has_no_branches() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("git").args(["init", "-q", "-b", "trunk"]).arg(folder.path()).status();
    assert!(made.unwrap().success());
    let options = Options { seed: Some(folder.path().to_owned()), ..Options::new("acme/widgets".parse().unwrap()) };
    let sandbox = Sandbox::start(options).await.unwrap();
    let github = github(&sandbox, token::WORKFLOW);
    assert_eq!(github.repository().await.unwrap().default_branch.as_str(), "trunk");
    assert_eq!(github.branch(&"trunk".parse().unwrap()).await.unwrap(), None);
    assert!(github.branches("automated/").await.unwrap().is_empty());
}

#[tokio::test]
async fn checks_statuses_and_workflow_runs() {
    let bench = Bench::start().await;
    let (world, github) = (bench.world(), &bench.github);
    let ci = "name: CI\non: [push, workflow_dispatch]\njobs:\n  test:\n    runs-on: ubuntu-latest\n";
    world.set(Setting::JobReads(0));
    let sha = world.add_workflow(login::MAINTAINER, "ci.yml", ci).unwrap().parse().unwrap();
    let runs = github.workflow_runs(&sha).await.unwrap();
    assert!(runs.complete);
    assert_eq!((runs.items[0].path.as_str(), runs.items[0].event.as_str()), (".github/workflows/ci.yml", "push"));
    let one = github.workflow_run(runs.items[0].id).await.unwrap().unwrap();
    assert_eq!((one.head_sha.clone(), one.attempt), (sha.clone(), 1));
    assert!(one.suite_id.is_some());
    assert_eq!(github.workflow_run(1).await.unwrap(), None);
    world.check_run(sha.as_str(), "lint", Some("failure"), 77);
    world.status(login::WRITER, sha.as_str(), "ci/x", "pending").unwrap();
    let checks = github.check_runs(&sha).await.unwrap();
    assert!(checks.complete);
    let lint = checks.items.iter().find(|run| run.name == "lint").unwrap();
    assert_eq!((lint.completed, lint.conclusion, lint.app_id), (true, Some(Conclusion::Failure), Some(77)));
    assert!(checks.items.iter().any(|run| run.name == "test" && run.suite_id == one.suite_id));
    let statuses = github.statuses(&sha).await.unwrap();
    assert_eq!((statuses.items.len(), statuses.items[0].context.as_str(), statuses.complete), (1, "ci/x", true));
    bench.assert_known();
}

#[tokio::test]
async fn rules_of_rulesets_and_of_classic_protection() {
    let bench = Bench::start().await;
    let main = "main".parse().unwrap();
    let none = bench.github.branch_rules(&main).await.unwrap();
    assert!(none.complete && none.required_checks.is_empty() && !none.strict);
    let checks = json!({"type": "required_status_checks", "parameters": {
        "strict_required_status_checks_policy": true,
        "required_status_checks": [{"context": "test", "integration_id": 15368}]}});
    bench.world().add_ruleset("r", &["~DEFAULT_BRANCH"], vec![checks, json!({"type": "deletion"})], Vec::new());
    let rules = bench.github.branch_rules(&main).await.unwrap();
    assert_eq!(rules.required_checks.len(), 1);
    assert!(rules.complete && rules.strict && rules.rule_types.contains(&"deletion".to_owned()));
    bench.world().protect("main", Protection { contexts: vec![("old".to_owned(), None)], ..Protection::default() });
    let rules = bench.github.branch_rules(&main).await.unwrap();
    assert_eq!(rules.required_checks.iter().map(|check| check.context.as_str()).collect::<Vec<_>>(), ["test", "old"]);
    bench.world().protect("main", Protection { approvals: 2, ..Protection::default() });
    // The workflow's token may not read the protection itself; a maintainer's may.
    assert!(!bench.github.branch_rules(&main).await.unwrap().complete);
    let full = github(&bench.sandbox, token::MAINTAINER).branch_rules(&main).await.unwrap();
    assert_eq!((full.complete, full.required_approvals), (true, 2));
    bench.assert_known();
}

//! Every effect but the merge: not there, done once, found again.

use autonomy::domain::change::{ChangeSet, FileChange, FileContent};
use autonomy::domain::finding::Severity;
use autonomy::domain::ids::{Digest, IssueNumber, PullNumber};
use autonomy::plan::action::{CheckOutcome, CloseReason, LabelSpec};
use autonomy::plan::{Action, Target};
use autonomy::ports::forge::{ForgeError, ForgeRead, ForgeWrite, marker};
use autonomy::sandbox::{Setting, login, token};

use super::bench::{Bench, branch, claim, commit, github, open};

#[tokio::test]
async fn labels_are_created_once() {
    let bench = Bench::start().await;
    let label =
        |name: &str| LabelSpec { name: name.to_owned(), color: "0e8a16".to_owned(), description: "d".to_owned() };
    bench.once(Action::EnsureLabels { labels: vec![label("BUG"), label("autonomy:hold")] }).await;
    let names = bench.github.label_names().await.unwrap();
    assert!(names.contains(&"autonomy:hold".to_owned()) && !names.contains(&"BUG".to_owned()));
    bench.assert_known();
}

#[tokio::test]
async fn a_branch_is_claimed_by_the_first_and_lost_by_the_second() {
    let bench = Bench::start().await;
    let main = bench.tip("main");
    assert_eq!(bench.once(claim(main.clone())).await.sha, Some(main.clone()));
    let again = bench.github.perform(&bench.guarded(claim(main.clone()))).await;
    assert!(matches!(again, Err(ForgeError::Conflict { .. })), "{again:?}");
    // Somebody else's branch of that name, elsewhere: no claim of ours.
    bench.world().force_push(login::WRITER, "automated/7-add-a", "main", &[("x", Some("x"))], "one").unwrap();
    bench.world().push(login::WRITER, "automated/7-add-a", &[("y", Some("y"))], "two").unwrap();
    assert_eq!(bench.github.find(&bench.guarded(claim(main))).await.unwrap(), None);
    bench.assert_known();
}

#[tokio::test]
async fn a_commit_adds_changes_deletes_and_keeps_modes() {
    let bench = Bench::start().await;
    let files = [("keep.txt", Some("k\n")), ("edit.txt", Some("old\r\n")), ("dir/gone.txt", Some("g\n"))];
    bench.world().push(login::WRITER, "main", &files, "seed").unwrap();
    let main = bench.tip("main");
    bench.once(claim(main.clone())).await;
    let change = |path: &str, before: Option<&str>, after: Option<(&[u8], bool)>| FileChange {
        path: path.parse().unwrap(),
        before: before.map(Digest::of),
        after: after.map(|(bytes, executable)| FileContent { bytes: bytes.to_vec(), executable }),
    };
    let changes = ChangeSet {
        files: vec![
            change("edit.txt", Some("old\r\n"), Some((b"new\r\n", false))),
            change("dir/gone.txt", Some("g\n"), None),
            change("run.sh", None, Some((b"#!/bin/sh\n", true))),
            change("bytes.bin", None, Some((&[0xff, 0x00, 0xfe], false))),
        ],
    };
    let message = "feat: change\n\nFixes #7".to_owned();
    let action = Action::CommitFiles { branch: branch(), expected_head: main.clone(), message, changes };
    let sha = bench.once(action.clone()).await.sha.unwrap();
    let world = bench.world();
    assert_eq!(bench.tip("automated/7-add-a"), sha);
    assert_eq!(world.commit_parents(sha.as_str()), [main.as_str()]);
    assert_eq!(world.commit_message(sha.as_str()).unwrap().trim_end(), "feat: change\n\nFixes #7");
    assert_eq!(world.file(sha.as_str(), "edit.txt").as_deref(), Some("new\r\n"));
    assert_eq!(world.file(sha.as_str(), "keep.txt").as_deref(), Some("k\n"));
    assert_eq!(world.file(sha.as_str(), "dir/gone.txt"), None);
    assert_eq!(bench.github.file("bytes.bin", &sha).await.unwrap(), Some(vec![0xff, 0x00, 0xfe]));
    let tree = std::process::Command::new("git")
        .args(["ls-tree", sha.as_str(), "run.sh"])
        .env("GIT_DIR", world.git_dir())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&tree.stdout).starts_with("100755 "));
    // It is found below a later commit too, and is not made a second time.
    world.push(login::WRITER, "automated/7-add-a", &[("later", Some("l"))], "later").unwrap();
    assert_eq!(bench.github.find(&bench.guarded(action.clone())).await.unwrap().and_then(|found| found.sha), Some(sha));
    let again = bench.github.perform(&bench.guarded(action)).await;
    assert!(matches!(again, Err(ForgeError::Conflict { .. })), "{again:?}");
    bench.assert_known();
}

#[tokio::test]
async fn a_commit_on_something_else_than_was_read_is_refused() {
    let bench = Bench::start().await;
    let main = bench.tip("main");
    bench.once(claim(main.clone())).await;
    for (file, why) in [
        (("README.md", Some("not what it is"), Some("x")), "it is not what the change was made from"),
        (("README.md", None, Some("x")), "it exists already"),
        (("gone.md", Some("was here"), Some("x")), "it does not exist any more"),
    ] {
        let action = bench.guarded(commit(main.clone(), "feat: x", &[file]));
        let error = bench.github.perform(&action).await.unwrap_err();
        assert!(matches!(&error, ForgeError::Conflict { message, .. } if message == why), "{error:?}");
    }
    let readme = bench.world().file("main", "README.md").unwrap();
    let nothing = commit(main, "feat: x", &[("README.md", Some(&readme), Some(&readme))]);
    let error = bench.github.perform(&bench.guarded(nothing)).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error:?}");
    assert_eq!(bench.tip("automated/7-add-a"), bench.tip("main"));
    bench.assert_known();
}

#[tokio::test]
async fn a_pull_request_is_opened_once_and_not_again_after_a_person_closed_it() {
    let bench = Bench::start().await;
    let number = bench.pull().await;
    let fact = bench.world().pull(number).unwrap();
    assert_eq!((fact.title.as_str(), fact.labels.as_slice()), ("feat: add a", ["automated".to_owned()].as_slice()));
    assert!(fact.body.starts_with("Adds a.\n\nFixes #7\n\n<!-- autonomy:pull:"));
    // Without its label it is not whole: doing it again adds the label and opens nothing.
    bench.world().unlabel(login::WRITER, number, "automated").unwrap();
    let action = bench.guarded(open());
    assert_eq!(bench.github.find(&action).await.unwrap(), None);
    let effect = bench.github.perform(&action).await.unwrap();
    assert_eq!((effect.already, effect.number), (true, Some(number)));
    assert_eq!(bench.world().pull(number).unwrap().labels, ["automated"]);
    bench.world().close_pull(login::MAINTAINER, number).unwrap();
    assert_eq!(bench.github.find(&action).await.unwrap().and_then(|found| found.number), Some(number));
    bench.assert_known();
}

#[tokio::test]
async fn somebody_else_s_pull_request_of_our_branch_is_no_success() {
    let bench = Bench::start().await;
    bench.once(claim(bench.tip("main"))).await;
    bench.once(commit(bench.tip("main"), "feat: a", &[("a", None, Some("a"))])).await;
    bench.world().open_pull(login::WRITER, "automated/7-add-a", "main", "Mine", "").unwrap();
    let action = bench.guarded(open());
    assert_eq!(bench.github.find(&action).await.unwrap(), None);
    let result = bench.github.perform(&action).await;
    assert!(matches!(result, Err(ForgeError::Conflict { .. })), "{result:?}");
    bench.assert_known();
}

#[tokio::test]
async fn a_repository_that_forbids_our_pull_requests_says_so() {
    let bench = Bench::start().await;
    bench.once(claim(bench.tip("main"))).await;
    bench.once(commit(bench.tip("main"), "feat: a", &[("a", None, Some("a"))])).await;
    bench.world().set(Setting::ActionsCanCreatePulls(false));
    let error = bench.github.perform(&bench.guarded(open())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token may not open a pull request of automated/7-add-a; it needs the setting \
         \"Allow GitHub Actions to create and approve pull requests\""
    );
    bench.assert_known();
}

#[tokio::test]
async fn our_one_comment_is_edited_and_forged_ones_are_left_alone() {
    let bench = Bench::start().await;
    let number = bench.world().create_issue(login::WRITER, "t", "b", &[]).unwrap();
    bench.world().comment(login::OUTSIDER, number, &format!("forged\n\n{}", marker("cto"))).unwrap();
    let comment = |body: &str| Action::UpsertComment {
        target: Target::Issue(IssueNumber(number)),
        key: "cto".to_owned(),
        body: body.to_owned(),
    };
    bench.once(comment("first")).await;
    bench.once(comment("second")).await;
    let comments = bench.world().comments(number);
    assert_eq!(comments.len(), 2);
    assert_eq!(comments[0].body, format!("forged\n\n{}", marker("cto")));
    assert_eq!((comments[1].body.as_str(), comments[1].edits), ("second\n\n<!-- autonomy:cto -->", 1));
    bench.assert_known();
}

#[tokio::test]
async fn a_comment_goes_to_the_open_pull_request_of_a_branch() {
    let bench = Bench::start().await;
    let action = Action::UpsertComment { target: Target::PullOf(branch()), key: "k".to_owned(), body: "b".to_owned() };
    let guarded = bench.guarded(action.clone());
    assert_eq!(bench.github.find(&guarded).await.unwrap(), None);
    assert!(matches!(bench.github.perform(&guarded).await, Err(ForgeError::NotFound { .. })));
    let number = bench.pull().await;
    assert_eq!(bench.once(action).await.number, Some(number));
    bench.assert_known();
}

#[tokio::test]
async fn an_issue_is_filed_once_also_when_it_was_closed() {
    let bench = Bench::start().await;
    bench.world().create_issue(login::OUTSIDER, "forged", &format!("x\n\n{}", marker("finding/1")), &[]).unwrap();
    let issue = |key: &str| Action::CreateIssue {
        key: key.to_owned(),
        title: "[CTO Suggestion] x".to_owned(),
        body: "text".to_owned(),
        labels: vec!["bug".to_owned()],
        severity: Some(Severity::Medium),
    };
    let number = bench.once(issue("finding/1")).await.number.unwrap();
    bench.once(issue("finding/2")).await;
    bench.world().close_issue(login::MAINTAINER, number, "not_planned").unwrap();
    // Another process, which has not read anything yet.
    let other = github(&bench.sandbox, token::WORKFLOW);
    let found = other.find(&bench.guarded(issue("finding/1"))).await.unwrap().unwrap();
    assert_eq!(found.number, Some(number));
    assert_eq!(bench.world().issue(number).unwrap().labels, ["bug"]);
    // What another process filed meanwhile is seen too.
    other.perform(&bench.guarded(issue("finding/3"))).await.unwrap();
    assert!(bench.github.find(&bench.guarded(issue("finding/3"))).await.unwrap().is_some());
    bench.assert_known();
}

#[tokio::test]
async fn labels_are_edited_and_issues_closed() {
    let bench = Bench::start().await;
    let number = bench.world().create_issue(login::WRITER, "t", "b", &["roadmap"]).unwrap();
    let target = Target::Issue(IssueNumber(number));
    let (add, remove) = (vec!["needs-approval".to_owned()], vec!["roadmap".to_owned(), "never there".to_owned()]);
    bench.once(Action::EditLabels { target, add, remove }).await;
    assert_eq!(bench.world().issue(number).unwrap().labels, ["needs-approval"]);
    bench.once(Action::CloseIssue { issue: IssueNumber(number), reason: CloseReason::NotPlanned }).await;
    let fact = bench.world().issue(number).unwrap();
    assert_eq!((fact.open, fact.state_reason.as_deref()), (false, Some("not_planned")));
    bench.assert_known();
}

#[tokio::test]
async fn our_check_run_is_updated_and_another_app_s_left_alone() {
    let bench = Bench::start().await;
    let head = bench.tip("main");
    let check = |result, summary: &str| Action::PublishCheck {
        head: head.clone(),
        name: "autonomy / merge".to_owned(),
        key: "merge:1".to_owned(),
        result,
        title: "t".to_owned(),
        summary: summary.to_owned(),
    };
    github(&bench.sandbox, token::APP).perform(&bench.guarded(check(CheckOutcome::Success, "theirs"))).await.unwrap();
    bench.once(check(CheckOutcome::ActionRequired, "one")).await;
    bench.once(check(CheckOutcome::Success, "two")).await;
    let runs = bench.world().check_runs(head.as_str());
    assert_eq!(runs.len(), 2);
    let ours = runs.iter().find(|run| run.app == 15_368).unwrap();
    assert_eq!((ours.conclusion.as_deref(), ours.summary.as_deref()), (Some("success"), Some("two")));
    assert_eq!(ours.external_id.as_deref(), Some("merge:1"));
    let person = github(&bench.sandbox, token::MAINTAINER);
    let error = person.perform(&bench.guarded(check(CheckOutcome::Success, "x"))).await.unwrap_err();
    assert!(matches!(error, ForgeError::Denied { .. }), "{error:?}");
    bench.assert_known();
}

#[tokio::test]
async fn a_branch_is_deleted_only_where_it_was_expected() {
    let bench = Bench::start().await;
    let main = bench.tip("main");
    bench.once(claim(main.clone())).await;
    let delete = Action::DeleteBranch { branch: branch(), expected_head: main, reason: "gave up".to_owned() };
    bench.world().push(login::WRITER, "automated/7-add-a", &[("x", Some("x"))], "work").unwrap();
    let refused = bench.github.perform(&bench.guarded(delete.clone())).await;
    assert!(matches!(refused, Err(ForgeError::Conflict { .. })), "{refused:?}");
    bench.world().delete_branch(login::WRITER, "automated/7-add-a").unwrap();
    assert!(bench.github.perform(&bench.guarded(delete.clone())).await.unwrap().already);
    bench.once(claim(bench.tip("main"))).await;
    bench.once(delete).await;
    assert_eq!(bench.world().branch("automated/7-add-a"), None);
    bench.assert_known();
}

#[tokio::test]
async fn a_workflow_is_started_once_a_head() {
    let bench = Bench::start().await;
    let ci = "name: CI\non: [workflow_dispatch]\njobs:\n  test:\n    runs-on: ubuntu-latest\n";
    bench.world().add_workflow(login::MAINTAINER, "ci.yml", ci).unwrap();
    bench.once(claim(bench.tip("main"))).await;
    bench.once(Action::DispatchWorkflow { workflow: "ci.yml".to_owned(), branch: branch() }).await;
    let missing = Action::DispatchWorkflow { workflow: "none.yml".to_owned(), branch: branch() };
    let error = bench.github.perform(&bench.guarded(missing)).await.unwrap_err();
    assert_eq!(error.to_string(), "workflow none.yml was not found");
    bench.assert_known();
}

#[tokio::test]
async fn a_draft_advisory_is_filed_once() {
    let bench = Bench::with(token::MAINTAINER).await;
    let advisory = Action::CreateAdvisory {
        key: "finding/9".to_owned(),
        summary: "A hole".to_owned(),
        description: "Where it is.".to_owned(),
        severity: Severity::High,
    };
    bench.once(advisory).await;
    assert_eq!(bench.github.advisory_keys().await.unwrap(), ["finding/9"]);
    assert_eq!(bench.world().advisories().len(), 1);
    bench.assert_known();
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let bench = Bench::start().await;
    let number = bench.world().create_issue(login::WRITER, "t", "b", &[]).unwrap();
    bench.world().set_access("workflow", "issues", autonomy::sandbox::Access::Read).unwrap();
    bench.world().set_access("workflow", "pull_requests", autonomy::sandbox::Access::Read).unwrap();
    let action =
        Action::UpsertComment { target: Target::Pull(PullNumber(number)), key: "k".to_owned(), body: "b".to_owned() };
    let error = bench.github.perform(&bench.guarded(action)).await.unwrap_err();
    let ForgeError::Denied { permission: Some(permission), .. } = &error else { panic!("{error:?}") };
    assert!(permission.contains("issues=write"), "{permission}");
    bench.assert_known();
}

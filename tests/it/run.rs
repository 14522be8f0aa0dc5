//! `run` as a process against the embedded GitHub: from an approved issue to a reviewed pull request, and no further.

mod checks;
mod picking;
mod twice;

use serde_json::json;

use crate::scene::{Scene, Setup};

#[tokio::test]
async fn an_approved_issue_becomes_a_reviewed_pull_request() {
    let scene = Scene::ready().await;
    let result = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    assert_eq!(result["result"]["decision"], "proposed");
    let pulls = scene.world().pulls();
    assert_eq!(pulls.len(), 1);
    assert_eq!(pulls[0].head_ref, "automated/1-addition-subtracts");
    assert_eq!(pulls[0].files, ["bin/add"]);
    assert_eq!(scene.world().file(&pulls[0].head_sha, "bin/add").unwrap(), "#!/bin/sh\necho $(($1 + $2))\n");
    assert_eq!(result["result"]["review"]["verdicts"].as_array().unwrap().len(), 2);
    assert_eq!(scene.world().comments(pulls[0].number).len(), 2, "one sticky comment a role");
    scene.expect_known();
}

#[tokio::test]
async fn a_second_run_does_nothing_and_says_so() {
    let scene = Scene::ready().await;
    scene.autonomy(&["run"]).await.expect(0);
    let (pulls, issues) = (scene.world().pulls(), scene.world().issues());
    let second = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    assert_eq!(second["result"]["decision"], "nothing");
    assert_eq!((scene.world().pulls(), scene.world().issues()), (pulls, issues));
}

#[tokio::test]
async fn with_nothing_approved_nothing_is_written() {
    let scene = Setup::new().start().await;
    scene.world().create_issue("outsider", "Do something", "now", &[]).unwrap();
    let ran = scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(ran.out.lines().next().unwrap(), "nothing to do: no open issue is approved");
    assert_eq!(scene.writes(), [""; 0]);
    assert_eq!(scene.branches(), [""; 0]);
}

#[tokio::test]
async fn an_engineer_that_gives_up_leaves_no_branch_and_a_reason() {
    let turns = json!([{ "tool_calls": [{ "name": "give_up", "arguments": { "reason": "the issue does not say which addition" } }] }]);
    let scene = Setup::new().turns("engineer", turns).start().await;
    let issue = scene.approved("Addition subtracts", "Fix it.");
    scene.autonomy(&["run"]).await.expect(4);
    assert_eq!(scene.branches(), [""; 0]);
    assert_eq!(scene.world().pulls().len(), 0);
    assert!(scene.world().issue(issue).unwrap().labels.contains(&"autonomy:failed".to_owned()));
    let comments = scene.world().comments(issue);
    assert!(comments.len() == 1 && comments[0].body.contains("which addition"), "{comments:?}");
    let audit = scene.autonomy(&["audit", "show"]).await.expect(0);
    assert!(audit.out.contains("gave up #1"), "{}", audit.out);
}

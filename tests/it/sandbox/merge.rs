//! Merging: the three methods, and every refusal.

use autonomy::sandbox::{Protection, Sandbox, Setting, Verdict, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

/// A pull request by the workflow's own identity, and its head.
fn proposal(sandbox: &Sandbox) -> (u64, String) {
    let world = sandbox.world();
    let issue = world.create_issue(login::WRITER, "Crash", "it crashes", &[]).unwrap();
    let head = world.push(login::ACTIONS, "automated/1-x", &[("x", Some("1\n"))], "feat: x").unwrap();
    let body = format!("Fixes #{issue}");
    (world.open_pull(login::ACTIONS, "automated/1-x", "main", "feat: x", &body).unwrap(), head)
}

#[tokio::test]
async fn a_squash_merge_makes_one_commit_and_closes_the_issue() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let world = sandbox.world();
    let before = world.branch("main").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(client.get(&format!("{R}/pulls/{number}/merge")).await.status, 404);
    let body = json!({"sha": head, "merge_method": "squash", "commit_title": "feat: x (#2)", "commit_message": "why"});
    let got = client.put(&format!("{R}/pulls/{number}/merge"), body.clone()).await;
    assert_eq!((got.status, got.json["merged"].as_bool()), (200, Some(true)));
    let sha = got.json["sha"].as_str().unwrap();
    assert_eq!(world.branch("main").as_deref(), Some(sha));
    assert_eq!(world.commit_parents(sha), [before]);
    assert_eq!(world.commit_message(sha).as_deref(), Some("feat: x (#2)\n\nwhy"));
    assert_eq!(client.get(&format!("{R}/pulls/{number}/merge")).await.status, 204);
    let shown = client.get(&format!("{R}/pulls/{number}")).await.json;
    assert_eq!((shown["merged"].as_bool(), shown["merge_commit_sha"].as_str()), (Some(true), Some(sha)));
    assert_eq!(shown["merged_by"]["login"], "github-actions[bot]");
    let issue = world.issue(1).unwrap();
    assert_eq!((issue.open, issue.state_reason.as_deref()), (false, Some("completed")));
    let again = client.put(&format!("{R}/pulls/{number}/merge"), body).await;
    assert_eq!((again.status, again.message()), (405, "Pull Request is not mergeable"));
}

#[tokio::test]
async fn a_merge_commit_has_two_parents_and_a_rebase_has_none_of_its_own() {
    for (method, parents) in [("merge", 2), ("rebase", 1)] {
        let sandbox = start().await;
        let (number, head) = proposal(&sandbox);
        let world = sandbox.world();
        world.push(login::WRITER, "main", &[("m", Some("1"))], "main moved").unwrap();
        let client = Client::new(&sandbox, token::WORKFLOW);
        let body = json!({"sha": head, "merge_method": method});
        let got = client.put(&format!("{R}/pulls/{number}/merge"), body).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let sha = got.json["sha"].as_str().unwrap();
        assert_eq!(world.commit_parents(sha).len(), parents, "{method}");
        assert_eq!(world.paths("main"), ["README.md", "m", "x"]);
        let title = world.commit_message(sha).unwrap();
        let expected =
            if parents == 2 { "Merge pull request #2 from acme/automated/1-x\n\nfeat: x" } else { "feat: x" };
        assert_eq!(title, expected);
    }
}

#[tokio::test]
async fn a_moved_head_is_409_and_a_moved_base_405_once() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let world = sandbox.world();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let path = format!("{R}/pulls/{number}/merge");
    client.get(&format!("{R}/pulls/{number}")).await;
    world.push(login::WRITER, "main", &[("m", Some("1"))], "moved").unwrap();
    let got = client.put(&path, json!({"sha": head})).await;
    assert_eq!((got.status, got.message()), (405, "Base branch was modified. Review and try the merge again."));
    let new = world.push(login::WRITER, "automated/1-x", &[("x", Some("evil\n"))], "pushed after review").unwrap();
    let got = client.put(&path, json!({"sha": head})).await;
    assert_eq!((got.status, got.message()), (409, "Head branch was modified. Review and try the merge again."));
    assert_eq!(client.put(&path, json!({"sha": new})).await.status, 200);
}

#[tokio::test]
async fn drafts_conflicts_and_forbidden_methods_are_405() {
    let sandbox = start().await;
    let (number, _) = proposal(&sandbox);
    let world = sandbox.world();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let path = format!("{R}/pulls/{number}/merge");
    world.set_draft(login::ACTIONS, number, true).unwrap();
    assert_eq!(client.put(&path, json!({})).await.message(), "Pull Request is still a draft");
    world.set_draft(login::ACTIONS, number, false).unwrap();
    world.set(Setting::AllowMergeCommit(false));
    let got = client.put(&path, json!({})).await;
    assert_eq!((got.status, got.message()), (405, "Merge commits are not allowed on this repository."));
    assert_eq!(client.put(&path, json!({"merge_method": "octopus"})).await.status, 422);
    world.push(login::WRITER, "main", &[("x", Some("other\n"))], "clash").unwrap();
    let got = client.put(&path, json!({"merge_method": "squash"})).await;
    assert_eq!((got.status, got.message()), (405, "Pull Request is not mergeable"));
    assert_eq!(client.put(&format!("{R}/pulls/99/merge"), json!({})).await.status, 404);
    let outsider = Client::new(&sandbox, token::OUTSIDER);
    assert_eq!(outsider.put(&path, json!({})).await.status, 403);
}

#[tokio::test]
async fn protection_wants_its_checks_from_the_right_app_and_its_reviews() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let world = sandbox.world();
    let protection = Protection { contexts: vec![("test".into(), Some(4242))], approvals: 1, ..Protection::default() };
    world.protect("main", protection);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let try_it = async || client.put(&format!("{R}/pulls/{number}/merge"), json!({"sha": head})).await;
    let refused = async || {
        let got = try_it().await;
        assert_eq!(got.status, 405);
        got.message().to_owned()
    };
    assert_eq!(refused().await, "Required status check \"test\" is expected.");
    world.check_run(&head, "test", Some("success"), 1);
    assert_eq!(refused().await, "Required status check \"test\" is expected.");
    let run = world.check_run(&head, "test", None, 4242);
    assert_eq!(refused().await, "Required status check \"test\" is in progress.");
    world.finish_check_run(run, "failure").unwrap();
    assert_eq!(refused().await, "Required status check \"test\" is failing.");
    world.finish_check_run(run, "success").unwrap();
    let reviews = "At least 1 approving review is required by reviewers with write access.";
    assert_eq!(refused().await, reviews);
    world.review(login::OUTSIDER, number, Verdict::Approve, "", None).unwrap();
    assert_eq!(refused().await, reviews);
    world.review(login::WRITER, number, Verdict::Approve, "", None).unwrap();
    world.review(login::WRITER, number, Verdict::RequestChanges, "no", None).unwrap();
    assert_eq!(refused().await, reviews);
    world.review(login::WRITER, number, Verdict::Approve, "", None).unwrap();
    assert_eq!(try_it().await.status, 200);
}

#[tokio::test]
async fn a_merge_by_somebody_else_deletes_the_branch_where_the_repository_says_so() {
    let sandbox = start().await;
    let (number, _) = proposal(&sandbox);
    let world = sandbox.world();
    world.set(Setting::DeleteBranchOnMerge(true));
    world.merge(login::MAINTAINER, number).unwrap();
    assert_eq!(world.branch("automated/1-x"), None);
    let pull = world.pull(number).unwrap();
    assert_eq!((pull.merged, pull.merged_by.as_deref()), (true, Some("maintainer")));
}

#[tokio::test]
async fn a_head_that_lands_on_the_base_by_push_is_merged() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let client = Client::new(&sandbox, token::WRITER);
    let moved = client.patch(&format!("{R}/git/refs/heads/main"), json!({"sha": head, "force": false})).await;
    assert_eq!(moved.status, 200);
    let pull = sandbox.world().pull(number).unwrap();
    assert_eq!((pull.merged, pull.open, pull.merge_commit), (true, false, Some(head)));
}

//! `merge` as a process: merged once at the reviewed commit where every gate passes, and refused, by name, in every other case.

use autonomy::sandbox::{Setting, Verdict, login};
use serde_json::{Value, json};

use crate::scene::{Ran, Scene, Setup};

/// A reviewed pull request whose required check is green: nothing is missing for the merge.
async fn mergeable(setup: Setup) -> Scene {
    let scene = proposed(setup).await;
    scene.checks_end("success");
    scene
}

/// A reviewed pull request, its required check still running.
async fn proposed(setup: Setup) -> Scene {
    let scene = setup.start().await;
    scene.require_check();
    // Checks end when the scenario says so, not by being looked at.
    scene.world().set(Setting::JobReads(1_000));
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene.autonomy(&["run"]).await.expect(0);
    scene
}

async fn merge(scene: &Scene) -> Value {
    scene.autonomy(&["merge", "--format", "json"]).await.expect(0).json()["result"].clone()
}

/// The gates that did not pass, by name.
fn refused(result: &Value) -> Vec<&str> {
    let gates = result["verdicts"][0]["verdict"]["gates"].as_array().unwrap_or_else(|| panic!("{result:#}"));
    gates.iter().filter(|gate| gate["state"] != "passed").map(|gate| gate["name"].as_str().unwrap()).collect()
}

/// Nothing was merged, and this gate is among those that said no.
#[track_caller]
fn expect_refused(scene: &Scene, result: &Value, gate: &str) {
    assert!(refused(result).contains(&gate), "{:?}", refused(result));
    assert!(["blocked", "needs-human", "waiting"].contains(&result["decision"].as_str().unwrap()), "{result:#}");
    assert!(scene.world().pulls().iter().all(|pull| !pull.merged));
    assert_eq!(merge_requests(scene), 0);
}

fn merge_requests(scene: &Scene) -> usize {
    scene.writes().iter().filter(|one| one.starts_with("PUT") && one.ends_with("/merge")).count()
}

#[tokio::test]
async fn it_merges_once_at_the_reviewed_commit() {
    let scene = mergeable(Setup::new()).await;
    let reviewed = scene.world().pulls()[0].head_sha.clone();
    let result = merge(&scene).await;
    assert_eq!((result["decision"].as_str(), refused(&result)), (Some("merged"), vec![]), "{result:#}");
    let pull = &scene.world().pulls()[0];
    assert!(pull.merged && pull.merged_by.as_deref() == Some(login::ACTIONS));
    let message = scene.world().commit_message("main").unwrap();
    assert!(message.contains(&reviewed), "the commit names what was reviewed: {message}");
    assert_eq!(scene.world().file("main", "bin/add").unwrap(), "#!/bin/sh\necho $(($1 + $2))\n");
    assert!(!scene.world().issue(1).unwrap().open, "the issue is closed by the merge");

    let writes = scene.writes().len();
    let second = merge(&scene).await;
    assert_eq!(second["decision"], "nothing");
    let named = scene.autonomy(&["merge", "--pr", &pull.number.to_string()]).await.expect(0);
    assert!(named.out.contains("is merged: nothing to do"), "{}", named.out);
    assert_eq!((scene.writes().len(), merge_requests(&scene)), (writes, 1));
    scene.pull();
    let run = scene.autonomy(&["run"]).await.expect(0);
    assert!(run.out.starts_with("nothing to do"), "{}", run.out);
    scene.expect_known();
}

#[tokio::test]
async fn without_an_opt_in_the_merge_waits_for_a_human() {
    let mut scene = mergeable(Setup::new().config("actions: { pr.merge: { risk: high, mode: auto } }\n", "")).await;
    let result = merge(&scene).await;
    assert_eq!((result["decision"].as_str(), refused(&result)), (Some("needs-human"), vec![]), "{result:#}");
    assert_eq!(merge_requests(&scene), 0);
    let failing = scene.set("INPUT_FAIL_ON_REFUSAL", "true").autonomy(&["merge"]).await.expect(10);
    assert!(failing.out.contains("waits for a human"), "{}", failing.out);
    scene.expect_known();
}

#[tokio::test]
async fn a_refusal_fails_the_step_where_that_is_asked_for() {
    let mut scene = mergeable(Setup::new()).await;
    scene.world().label(login::WRITER, scene.world().pulls()[0].number, "autonomy:hold").unwrap();
    let ran = scene.set("INPUT_FAIL_ON_REFUSAL", "true").autonomy(&["merge"]).await.expect(10);
    assert!(ran.out.contains("no-hold") && ran.out.contains("autonomy:hold on the pull request"), "{}", ran.out);
    assert_eq!(merge_requests(&scene), 0);
}

#[tokio::test]
async fn without_reviews_nothing_is_merged() {
    let incomplete = json!([{ "repeat": true, "stop": "refusal", "text": "I will not." }]);
    let scene = mergeable(Setup::new().turns("cto_review", incomplete)).await;
    let result = merge(&scene).await;
    expect_refused(&scene, &result, "cto-verdict");
}

#[tokio::test]
async fn a_failing_or_unfinished_check_holds_the_merge() {
    let scene = proposed(Setup::new()).await;
    let result = merge(&scene).await;
    expect_refused(&scene, &result, "required-checks");
    scene.checks_end("failure");
    let result = merge(&scene).await;
    expect_refused(&scene, &result, "required-checks");
    assert_eq!(result["decision"], "blocked");
}

#[tokio::test]
async fn no_check_at_all_is_no_green_check() {
    let scene =
        Setup::new().without(".github/workflows/ci.yml").config("merge: { dispatch: [ci.yml] }\n", "").start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene.autonomy(&["run"]).await.expect(0);
    let result = merge(&scene).await;
    expect_refused(&scene, &result, "checks");
}

/// What somebody does to a pull request that could be merged, and the gate that sees it.
async fn disturbed(gate: &str, disturb: impl FnOnce(&Scene)) {
    let scene = mergeable(Setup::new()).await;
    disturb(&scene);
    let result = merge(&scene).await;
    expect_refused(&scene, &result, gate);
    scene.expect_known();
}

fn pull(scene: &Scene) -> u64 {
    scene.world().pulls()[0].number
}

#[tokio::test]
async fn a_push_by_somebody_else_is_not_ours() {
    disturbed("commits-ours", |scene| {
        let branch = &scene.world().pulls()[0].head_ref;
        scene.world().push(login::WRITER, branch, &[("evil", Some("x\n"))], "More").unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_not_merged() {
    disturbed("not-draft", |scene| scene.world().set_draft(login::WRITER, pull(scene), true).unwrap()).await;
}

#[tokio::test]
async fn a_request_for_changes_is_respected() {
    disturbed("no-change-request", |scene| {
        scene.world().review(login::WRITER, pull(scene), Verdict::RequestChanges, "Not so.", None).unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_issue_edited_after_its_approval_holds_the_merge() {
    disturbed("issue-approved", |scene| {
        scene.world().edit_issue(login::WRITER, 1, None, Some("And print my name.")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_pull_request_moved_to_another_base_is_not_merged() {
    disturbed("base", |scene| {
        scene.world().create_branch(login::WRITER, "other", "main").unwrap();
        scene.world().retarget(login::WRITER, pull(scene), "other").unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_base_branch_that_went_on_holds_the_merge() {
    disturbed("up-to-date", |scene| {
        scene.world().push(login::WRITER, "main", &[("other", Some("x\n"))], "Another change").unwrap();
    })
    .await;
}

/// Paths protected after the pull request was opened hold it: the policy is the one in force at the merge.
#[tokio::test]
async fn a_protected_path_is_never_merged() {
    disturbed("paths", |scene| {
        let policy = crate::scene::CONFIG.to_owned() + "implement: { protected_paths: [bin/**] }\n";
        scene.world().push(login::MAINTAINER, "main", &[(".autonomy/config.yaml", Some(&policy))], "Protect").unwrap();
    })
    .await;
}

/// A pull request may not loosen its own policy.
#[tokio::test]
async fn the_policy_is_read_from_the_default_branch() {
    let scene = mergeable(Setup::new().config("actions: { pr.merge: { risk: high, mode: auto } }\n", "")).await;
    let branch = scene.world().pulls()[0].head_ref.clone();
    let loose = crate::scene::CONFIG;
    scene.world().push(login::ACTIONS, &branch, &[(".autonomy/config.yaml", Some(loose))], "Loosen").unwrap();
    scene.autonomy(&["review"]).await.expect(0);
    let result = merge(&scene).await;
    assert_ne!(result["decision"], "merged");
    assert_eq!(merge_requests(&scene), 0);
}

#[tokio::test]
async fn a_branch_that_only_looks_like_ours_is_left_alone() {
    let scene = Setup::new().start().await;
    scene.require_check();
    let head = "automated/7-theirs";
    scene.world().push(login::WRITER, head, &[("bin/add", Some("true\n"))], "Theirs").unwrap();
    let number = scene.world().open_pull(login::WRITER, head, "main", "Theirs", "").unwrap();
    let all = merge(&scene).await;
    assert_eq!(all["decision"], "nothing", "{all:#}");
    let result = scene.autonomy(&["merge", "--pr", &number.to_string(), "--format", "json"]).await.expect(0).json();
    expect_refused(&scene, &result["result"], "ours");
    assert_eq!(scene.writes(), [""; 0], "a stranger's pull request gets no check of ours");
    scene.expect_known();
}

/// The same name, the same commit and our own account do not make a fork's branch ours.
#[tokio::test]
async fn a_branch_of_that_name_in_a_fork_is_not_ours() {
    let scene = mergeable(Setup::new()).await;
    let number = pull(&scene);
    scene.world().move_to_fork(number, login::OUTSIDER).unwrap();
    assert_eq!(merge(&scene).await["decision"], "nothing");
    let ran = scene.autonomy(&["merge", "--pr", &number.to_string(), "--format", "json"]).await.expect(0);
    let result = &ran.json()["result"];
    expect_refused(&scene, result, "ours");
    assert!(result.to_string().contains("its branch is in another repository"), "{result:#}");
}

fn before_the_merge(scene: &Scene, effect: &str) {
    scene.plan_faults(&format!("faults:\n  - on: {{ method: PUT, path: /merge$ }}\n    {effect}\n"));
}

async fn merge_with(scene: &Scene, effect: &str) -> Ran {
    before_the_merge(scene, effect);
    let ran = scene.autonomy(&["merge", "--format", "json"]).await;
    assert_eq!(scene.faults.unfired(), 0, "the fault never happened: {}", ran.err);
    scene.faults.clear();
    ran
}

#[tokio::test]
async fn a_push_between_the_verdict_and_the_merge_voids_it() {
    let scene = mergeable(Setup::new()).await;
    let ran = merge_with(&scene, "moves: [{ push: { message: Sneak } }]").await.expect(0);
    assert_eq!(ran.json()["result"]["decision"], "moved", "{}", ran.out);
    assert!(!scene.world().pulls()[0].merged);
    let after = merge(&scene).await;
    assert!(refused(&after).contains(&"commits-ours"), "{:?}", refused(&after));
    assert!(!scene.world().pulls()[0].merged);
}

#[tokio::test]
async fn a_base_that_moved_under_the_merge_is_decided_anew() {
    let scene = mergeable(Setup::new()).await;
    let answer =
        r#"answer: { status: 405, body: { message: "Base branch was modified. Review and try the merge again." } }"#;
    let ran = merge_with(&scene, answer).await.expect(0);
    assert_eq!(ran.json()["result"]["decision"], "moved", "{}", ran.out);
    assert_eq!(merge(&scene).await["decision"], "merged");
}

#[tokio::test]
async fn a_merge_whose_answer_is_lost_is_settled_by_looking() {
    let scene = mergeable(Setup::new()).await;
    let ran = merge_with(&scene, "answer: { status: 500, after: true }").await.expect(0);
    assert_eq!(ran.json()["result"]["decision"], "merged", "{}", ran.out);
    assert_eq!(merge_requests(&scene), 1);
    assert_eq!(merge(&scene).await["decision"], "nothing");
    assert_eq!(merge_requests(&scene), 1);
    let audit = scene.autonomy(&["audit", "verify"]).await.expect(0);
    assert!(!audit.out.is_empty());
}

#[tokio::test]
async fn mergeability_that_github_has_not_computed_is_waited_for() {
    let scene = mergeable(Setup::new()).await;
    scene.world().set(Setting::MergeableReads(1));
    scene.world().push(login::WRITER, "unrelated", &[("x", Some("x"))], "Elsewhere").unwrap();
    assert_eq!(merge(&scene).await["decision"], "merged");
}

/// A label set between the facts and the last look is seen.
#[tokio::test]
async fn a_hold_that_comes_while_the_facts_are_read_is_seen() {
    let scene = mergeable(Setup::new()).await;
    let hold = "moves: [{ label: { label: autonomy:hold, on_pull: true } }]";
    scene.plan_faults(&format!("faults:\n  - on: {{ method: GET, path: /check-runs$ }}\n    {hold}\n"));
    let result = merge(&scene).await;
    expect_refused(&scene, &result, "unmoved");
}

//! Races and crashes: whatever happens between two requests, there is at most one branch and one pull request.

use std::process::Stdio;

use crate::scene::{Scene, Setup, good_engineer};

const BRANCH: &str = "automated/1-addition-subtracts";

#[tokio::test]
async fn a_lost_race_is_no_error() {
    let scene = Scene::ready().await;
    scene.plan_faults(&format!(
        "faults: [ {{ on: {{ method: POST, path: '/git/refs$', body: 'automated' }}, moves: [ {{ create_branch: {{ branch: {BRANCH} }} }} ] }} ]"
    ));
    let result = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    assert_eq!(result["result"]["decision"], "lost-race", "{result}");
    assert_eq!(scene.branches(), [BRANCH]);
    assert_eq!(scene.world().pulls().len(), 0);
    assert!(scene.log.entries().is_empty());
}

/// Starts a run, and kills it when it hangs at the faulty request.
async fn crash_at(scene: &Scene, fault: &str) {
    scene.plan_faults(&format!("faults: [ {fault} ]"));
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_autonomy"))
        .arg("run")
        .env_clear()
        .envs(&scene.variables)
        .current_dir(&scene.checkout)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut before = usize::MAX;
    // It hangs when it has asked nothing for a while and is still there.
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let now = scene.sandbox.exchanges().len() + scene.log.entries().len();
        assert!(child.try_wait().unwrap().is_none(), "it ended before the fault {fault}");
        if now == before {
            break;
        }
        before = now;
    }
    child.kill().await.unwrap();
    scene.plan_faults("faults: []");
}

/// An issue whose engineer can be asked twice from the beginning.
async fn ready() -> Scene {
    let mut turns = good_engineer();
    turns.as_array_mut().unwrap().extend(good_engineer().as_array().unwrap().clone());
    let scene = Setup::new().turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene
}

async fn recovers(fault: &str) {
    let scene = ready().await;
    crash_at(&scene, fault).await;
    expect_one_of_each(&scene, fault).await;
}

/// After two more runs the work is done once.
async fn expect_one_of_each(scene: &Scene, fault: &str) {
    scene.autonomy(&["run"]).await.expect(0);
    scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(scene.branches(), [BRANCH], "{fault}");
    let pulls = scene.world().pulls();
    assert_eq!(pulls.len(), 1, "{fault}: {pulls:?}");
    assert!(pulls[0].open && pulls[0].files == ["bin/add"], "{fault}: {pulls:?}");
    let comments = scene.world().comments(pulls[0].number);
    assert!(comments.len() <= 2, "{fault}: {comments:?}");
    scene.autonomy(&["audit", "verify"]).await.expect(0);
    scene.expect_known();
}

/// GitHub fails before the effect: nothing was done, the run says so, and the next one does it.
#[tokio::test]
async fn a_write_that_did_not_happen_is_done_by_the_next_run() {
    for on in [
        "{ method: POST, path: '/git/refs$', body: automated }",
        "{ method: PATCH, path: '/git/refs/heads/automated' }",
        "{ method: POST, path: '/pulls$' }",
    ] {
        let scene = ready().await;
        scene.plan_faults(&format!("faults: [ {{ on: {on}, answer: {{ status: 502 }} }} ]"));
        let ran = scene.autonomy(&["run"]).await.expect(3);
        assert!(ran.error().starts_with("error: the outcome is unknown after looking: "), "{}", ran.error());
        expect_one_of_each(&scene, on).await;
    }
}

#[tokio::test]
async fn killed_before_the_branch() {
    recovers("{ on: { method: POST, path: '/git/refs$', body: 'automated' }, hang: before }").await;
}

#[tokio::test]
async fn killed_after_the_branch() {
    recovers("{ on: { method: POST, path: '/git/refs$', body: 'automated' }, hang: after }").await;
}

#[tokio::test]
async fn killed_after_the_commit() {
    recovers("{ on: { method: PATCH, path: '/git/refs/heads/automated' }, hang: after }").await;
}

#[tokio::test]
async fn killed_before_the_pull_request() {
    recovers("{ on: { method: POST, path: '/pulls$' }, hang: before }").await;
}

#[tokio::test]
async fn killed_after_the_pull_request() {
    recovers("{ on: { method: POST, path: '/pulls$' }, hang: after }").await;
}

#[tokio::test]
async fn killed_in_the_review() {
    recovers("{ on: { method: POST, path: '/comments$' }, hang: after }").await;
}

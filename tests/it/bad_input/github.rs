//! GitHub in trouble: errors before and after a write, limits, errors in a 200, silence.

use super::{expect_released, fails};
use crate::scene::Scene;

/// The whole run goes through, once.
async fn goes_through(faults: &str) -> Scene {
    let scene = Scene::ready().await;
    scene.plan_faults(faults);
    scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(scene.world().pulls().len(), 1);
    assert_eq!(scene.branches().len(), 1);
    assert_eq!(scene.world().comments(scene.world().pulls()[0].number).len(), 2);
    scene.expect_known();
    scene
}

#[tokio::test]
async fn a_read_that_fails_once_is_repeated() {
    goes_through("faults: [ { on: { method: GET, path: '/issues' }, answer: { status: 502 } } ]").await;
}

#[tokio::test]
async fn a_write_that_happened_is_not_repeated() {
    for path in ["/git/refs$", "/pulls$", "/comments$", "/check-runs$"] {
        goes_through(&format!(
            "faults: [ {{ on: {{ method: POST, path: '{path}' }}, answer: {{ status: 502, after: true }} }} ]"
        ))
        .await;
    }
}

#[tokio::test]
async fn a_secondary_limit_is_waited_for() {
    goes_through("faults: [ { on: { method: POST, path: '/pulls$' }, secondary_limit: { retry_after: 1 } } ]").await;
}

#[tokio::test]
async fn a_spent_primary_limit() {
    let scene = Scene::ready().await;
    scene.world().set_remaining("workflow", 0).unwrap();
    let ran = scene.autonomy(&["run"]).await.expect(3);
    let (what, when) = ran.error().split_once('\n').unwrap();
    assert_eq!(what, "error: GitHub's rate limit is used up while trying to read repository acme/widgets");
    assert!(when.starts_with("run it again in 36") && when.ends_with(" s"), "{when}");
}

/// One test, because each of them is patient for some seconds.
#[tokio::test]
async fn whoever_is_down_is_waited_for_a_while() {
    tokio::join!(a_github_that_is_down(), a_github_that_is_not_there(), a_model_server_that_is_not_there());
}

async fn a_github_that_is_down() {
    let scene = Scene::ready().await;
    scene.plan_faults("faults: [ { on: { path: '.' , times: 1000 }, answer: { status: 503 } } ]");
    let error = "error: GitHub is not reachable while trying to read repository acme/widgets: status 503\n\
                 it is safe to run it again";
    fails(&scene, 3, error).await;
}

async fn a_github_that_is_not_there() {
    let mut scene = Scene::ready().await;
    scene.set("GITHUB_API_URL", "http://127.0.0.1:9").set("GITHUB_GRAPHQL_URL", "http://127.0.0.1:9/graphql");
    let error = "error: GitHub is not reachable while trying to read repository acme/widgets: no connection\n\
                 it is safe to run it again";
    fails(&scene, 3, error).await;
}

async fn a_model_server_that_is_not_there() {
    let mut scene = Scene::ready().await;
    scene.set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    let ran = scene.autonomy(&["run"]).await.expect(3);
    assert!(ran.error().starts_with("error: openai is not reachable: "), "{}", ran.error());
    expect_released(&scene, "openai is not reachable: ").await;
}

#[tokio::test]
async fn an_error_in_a_graphql_200_on_the_first_read() {
    let scene = Scene::ready().await;
    scene.plan_faults(
        "faults: [ { on: { path: graphql, times: 50 }, graphql_errors: { message: Something went wrong } } ]",
    );
    let error = "error: GitHub is not reachable while trying to read the owner of the token: Something went wrong\n\
                 it is safe to run it again";
    fails(&scene, 3, error).await;
    assert_eq!(scene.writes(), [""; 0]);
}

/// The approval's edit history cannot be read: that is no approval, and nothing is claimed.
#[tokio::test]
async fn an_edit_history_that_is_an_error_in_a_200_approves_nothing() {
    let scene = Scene::ready().await;
    scene.plan_faults(
        "faults: [ { on: { body: userContentEdits, times: 50 }, graphql_errors: { message: Something went wrong } } ]",
    );
    let ran = scene.autonomy(&["run"]).await.expect(3);
    assert!(ran.error().contains("Something went wrong"), "{}", ran.error());
    assert_eq!(scene.branches(), [""; 0]);
    assert_eq!(scene.writes(), [""; 0]);
}

//! Models that refuse, talk garbage, say nothing, are cut, or are not there.

use serde_json::{Value, json};

use super::{call, expect_released, fails, finish, fix, gives_up};
use crate::scene::{Scene, Setup, good_engineer};

async fn answering(engineer: Value) -> Scene {
    let scene = Setup::new().turns("engineer", engineer).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene
}

#[tokio::test]
async fn a_refusing_model() {
    let scene = answering(json!([{ "text": "I can't help with that.", "stop": "refusal" }])).await;
    gives_up(&scene, "the model refused to work on this issue").await;
}

#[tokio::test]
async fn garbage_again_and_again() {
    let garbage = json!({ "tool_calls": [call("edit_file", json!("{\"path\": \"bin/add\", \"old"))] });
    let scene = answering(json!([garbage, garbage, garbage])).await;
    gives_up(&scene, "the same call was made 3 times with the same result").await;
}

#[tokio::test]
async fn words_without_a_tool_twice() {
    let scene = answering(json!([{ "text": "Sure! I would change the minus." }, { "text": "As I said." }])).await;
    gives_up(&scene, "the model called no tool, twice in a row").await;
}

#[tokio::test]
async fn an_empty_answer_twice() {
    let scene = answering(json!([{ "empty": true }, { "empty": true }])).await;
    gives_up(&scene, "the model's answer was empty, twice in a row").await;
}

#[tokio::test]
async fn one_empty_answer_is_overcome() {
    let mut turns = good_engineer();
    turns.as_array_mut().unwrap().insert(0, json!({ "empty": true }));
    let scene = answering(turns).await;
    scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(scene.world().pulls().len(), 1);
}

#[tokio::test]
async fn a_truncated_answer_twice() {
    let cut = json!({ "tool_calls": [fix(), finish()], "stop": "length" });
    let scene = answering(json!([cut, cut])).await;
    gives_up(&scene, "the model's answer was cut at its length limit, twice in a row").await;
}

#[tokio::test]
async fn a_review_of_garbage_twice_never_passes() {
    let garbage = json!([{ "raw": "LGTM", "repeat": true }]);
    let scene = Setup::new().turns("ciso_review", garbage).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    let result = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    assert_eq!(result["result"]["review"]["should_block"], true, "{}", result["result"]["review"]);
}

#[tokio::test]
async fn a_busy_model_is_asked_again() {
    let mut turns = good_engineer();
    for (status, wait) in [(429, json!(0.01)), (500, json!(0.01)), (529, json!(0.01))] {
        turns.as_array_mut().unwrap().insert(0, json!({ "status": status, "retry_after": wait }));
    }
    let scene = answering(turns).await;
    scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(scene.world().pulls().len(), 1);
    scene.expect_known();
}

#[tokio::test]
async fn a_model_that_is_down_gives_the_branch_back() {
    let scene = answering(json!([{ "status": 503, "retry_after": 0.01, "repeat": true }])).await;
    fails(&scene, 3, "error: openai is not reachable: it answered 503\nit is safe to run it again").await;
    expect_released(&scene, "openai is not reachable").await;
    assert!(!scene.world().issue(1).unwrap().labels.contains(&"autonomy:failed".to_owned()));
}

#[tokio::test]
async fn a_model_that_does_not_take_the_key() {
    let scene = answering(json!([{ "status": 401, "message": "Incorrect API key provided: scene" }])).await;
    fails(&scene, 2, "error: openai does not accept the API key (401)\ncheck the API key and what it may use").await;
    expect_released(&scene, "does not accept the API key").await;
}

#[tokio::test]
async fn a_model_that_does_not_exist() {
    let scene = answering(json!([{ "status": 404, "message": "The model `scripted` does not exist" }])).await;
    let error = "error: openai refused the request (404): The model `scripted` does not exist\n\
                 check the model's name and the base URL";
    fails(&scene, 2, error).await;
    expect_released(&scene, "404").await;
}

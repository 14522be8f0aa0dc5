//! Check runs, statuses, workflows.

use autonomy::sandbox::{Setting, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";
const CI: &str = "name: CI\non: [push, pull_request, workflow_dispatch]\njobs:\n  test:\n    runs-on: ubuntu-latest\n";

#[tokio::test]
async fn a_check_run_is_made_finished_and_found_on_its_commit() {
    let sandbox = start().await;
    let main = sandbox.world().branch("main").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let body = json!({"name": "autonomy/cto", "head_sha": main, "status": "in_progress", "external_id": "k"});
    let made = client.post(&format!("{R}/check-runs"), body).await;
    assert_eq!((made.status, made.json["status"].as_str()), (201, Some("in_progress")));
    assert_eq!(made.json["app"]["id"], 15368);
    let path = format!("{R}/check-runs/{}", made.json["id"]);
    let output = json!({"title": "t", "summary": "s", "annotations": [
        {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}]});
    let done = client.patch(&path, json!({"conclusion": "success", "output": output})).await;
    assert_eq!(
        (done.json["status"].as_str(), done.json["output"]["annotations_count"].as_u64()),
        (Some("completed"), Some(1))
    );
    assert_eq!(client.get(&format!("{path}/annotations")).await.each("message"), ["m"]);
    let foreign = Client::new(&sandbox, token::APP).patch(&path, json!({"conclusion": "failure"})).await;
    assert_eq!(foreign.status, 403);
    let list = client.get(&format!("{R}/commits/main/check-runs?check_name=autonomy%2Fcto")).await;
    assert_eq!(list.json["total_count"], 1);
    let suites = client.get(&format!("{R}/commits/main/check-suites")).await;
    assert_eq!(suites.json["check_suites"][0]["conclusion"], "success");
    for body in [
        json!({"name": "x", "head_sha": "0123456789012345678901234567890123456789"}),
        json!({"name": "x", "head_sha": main, "status": "completed"}),
        json!({"name": "x", "head_sha": main, "conclusion": "great"}),
        json!({"name": "x", "head_sha": main, "output": {"title": "t", "summary": "y".repeat(65_536)}}),
        json!({"head_sha": main}),
    ] {
        let got = client.post(&format!("{R}/check-runs"), body).await;
        assert_eq!(got.status, 422, "{}", got.text);
    }
}

#[tokio::test]
async fn the_newest_run_of_a_name_hides_the_older_unless_all_are_asked_for() {
    let sandbox = start().await;
    let world = sandbox.world();
    let main = world.branch("main").unwrap();
    world.check_run(&main, "test", Some("failure"), 7);
    world.check_run(&main, "test", Some("success"), 7);
    world.check_run(&main, "test", Some("failure"), 8);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let count = async |query: &str| {
        client.get(&format!("{R}/commits/{main}/check-runs{query}")).await.json["total_count"].as_u64().unwrap()
    };
    assert_eq!((count("").await, count("?filter=all").await, count("?app_id=7").await), (2, 3, 1));
}

#[tokio::test]
async fn statuses_are_combined_and_pending_without_any() {
    let sandbox = start().await;
    let main = sandbox.world().branch("main").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let combined = async || client.get(&format!("{R}/commits/{main}/status")).await.json;
    let none = combined().await;
    assert_eq!((none["state"].as_str(), none["total_count"].as_u64()), (Some("pending"), Some(0)));
    let path = format!("{R}/statuses/{main}");
    for state in ["failure", "success"] {
        let body = json!({"state": state, "context": "ci/x", "description": "d"});
        assert_eq!(client.post(&path, body).await.status, 201);
    }
    assert_eq!(combined().await["state"], "success");
    assert_eq!(client.get(&format!("{R}/commits/{main}/statuses")).await.each("state"), ["success", "failure"]);
    client.post(&path, json!({"state": "pending", "context": "CI/Y"})).await;
    assert_eq!(combined().await["state"], "pending");
    assert_eq!(client.post(&path, json!({"state": "great"})).await.status, 422);
}

#[tokio::test]
async fn pushes_by_people_start_workflows_that_end_after_some_reads() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.set(Setting::JobConclusion("test".into(), "failure".into()));
    let sha = world.add_workflow(login::MAINTAINER, "ci.yml", CI).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let look = async || {
        let run = client.get(&format!("{R}/commits/{sha}/check-runs")).await.json["check_runs"][0].clone();
        (run["status"].as_str().unwrap().to_owned(), run["conclusion"].as_str().map(str::to_owned))
    };
    assert_eq!(look().await, ("in_progress".into(), None));
    assert_eq!(look().await, ("completed".into(), Some("failure".into())));
    let runs = client.get(&format!("{R}/actions/runs?head_sha={sha}&event=push")).await.json;
    assert_eq!(runs["workflow_runs"][0]["path"], ".github/workflows/ci.yml");
    assert_eq!(runs["workflow_runs"][0]["conclusion"], "failure");
    let jobs = client.get(&format!("{R}/actions/runs/{}/jobs", runs["workflow_runs"][0]["id"])).await;
    assert_eq!(jobs.json["jobs"][0]["name"], "test");
    let skipped = world.push(login::WRITER, "main", &[("a", Some("1"))], "x [skip ci]").unwrap();
    assert!(world.check_runs(&skipped).is_empty());
}

#[tokio::test]
async fn a_workflow_tokens_pull_request_waits_for_approval_and_a_dispatch_runs() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.add_workflow(login::MAINTAINER, "ci.yml", CI).unwrap();
    let head = world.push(login::ACTIONS, "automated/1-x", &[("x", Some("1"))], "x").unwrap();
    assert!(world.check_runs(&head).is_empty());
    world.open_pull(login::ACTIONS, "automated/1-x", "main", "T", "").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let suites = client.get(&format!("{R}/commits/{head}/check-suites")).await.json;
    let suite = &suites["check_suites"][0];
    assert_eq!((suite["status"].as_str(), suite["conclusion"].as_str()), (Some("completed"), Some("action_required")));
    let waiting = client.get(&format!("{R}/actions/runs?status=action_required")).await.json;
    assert_eq!(waiting["total_count"], 1);
    let dispatch =
        async |file: &str, body| client.post(&format!("{R}/actions/workflows/{file}/dispatches"), body).await;
    assert_eq!(dispatch("ci.yml", json!({"ref": "automated/1-x"})).await.status, 204);
    client.get(&format!("{R}/commits/{head}/check-runs")).await;
    let runs = client.get(&format!("{R}/commits/{head}/check-runs")).await.json;
    assert_eq!(
        (runs["total_count"].as_u64(), runs["check_runs"][0]["conclusion"].as_str()),
        (Some(1), Some("success"))
    );
    assert_eq!(dispatch("none.yml", json!({"ref": "main"})).await.status, 404);
    assert_eq!(dispatch("ci.yml", json!({"ref": "nowhere"})).await.message(), "No ref found for: nowhere");
    world.add_workflow(login::MAINTAINER, "other.yml", "on: push\njobs: {a: {}}\n").unwrap();
    let got = dispatch("other.yml", json!({"ref": "main"})).await;
    assert_eq!((got.status, got.message()), (422, "Workflow does not have 'workflow_dispatch' trigger"));
    let known = client.get(&format!("{R}/actions/workflows")).await.json;
    assert_eq!(known["total_count"], 2);
}

#[tokio::test]
async fn a_run_made_over_the_api_lands_in_the_apps_first_suite_on_the_commit() {
    let sandbox = start().await;
    let world = sandbox.world();
    let sha = world.add_workflow(login::MAINTAINER, "ci.yml", CI).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let suite = client.get(&format!("{R}/commits/{sha}/check-suites")).await.json["check_suites"][0]["id"].clone();
    let made = client.post(&format!("{R}/check-runs"), json!({"name": "ours", "head_sha": sha})).await;
    assert_eq!(made.json["check_suite"]["id"], suite);
    let other = Client::new(&sandbox, token::APP);
    let made = other.post(&format!("{R}/check-runs"), json!({"name": "theirs", "head_sha": sha})).await;
    assert_ne!(made.json["check_suite"]["id"], suite);
}

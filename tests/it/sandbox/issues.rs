//! Issues, labels, comments, events.

use autonomy::sandbox::{Setting, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

#[tokio::test]
async fn a_writers_issue_makes_missing_labels_and_an_outsiders_labels_are_dropped() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let body = json!({"title": "Crash", "body": "b", "labels": ["bug", "severity-high"], "assignees": ["writer"]});
    let made = client.post(&format!("{R}/issues"), body).await;
    assert_eq!((made.status, made.json["labels"][1]["color"].as_str()), (201, Some("ededed")));
    assert!(made.json["labels"][1]["description"].is_null());
    assert_eq!(made.json["assignee"]["login"], "writer");
    assert_eq!(made.json["performed_via_github_app"]["id"], 15368);
    let outsider = Client::new(&sandbox, token::OUTSIDER);
    let made = outsider.post(&format!("{R}/issues"), json!({"title": "x", "labels": ["bug", "never-seen"]})).await;
    assert_eq!((made.status, made.json["labels"].as_array().unwrap().len()), (201, 0));
    let got = outsider.post(&format!("{R}/issues/1/labels"), json!({"labels": ["bug"]})).await;
    assert_eq!(got.status, 403);
    let triager = Client::new(&sandbox, token::TRIAGER);
    assert_eq!(triager.post(&format!("{R}/issues/2/labels"), json!({"labels": ["bug"]})).await.status, 200);
    assert_eq!(triager.post(&format!("{R}/issues/2/labels"), json!({"labels": ["never-seen"]})).await.status, 403);
    assert_eq!(client.get(&format!("{R}/labels/severity-high")).await.status, 200);
}

#[tokio::test]
async fn wrong_issues_are_422_with_the_field() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let long = "x".repeat(257);
    let huge = "y".repeat(65_537);
    for (body, field, code) in [
        (json!({"body": "x"}), "title", "missing_field"),
        (json!({"title": " "}), "title", "missing_field"),
        (json!({"title": long}), "title", "custom"),
        (json!({"title": "x", "body": huge}), "body", "custom"),
        (json!({"title": "x", "milestone": 99}), "milestone", "invalid"),
    ] {
        let got = client.post(&format!("{R}/issues"), body).await;
        let error = &got.json["errors"][0];
        assert_eq!((got.status, got.message()), (422, "Validation Failed"));
        assert_eq!((error["field"].as_str(), error["code"].as_str()), (Some(field), Some(code)));
    }
    assert_eq!(client.send("POST", &format!("{R}/issues"), None, &[]).await.status, 422);
    let broken = client.send("POST", &format!("{R}/issues"), Some(json!([1])), &[]).await;
    assert_eq!(broken.status, 422);
    sandbox.world().set(Setting::HasIssues(false));
    assert_eq!(client.post(&format!("{R}/issues"), json!({"title": "x"})).await.status, 410);
}

#[tokio::test]
async fn issues_are_listed_by_label_state_and_time_with_pull_requests_among_them() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_issue(login::WRITER, "one", "", &["roadmap", "bug"]).unwrap();
    world.create_issue(login::WRITER, "two", "", &["roadmap"]).unwrap();
    world.push(login::WRITER, "x", &[("x", Some("1"))], "x").unwrap();
    world.open_pull(login::WRITER, "x", "main", "three", "").unwrap();
    world.close_issue(login::MAINTAINER, 2, "not_planned").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let list = async |query: &str| client.get(&format!("{R}/issues?{query}")).await.each("number");
    assert_eq!(list("").await, ["3", "1"]);
    assert_eq!(list("state=all&direction=asc").await, ["1", "2", "3"]);
    assert_eq!(list("labels=roadmap,bug").await, ["1"]);
    assert_eq!(list("labels=unknown").await, [""; 0]);
    assert_eq!(list("state=closed").await, ["2"]);
    assert_eq!(list("since=2999-01-01T00:00:00Z&state=all").await, [""; 0]);
    let all = client.get(&format!("{R}/issues?state=all&per_page=2&page=1")).await;
    assert!(all.json[0]["pull_request"]["url"].is_string());
    let link = all.headers["link"].to_str().unwrap();
    assert!(link.contains("rel=\"next\"") && link.contains("rel=\"last\"") && !link.contains("rel=\"prev\""), "{link}");
    let next = all.next(&client).unwrap();
    assert_eq!(client.get(&next).await.each("number"), ["1"]);
}

#[tokio::test]
async fn events_tell_who_labelled_renamed_and_closed_and_through_which_app() {
    let sandbox = start().await;
    let world = sandbox.world();
    let number = world.create_issue(login::OUTSIDER, "one", "body", &[]).unwrap();
    let before = world.issue(number).unwrap().updated_at;
    world.label(login::TRIAGER, number, "roadmap").unwrap();
    assert_eq!(world.issue(number).unwrap().updated_at, before, "labelling leaves updated_at alone");
    world.unlabel(login::MAINTAINER, number, "roadmap").unwrap();
    world.label_via_app(login::MAINTAINER, 777, number, "roadmap").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    client.patch(&format!("{R}/issues/{number}"), json!({"title": "two", "state": "closed"})).await;
    let events = client.get(&format!("{R}/issues/{number}/events")).await;
    assert_eq!(events.each("event"), ["labeled", "unlabeled", "labeled", "renamed", "closed"]);
    assert_eq!(events.json[0]["actor"]["login"], "triager");
    assert!(events.json[0]["performed_via_github_app"].is_null());
    assert_eq!(events.json[2]["actor"]["login"], "maintainer");
    assert_eq!(events.json[2]["performed_via_github_app"]["id"], 777);
    assert_eq!(events.json[3]["rename"], json!({"from": "one", "to": "two"}));
    client.post(&format!("{R}/issues/{number}/comments"), json!({"body": "done"})).await;
    let timeline = client.get(&format!("{R}/issues/{number}/timeline")).await;
    assert_eq!(timeline.each("event"), ["labeled", "unlabeled", "labeled", "renamed", "closed", "commented"]);
    assert_eq!(client.get(&format!("{R}/issues/events")).await.json[0]["issue"]["number"], number);
}

#[tokio::test]
async fn a_mention_stands_in_the_timeline_once_and_not_among_the_events() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_issue(login::WRITER, "one", "", &[]).unwrap();
    world.create_issue(login::OUTSIDER, "two", "like #1, but issue#1 is not meant", &[]).unwrap();
    world.comment(login::OUTSIDER, 2, "again #1").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let timeline = client.get(&format!("{R}/issues/1/timeline")).await;
    assert_eq!(timeline.each("event"), ["cross-referenced"]);
    assert_eq!(timeline.json[0]["source"]["issue"]["number"], 2);
    assert_eq!(client.get(&format!("{R}/issues/1/events")).await.json, json!([]));
}

#[tokio::test]
async fn labels_are_set_removed_and_made() {
    let sandbox = start().await;
    sandbox.world().create_issue(login::WRITER, "one", "", &["bug"]).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(
        client.put(&format!("{R}/issues/1/labels"), json!({"labels": ["a", "b"]})).await.each("name"),
        ["a", "b"]
    );
    assert_eq!(client.delete(&format!("{R}/issues/1/labels/a")).await.each("name"), ["b"]);
    let again = client.delete(&format!("{R}/issues/1/labels/a")).await;
    assert_eq!((again.status, again.message()), (404, "Label does not exist"));
    let body = json!({"name": "roadmap", "color": "00FF00", "description": "d"});
    assert_eq!(client.post(&format!("{R}/labels"), body.clone()).await.json["color"], "00ff00");
    let again = client.post(&format!("{R}/labels"), body).await;
    assert_eq!((again.status, again.error()), (422, "already_exists"));
    let renamed = client.patch(&format!("{R}/labels/roadmap"), json!({"new_name": "Roadmap 2"})).await;
    assert_eq!(renamed.json["name"], "Roadmap 2");
    assert_eq!(client.get(&format!("{R}/labels/roadmap%202")).await.status, 200);
    assert_eq!(client.delete(&format!("{R}/labels/Roadmap%202")).await.status, 204);
    assert_eq!(client.delete(&format!("{R}/issues/1/labels")).await.status, 204);
    assert_eq!(client.get(&format!("{R}/issues/1/labels")).await.json, json!([]));
}

#[tokio::test]
async fn comments_are_written_edited_listed_and_stopped_by_a_lock() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_issue(login::OUTSIDER, "one", "", &[]).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let made = client.post(&format!("{R}/issues/1/comments"), json!({"body": "hello"})).await;
    let id = made.json["id"].as_u64().unwrap();
    assert_eq!((made.status, made.json["user"]["login"].as_str()), (201, Some("github-actions[bot]")));
    let path = format!("{R}/issues/comments/{id}");
    assert_eq!(client.patch(&path, json!({"body": "changed"})).await.json["body"], "changed");
    assert_eq!(Client::new(&sandbox, token::OUTSIDER).patch(&path, json!({"body": "mine"})).await.status, 403);
    assert_eq!(Client::new(&sandbox, token::WRITER).patch(&path, json!({"body": "ours"})).await.status, 200);
    assert_eq!(world.comments(1)[0].edits, 2);
    let react = json!({"content": "+1"});
    assert_eq!(client.post(&format!("{path}/reactions"), react.clone()).await.status, 201);
    assert_eq!(client.post(&format!("{path}/reactions"), react).await.status, 200);
    assert_eq!(client.get(&path).await.json["reactions"]["+1"], 1);
    assert_eq!(
        client.get(&format!("{R}/issues/comments?sort=updated&direction=desc")).await.each("id"),
        [id.to_string()]
    );
    let huge = json!({"body": "y".repeat(65_537)});
    assert_eq!(client.post(&format!("{R}/issues/1/comments"), huge).await.status, 422);
    assert_eq!(client.put(&format!("{R}/issues/1/lock"), json!({"lock_reason": "spam"})).await.status, 204);
    let locked = client.post(&format!("{R}/issues/1/comments"), json!({"body": "x"})).await;
    assert_eq!((locked.status, locked.message()), (403, "Unable to create comment because issue is locked."));
    let writer = Client::new(&sandbox, token::WRITER);
    assert_eq!(writer.post(&format!("{R}/issues/1/comments"), json!({"body": "x"})).await.status, 201);
    assert_eq!(client.delete(&format!("{R}/issues/1/lock")).await.status, 204);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn dependencies_and_milestones_are_told() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_issue(login::WRITER, "one", "", &[]).unwrap();
    world.create_issue(login::WRITER, "two", "", &[]).unwrap();
    world.block(login::WRITER, 1, 2).unwrap();
    let due = "2026-12-01T00:00:00Z".parse().unwrap();
    let milestone = world.create_milestone("Sprint 1", Some(due));
    world.set_milestone(login::WRITER, 1, Some(milestone)).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let one = client.get(&format!("{R}/issues/1")).await.json;
    assert_eq!(one["issue_dependencies_summary"]["blocked_by"], 1);
    assert_eq!(one["milestone"]["due_on"], "2026-12-01T00:00:00Z");
    assert_eq!(client.get(&format!("{R}/issues/1/dependencies/blocked_by")).await.each("number"), ["2"]);
    world.close_issue(login::WRITER, 2, "completed").unwrap();
    let one = client.get(&format!("{R}/issues/1")).await.json;
    let summary = &one["issue_dependencies_summary"];
    assert_eq!((summary["blocked_by"].as_u64(), summary["total_blocked_by"].as_u64()), (Some(0), Some(1)));
    assert_eq!(client.get(&format!("{R}/milestones")).await.each("title"), ["Sprint 1"]);
    let made = client.post(&format!("{R}/issues/2/dependencies/blocked_by"), json!({"issue_id": one["id"]})).await;
    assert_eq!(made.status, 201);
}

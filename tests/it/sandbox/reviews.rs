//! Reviews, review comments, requested reviewers.

use autonomy::sandbox::{Protection, Sandbox, Setting, Verdict, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

fn proposal(sandbox: &Sandbox) -> (u64, String) {
    let world = sandbox.world();
    world.push(login::WRITER, "main", &[("f.txt", Some("a\nb\nc\n"))], "base").unwrap();
    let head = world.push(login::ACTIONS, "automated/1-x", &[("f.txt", Some("a\nB\nc\nd\n"))], "x").unwrap();
    (world.open_pull(login::ACTIONS, "automated/1-x", "main", "T", "").unwrap(), head)
}

#[tokio::test]
async fn nobody_approves_their_own_pull_request_and_workflows_only_where_allowed() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let path = format!("{R}/pulls/{number}/reviews");
    let client = Client::new(&sandbox, token::WORKFLOW);
    let own = client.post(&path, json!({"event": "APPROVE"})).await;
    assert_eq!((own.status, own.error()), (422, "Can not approve your own pull request"));
    let own = client.post(&path, json!({"event": "REQUEST_CHANGES", "body": "x"})).await;
    assert_eq!((own.status, own.error()), (422, "Can not request changes on your own pull request"));
    let comment = client.post(&path, json!({"event": "COMMENT", "body": "fine", "commit_id": head})).await;
    assert_eq!((comment.status, comment.json["state"].as_str()), (200, Some("COMMENTED")));
    assert_eq!(comment.json["commit_id"], head.as_str());
    assert_eq!(client.post(&path, json!({"event": "COMMENT"})).await.status, 422);
    let writer = Client::new(&sandbox, token::WRITER);
    let approved = writer.post(&path, json!({"event": "APPROVE"})).await;
    assert_eq!(approved.json["state"], "APPROVED");
    assert_eq!(writer.post(&path, json!({"event": "SHOUT"})).await.status, 422);
    let foreign = json!({"event": "APPROVE", "commit_id": sandbox.world().branch("main").unwrap()});
    assert_eq!(writer.post(&path, foreign).await.status, 422);
    let world = sandbox.world();
    world.push(login::WRITER, "y", &[("y", Some("1"))], "y").unwrap();
    let other = world.open_pull(login::WRITER, "y", "main", "Y", "").unwrap();
    world.set(Setting::ActionsCanCreatePulls(false));
    let got = client.post(&format!("{R}/pulls/{other}/reviews"), json!({"event": "APPROVE"})).await;
    assert_eq!((got.status, got.error()), (422, "GitHub Actions is not permitted to approve pull requests."));
}

#[tokio::test]
async fn a_review_is_dismissed_and_a_comment_cannot_be() {
    let sandbox = start().await;
    let (number, _) = proposal(&sandbox);
    let world = sandbox.world();
    let approval = world.review(login::WRITER, number, Verdict::Approve, "", None).unwrap();
    let comment = world.review(login::WRITER, number, Verdict::Comment, "hm", None).unwrap();
    let client = Client::new(&sandbox, token::MAINTAINER);
    let dismiss = async |id: u64, body| client.put(&format!("{R}/pulls/{number}/reviews/{id}/dismissals"), body).await;
    assert_eq!(dismiss(approval, json!({})).await.status, 422);
    assert_eq!(dismiss(comment, json!({"message": "x"})).await.status, 422);
    assert_eq!(dismiss(approval, json!({"message": "x"})).await.json["state"], "DISMISSED");
    let events = client.get(&format!("{R}/issues/{number}/events")).await;
    assert_eq!(events.json[0]["dismissed_review"]["state"], "approved");
    assert_eq!(client.get(&format!("{R}/pulls/{number}/reviews")).await.each("state"), ["DISMISSED", "COMMENTED"]);
}

#[tokio::test]
async fn a_push_dismisses_approvals_where_protection_says_so() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let world = sandbox.world();
    world.protect("main", Protection { dismiss_stale_reviews: true, approvals: 1, ..Protection::default() });
    world.review(login::WRITER, number, Verdict::Approve, "", None).unwrap();
    world.push(login::WRITER, "automated/1-x", &[("z", Some("1"))], "more").unwrap();
    let review = &world.reviews(number)[0];
    assert_eq!((review.state.as_str(), review.commit.as_deref()), ("DISMISSED", Some(head.as_str())));
}

#[tokio::test]
async fn review_comments_stand_only_on_lines_of_the_diff() {
    let sandbox = start().await;
    let (number, head) = proposal(&sandbox);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let path = format!("{R}/pulls/{number}/comments");
    let on =
        |line: u64, side: &str| json!({"body": "here", "commit_id": head, "path": "f.txt", "line": line, "side": side});
    let made = client.post(&path, on(4, "RIGHT")).await;
    assert_eq!((made.status, made.json["position"].as_u64()), (201, Some(5)));
    assert_eq!(made.json["diff_hunk"], "@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d");
    assert_eq!(client.post(&path, on(2, "LEFT")).await.status, 201);
    let off = client.post(&path, on(5, "RIGHT")).await;
    assert_eq!((off.status, off.json["errors"][0]["field"].as_str()), (422, Some("pull_request_review_thread.line")));
    let mut elsewhere = on(1, "RIGHT");
    elsewhere["path"] = json!("README.md");
    assert_eq!(client.post(&path, elsewhere).await.status, 422);
    let id = made.json["id"].as_u64().unwrap();
    let reply = client.post(&format!("{path}/{id}/replies"), json!({"body": "yes"})).await;
    assert_eq!((reply.status, reply.json["in_reply_to_id"].as_u64()), (201, Some(id)));
    assert_eq!(client.get(&path).await.each("body"), ["here", "here", "yes"]);
    let comments = json!([{"path": "f.txt", "line": 4, "start_line": 2, "side": "RIGHT", "body": "both"}]);
    let body = json!({"event": "COMMENT", "commit_id": head, "comments": comments});
    let review = client.post(&format!("{R}/pulls/{number}/reviews"), body).await;
    assert_eq!(review.status, 200, "{}", review.text);
    let of = client.get(&format!("{R}/pulls/{number}/reviews/{}/comments", review.json["id"])).await;
    assert_eq!(of.json[0]["start_line"], 2);
    let bad = json!([{"path": "f.txt", "line": 99, "side": "RIGHT", "body": "x"}]);
    let got = client.post(&format!("{R}/pulls/{number}/reviews"), json!({"event": "COMMENT", "comments": bad})).await;
    assert_eq!((got.status, got.error()), (422, "Line could not be resolved"));
    let edited = client.patch(&format!("{R}/pulls/comments/{id}"), json!({"body": "new"})).await;
    assert_eq!(edited.json["body"], "new");
    assert_eq!(client.delete(&format!("{R}/pulls/comments/{id}")).await.status, 204);
}

#[tokio::test]
async fn reviewers_are_requested_among_collaborators() {
    let sandbox = start().await;
    let (number, _) = proposal(&sandbox);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let path = format!("{R}/pulls/{number}/requested_reviewers");
    assert_eq!(client.post(&path, json!({"reviewers": ["outsider"]})).await.status, 422);
    let asked = client.post(&path, json!({"reviewers": ["writer"]})).await;
    assert_eq!((asked.status, asked.json["requested_reviewers"][0]["login"].as_str()), (201, Some("writer")));
    assert_eq!(client.get(&path).await.json["users"][0]["login"], "writer");
    sandbox.world().review(login::WRITER, number, Verdict::Comment, "hm", None).unwrap();
    assert_eq!(client.get(&path).await.json["users"], json!([]));
}

//! Pull requests: opened, listed, shown, changed.

use autonomy::sandbox::{Setting, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

#[tokio::test]
async fn a_pull_request_is_opened_once_and_only_with_commits() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.push(login::ACTIONS, "automated/1-x", &[("x", Some("1"))], "x").unwrap();
    world.create_branch(login::WRITER, "same", "main").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let body = json!({"title": "T", "head": "automated/1-x", "base": "main", "body": "Fixes #1", "draft": false});
    let made = client.post(&format!("{R}/pulls"), body.clone()).await;
    assert_eq!((made.status, made.json["user"]["type"].as_str()), (201, Some("Bot")));
    assert_eq!(made.json["changed_files"], 1);
    let again = client.post(&format!("{R}/pulls"), body).await;
    assert_eq!((again.status, again.error()), (422, "A pull request already exists for acme:automated/1-x."));
    for (head, base, words) in [
        ("same", "main", "No commits between main and same"),
        ("nowhere", "main", "invalid"),
        ("same", "nowhere", "invalid"),
        ("fork:x", "main", "invalid"),
    ] {
        let got = client.post(&format!("{R}/pulls"), json!({"title": "T", "head": head, "base": base})).await;
        assert_eq!((got.status, got.error()), (422, words), "{head}");
    }
    world.set(Setting::ActionsCanCreatePulls(false));
    let got = client.post(&format!("{R}/pulls"), json!({"title": "T", "head": "same", "base": "main"})).await;
    let words = "GitHub Actions is not permitted to create or approve pull requests.";
    assert_eq!((got.status, got.message()), (403, words));
}

#[tokio::test]
async fn mergeable_is_null_first_and_computed_for_each_pair_of_head_and_base() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.push(login::WRITER, "x", &[("f", Some("1\n"))], "x").unwrap();
    let number = world.open_pull(login::WRITER, "x", "main", "T", "").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let look = async || {
        let got = client.get(&format!("{R}/pulls/{number}")).await.json;
        (got["mergeable"].as_bool(), got["mergeable_state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(look().await, (None, "unknown".into()));
    assert_eq!(look().await, (Some(true), "clean".into()));
    world.push(login::WRITER, "main", &[("f", Some("2\n"))], "clash").unwrap();
    assert_eq!(look().await, (None, "unknown".into()));
    assert_eq!(look().await, (Some(false), "dirty".into()));
    world.push(login::WRITER, "x", &[("f", Some("2\n"))], "same now").unwrap();
    world.set_draft(login::WRITER, number, true).unwrap();
    look().await;
    assert_eq!(look().await, (Some(true), "draft".into()));
    let listed = client.get(&format!("{R}/pulls")).await;
    assert!(listed.json[0].get("mergeable").is_none());
}

#[tokio::test]
async fn pull_requests_are_listed_by_head_base_and_state() {
    let sandbox = start().await;
    let world = sandbox.world();
    for branch in ["a", "b"] {
        world.push(login::WRITER, branch, &[(branch, Some("1"))], branch).unwrap();
        world.open_pull(login::WRITER, branch, "main", branch, "").unwrap();
    }
    world.close_pull(login::WRITER, 1).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let list = async |query: &str| client.get(&format!("{R}/pulls?{query}")).await.each("number");
    assert_eq!(list("").await, ["2"]);
    assert_eq!(list("state=all").await, ["2", "1"]);
    assert_eq!(list("state=all&head=acme:a").await, ["1"]);
    assert_eq!(list("state=all&head=other:a").await, [""; 0]);
    assert_eq!(list("base=other").await, [""; 0]);
    let reopened = client.patch(&format!("{R}/pulls/1"), json!({"state": "open", "title": "A2"})).await;
    assert_eq!((reopened.json["state"].as_str(), reopened.json["title"].as_str()), (Some("open"), Some("A2")));
    world.close_pull(login::WRITER, 1).unwrap();
    world.delete_branch(login::WRITER, "a").unwrap();
    assert_eq!(client.patch(&format!("{R}/pulls/1"), json!({"state": "open"})).await.status, 422);
}

#[tokio::test]
async fn files_commits_diff_and_patch_are_shown_also_after_the_merge() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.push(login::WRITER, "main", &[("old.txt", Some("a\nb\nc\nd\n"))], "base").unwrap();
    let text = [("new.txt", Some("a\nb\nc\nd\ne\n")), ("old.txt", None), ("bin", Some("\0\u{1}"))];
    world.push(login::WRITER, "x", &text, "move").unwrap();
    let number = world.open_pull(login::WRITER, "x", "main", "T", "").unwrap();
    world.push(login::WRITER, "main", &[("other", Some("1"))], "unrelated").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let look = async || client.get(&format!("{R}/pulls/{number}/files")).await;
    let files = look().await;
    assert_eq!(files.each("status"), ["added", "renamed"]);
    assert_eq!(files.json[1]["previous_filename"], "old.txt");
    assert!(files.json[0].get("patch").is_none() && files.json[1]["patch"].as_str().unwrap().starts_with("@@"));
    assert_eq!(client.get(&format!("{R}/pulls/{number}/commits")).await.json.as_array().unwrap().len(), 1);
    let path = format!("{R}/pulls/{number}");
    let diff = client.get_as(&path, "application/vnd.github.v3.diff").await;
    assert!(diff.text.contains("rename from old.txt"), "{}", diff.text);
    let patch = client.get_as(&path, "application/vnd.github.patch").await;
    assert!(patch.text.contains("Subject: [PATCH] move"), "{}", patch.text);
    world.merge(login::MAINTAINER, number).unwrap();
    assert_eq!(look().await.each("status"), ["added", "renamed"]);
    assert_eq!(client.get(&path).await.json["commits"], 1);
}

#[tokio::test]
async fn a_deleted_branch_closes_and_a_new_head_is_followed() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.push(login::WRITER, "x", &[("x", Some("1"))], "one").unwrap();
    let number = world.open_pull(login::WRITER, "x", "main", "T", "").unwrap();
    let forced = world.force_push(login::WRITER, "x", "main", &[("x", Some("2"))], "two").unwrap();
    assert_eq!(world.pull(number).unwrap().head_sha, forced);
    assert!(world.events(number).contains(&("head_ref_force_pushed".into(), "writer".into())));
    world.create_branch(login::WRITER, "next", "main").unwrap();
    world.retarget(login::WRITER, number, "next").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(client.get(&format!("{R}/pulls/{number}")).await.json["base"]["ref"], "next");
    world.delete_branch(login::WRITER, "x").unwrap();
    assert!(!world.pull(number).unwrap().open);
    assert_eq!(client.get(&format!("{R}/pulls/{number}/files")).await.each("filename"), ["x"]);
}

#[tokio::test]
async fn update_branch_makes_a_new_head_and_wants_the_expected_one() {
    let sandbox = start().await;
    let world = sandbox.world();
    let head = world.push(login::WRITER, "x", &[("x", Some("1"))], "one").unwrap();
    let number = world.open_pull(login::WRITER, "x", "main", "T", "").unwrap();
    let client = Client::new(&sandbox, token::APP);
    let path = format!("{R}/pulls/{number}/update-branch");
    assert_eq!(client.put(&path, json!({"expected_head_sha": head})).await.status, 422);
    let main = world.push(login::WRITER, "main", &[("m", Some("1"))], "main").unwrap();
    assert_eq!(client.put(&path, json!({"expected_head_sha": main})).await.status, 422);
    assert_eq!(client.put(&path, json!({"expected_head_sha": head})).await.status, 202);
    assert_eq!(world.commit_parents(&world.pull(number).unwrap().head_sha), [head, main]);
}

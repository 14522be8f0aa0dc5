//! The embedded GitHub, asked over real HTTP: its answers are GitHub's, its refusals too.

mod checks;
mod client;
mod git;
mod issues;
mod merge;
mod pulls;
mod reviews;
mod rules;

use autonomy::sandbox::{Options, Sandbox, login, token};
use client::{Client, options, start};
use serde_json::json;

#[tokio::test]
async fn the_repository_is_served_with_limits_request_ids_and_etags() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let got = client.get("/repos/acme/widgets").await;
    assert_eq!((got.status, got.json["full_name"].as_str()), (200, Some("acme/widgets")));
    assert_eq!(got.headers["x-ratelimit-limit"], "1000");
    assert_eq!(got.headers["x-ratelimit-remaining"], "999");
    assert!(got.headers.contains_key("x-github-request-id"));
    let etag = got.headers["etag"].to_str().unwrap().to_owned();
    let again = client.send("GET", "/repos/acme/widgets", None, &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["x-ratelimit-remaining"], "999");
    assert_eq!(client.get("/repos/acme/nothing").await.status, 404);
    assert!(sandbox.unknown_routes().is_empty());
    assert_eq!(sandbox.exchanges().len(), 3);
}

#[tokio::test]
async fn an_unknown_route_is_404_and_counted() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(client.post("/repos/acme/widgets/forks", json!({})).await.status, 404);
    assert_eq!(sandbox.unknown_routes(), ["POST /repos/acme/widgets/forks"]);
}

#[tokio::test]
async fn a_wrong_token_is_401_and_a_private_repository_is_404_to_strangers() {
    let sandbox = Sandbox::start(Options { private: true, ..options() }).await.unwrap();
    let mut client = Client::new(&sandbox, "ghp_wrong");
    let got = client.get("/repos/acme/widgets").await;
    assert_eq!((got.status, got.message()), (401, "Bad credentials"));
    client.token = None;
    assert_eq!(client.get("/repos/acme/widgets").await.status, 404);
    client.token = Some(token::OUTSIDER);
    assert_eq!(client.get("/repos/acme/widgets").await.status, 404);
    client.token = Some(token::WRITER);
    assert_eq!(client.get("/repos/acme/widgets").await.status, 200);
}

#[tokio::test]
async fn a_missing_permission_is_named_in_a_header() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let got = client.get("/repos/acme/widgets/branches/main/protection").await;
    assert_eq!((got.status, got.message()), (403, "Resource not accessible by integration"));
    assert_eq!(got.headers["x-accepted-github-permissions"], "administration=read");
    assert_eq!(client.get("/user").await.status, 403);
    assert_eq!(client.get("/repos/acme/widgets/security-advisories").await.status, 403);
    let maintainer = Client::new(&sandbox, token::MAINTAINER);
    assert_eq!(maintainer.get("/user").await.json["login"], "maintainer");
    assert_eq!(maintainer.get("/repos/acme/widgets/branches/main/protection").await.message(), "Branch not protected");
    let check = json!({"name": "x", "head_sha": sandbox.world().branch("main").unwrap()});
    let got = maintainer.post("/repos/acme/widgets/check-runs", check).await;
    assert_eq!((got.status, got.message()), (403, "You must authenticate via a GitHub App."));
}

#[tokio::test]
async fn a_used_up_limit_is_403_until_the_hour_is_over() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    sandbox.world().set_remaining("workflow", 1).unwrap();
    assert_eq!(client.get("/repos/acme/widgets").await.status, 200);
    let got = client.get("/repos/acme/widgets").await;
    assert_eq!((got.status, got.headers["x-ratelimit-remaining"].to_str().unwrap()), (403, "0"));
    assert!(got.message().starts_with("API rate limit exceeded"));
    let shown = client.get("/rate_limit").await;
    assert_eq!((shown.status, shown.json["resources"]["core"]["remaining"].as_u64()), (200, Some(0)));
    sandbox.world().shift_time(chrono::Duration::hours(1));
    assert_eq!(client.get("/repos/acme/widgets").await.status, 200);
}

#[tokio::test]
async fn permissions_are_told_for_people_and_refused_for_bots() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let of = async |login: &str| client.get(&format!("/repos/acme/widgets/collaborators/{login}/permission")).await;
    let got = of(login::TRIAGER).await;
    assert_eq!((got.json["permission"].as_str(), got.json["role_name"].as_str()), (Some("read"), Some("triage")));
    assert_eq!(of(login::MAINTAINER).await.json["permission"], "admin");
    assert_eq!(of(login::OUTSIDER).await.json["role_name"], "read");
    assert_eq!(of("github-actions%5Bbot%5D").await.status, 404);
    assert_eq!(of("nobody").await.status, 404);
    assert_eq!(client.get("/users/github-actions%5Bbot%5D").await.json["id"], 41_898_282);
}

#[tokio::test]
async fn a_deleted_account_is_a_ghost_in_objects_and_nobody_in_events() {
    let sandbox = start().await;
    let number = sandbox.world().create_issue(login::WRITER, "x", "y", &["bug"]).unwrap();
    sandbox.world().delete_user(login::WRITER).unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(client.get(&format!("/repos/acme/widgets/issues/{number}")).await.json["user"]["login"], "ghost");
    let events = client.get(&format!("/repos/acme/widgets/issues/{number}/events")).await;
    assert!(events.json[0]["actor"].is_null());
}

#[tokio::test]
async fn a_repository_without_commits_answers_409_to_git() {
    let dir = tempfile::tempdir().unwrap();
    client::git(dir.path(), &["init", "-q", "-b", "trunk"]);
    let sandbox = Sandbox::start(Options { seed: Some(dir.path().to_owned()), ..options() }).await.unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(client.get("/repos/acme/widgets").await.json["default_branch"], "trunk");
    let got = client.get("/repos/acme/widgets/git/ref/heads/trunk").await;
    assert_eq!((got.status, got.message()), (409, "Git Repository is empty."));
    assert_eq!(client.get("/repos/acme/widgets/commits").await.status, 409);
    assert_eq!(client.get("/repos/acme/widgets/branches/trunk").await.status, 404);
}

#[tokio::test]
async fn any_local_repository_seeds_the_sandbox_also_a_linked_work_tree() {
    let dir = tempfile::tempdir().unwrap();
    let main = dir.path().join("main");
    std::fs::create_dir(&main).unwrap();
    client::git(&main, &["init", "-q", "-b", "trunk"]);
    std::fs::write(main.join("a.txt"), "1\n").unwrap();
    client::git(&main, &["add", "."]);
    client::git(&main, &["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "one"]);
    client::git(&main, &["worktree", "add", "-q", "-b", "side", "../linked"]);
    let linked = dir.path().join("linked");
    let sandbox = Sandbox::start(Options { seed: Some(linked), ..options() }).await.unwrap();
    assert_eq!(sandbox.world().default_branch(), "side");
    assert_eq!(sandbox.world().file("side", "a.txt").as_deref(), Some("1\n"));
    let error = Sandbox::start(Options { seed: Some(dir.path().to_owned()), ..options() }).await.err().unwrap();
    assert!(error.to_string().contains("is no git repository"), "{error}");
}

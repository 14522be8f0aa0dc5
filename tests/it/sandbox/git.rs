//! References, objects, contents, comparisons.

use autonomy::sandbox::{login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

#[tokio::test]
async fn a_commit_is_built_from_blob_tree_and_commit_and_claimed_by_a_branch() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let main = sandbox.world().branch("main").unwrap();
    let base = client.get(&format!("{R}/git/commits/{main}")).await;
    let blob = client.post(&format!("{R}/git/blobs"), json!({"content": "aGk=", "encoding": "base64"})).await;
    assert_eq!(blob.status, 201);
    let entries = json!([
        {"path": "src/a.txt", "mode": "100644", "type": "blob", "sha": blob.json["sha"]},
        {"path": "b.txt", "mode": "100644", "type": "blob", "content": "inline\n"},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": null},
    ]);
    let body = json!({"base_tree": base.json["tree"]["sha"], "tree": entries});
    let tree = client.post(&format!("{R}/git/trees"), body).await;
    assert_eq!((tree.status, tree.json["tree"].as_array().unwrap().len()), (201, 2));
    let body = json!({"message": "feat: x", "tree": tree.json["sha"], "parents": [main]});
    let commit = client.post(&format!("{R}/git/commits"), body).await;
    assert_eq!((commit.status, commit.json["author"]["name"].as_str()), (201, Some("github-actions[bot]")));
    assert_eq!(commit.json["verification"]["verified"], true);
    let sha = commit.json["sha"].as_str().unwrap().to_owned();

    let body = json!({"ref": "refs/heads/automated/1-x", "sha": main});
    assert_eq!(client.post(&format!("{R}/git/refs"), body.clone()).await.status, 201);
    let again = client.post(&format!("{R}/git/refs"), body).await;
    assert_eq!((again.status, again.message()), (422, "Reference already exists"));
    let moved = client.patch(&format!("{R}/git/refs/heads/automated/1-x"), json!({"sha": sha, "force": false})).await;
    assert_eq!((moved.status, moved.json["object"]["sha"].as_str()), (200, Some(sha.as_str())));
    let back = client.patch(&format!("{R}/git/refs/heads/automated/1-x"), json!({"sha": main})).await;
    assert_eq!((back.status, back.message()), (422, "Update is not a fast forward"));
    assert_eq!(client.get(&format!("{R}/git/ref/heads/automated/1-x")).await.json["object"]["sha"], sha.as_str());
    assert_eq!(client.get(&format!("{R}/git/ref/heads/automated%2F1-x")).await.status, 200);
    assert_eq!(client.get(&format!("{R}/git/ref/heads/automated")).await.status, 404);
    let found = client.get(&format!("{R}/git/matching-refs/heads/automated/")).await;
    assert_eq!(found.each("ref"), ["refs/heads/automated/1-x"]);
    assert_eq!(client.get(&format!("{R}/branches/automated/1-x")).await.json["commit"]["sha"], sha.as_str());
    assert_eq!(client.get(&format!("{R}/branches?per_page=1")).await.each("name"), ["automated/1-x"]);
    assert_eq!(sandbox.world().paths("automated/1-x"), ["b.txt", "src/a.txt"]);

    let gone = client.delete(&format!("{R}/git/refs/heads/automated/1-x")).await;
    assert_eq!((gone.status, sandbox.world().branch("automated/1-x")), (204, None));
    let again = client.delete(&format!("{R}/git/refs/heads/automated/1-x")).await;
    assert_eq!((again.status, again.message()), (422, "Reference does not exist"));
    let activity = client.get(&format!("{R}/activity?ref=refs/heads/automated/1-x")).await;
    assert_eq!(activity.each("activity_type"), ["branch_deletion", "push", "branch_creation"]);
}

#[tokio::test]
async fn wrong_references_and_objects_are_refused_in_githubs_words() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let main = sandbox.world().branch("main").unwrap();
    let nowhere = "0123456789012345678901234567890123456789";
    for (body, words) in [
        (json!({"ref": "refs/heads/x", "sha": nowhere}), "Object does not exist"),
        (json!({"ref": "refs/heads/x", "sha": "abc"}), "must be exactly 40 characters"),
        (json!({"ref": "heads/x", "sha": main}), "is not valid"),
        (json!({"ref": "refs/heads/a..b", "sha": main}), "is not valid"),
        (json!({"ref": "refs/heads/main/x", "sha": main}), "Reference update failed"),
        (json!({"sha": main}), "wasn't supplied"),
    ] {
        let got = client.post(&format!("{R}/git/refs"), body.clone()).await;
        assert!(got.status == 422 && got.message().contains(words), "{body}: {} {}", got.status, got.text);
    }
    for path in ["../x", "/x", "a//b", "a/.git/config", ""] {
        let entry = json!({"path": path, "mode": "100644", "type": "blob", "content": "x"});
        let got = client.post(&format!("{R}/git/trees"), json!({"tree": [entry]})).await;
        assert_eq!(got.status, 422, "{path}: {}", got.text);
    }
    let got = client.post(&format!("{R}/git/commits"), json!({"message": "m", "tree": nowhere, "parents": []})).await;
    assert_eq!((got.status, got.message()), (422, "Tree SHA does not exist"));
}

#[tokio::test]
async fn a_workflow_token_cannot_change_workflows() {
    let sandbox = start().await;
    let world = sandbox.world();
    let main = world.branch("main").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let tree = client.get(&format!("{R}/git/commits/{main}")).await.json["tree"]["sha"].clone();
    let entry = json!({"path": ".github/workflows/x.yml", "mode": "100644", "type": "blob", "content": "on: push\n"});
    let tree = client.post(&format!("{R}/git/trees"), json!({"base_tree": tree, "tree": [entry]})).await;
    let body = json!({"message": "m", "tree": tree.json["sha"], "parents": [main]});
    let commit = client.post(&format!("{R}/git/commits"), body).await;
    let body = json!({"ref": "refs/heads/x", "sha": commit.json["sha"]});
    let got = client.post(&format!("{R}/git/refs"), body.clone()).await;
    assert_eq!(got.status, 403);
    assert!(got.message().contains("without `workflows` permission"), "{}", got.message());
    assert_eq!(Client::new(&sandbox, token::APP).post(&format!("{R}/git/refs"), body).await.status, 201);
}

#[tokio::test]
async fn contents_are_read_as_json_raw_and_folder_and_written_with_the_blob_they_replace() {
    let sandbox = start().await;
    sandbox.world().push(login::WRITER, "main", &[("d/grüße #1.txt", Some("hallo\n"))], "add").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let file = client.get(&format!("{R}/contents/d/gr%C3%BC%C3%9Fe%20%231.txt")).await;
    assert_eq!((file.status, file.json["content"].as_str()), (200, Some("aGFsbG8K\n")));
    let raw = client
        .get_as(&format!("{R}/contents/d/gr%C3%BC%C3%9Fe%20%231.txt?ref=main"), "application/vnd.github.raw+json")
        .await;
    assert_eq!(raw.text, "hallo\n");
    assert_eq!(client.get(&format!("{R}/contents/d")).await.each("path"), ["d/grüße #1.txt"]);
    assert_eq!(client.get(&format!("{R}/contents/")).await.each("type"), ["file", "dir"]);
    assert_eq!(client.get(&format!("{R}/contents/nothing")).await.status, 404);
    assert_eq!(client.get(&format!("{R}/contents/README.md?ref=nowhere")).await.status, 404);
    let body = json!({"message": "new", "content": "eA=="});
    let made = client.put(&format!("{R}/contents/new.txt"), body.clone()).await;
    assert_eq!(made.status, 201);
    assert_eq!(client.put(&format!("{R}/contents/new.txt"), body).await.status, 422);
    let stale = json!({"message": "new", "content": "eQ==", "sha": "0123456789012345678901234567890123456789"});
    assert_eq!(client.put(&format!("{R}/contents/new.txt"), stale).await.status, 409);
    let body = json!({"message": "new", "content": "eQ==", "sha": made.json["content"]["sha"]});
    assert_eq!(client.put(&format!("{R}/contents/new.txt"), body).await.status, 200);
    assert_eq!(sandbox.world().file("main", "new.txt").as_deref(), Some("y"));
}

#[tokio::test]
async fn trees_blobs_and_commits_are_read() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.push(login::WRITER, "main", &[("a/b/c.txt", Some("x"))], "add c").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    let tree = client.get(&format!("{R}/git/trees/main?recursive=1")).await;
    let paths: Vec<_> = tree.json["tree"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["README.md", "a", "a/b", "a/b/c.txt"]);
    let sha = tree.json["tree"][3]["sha"].as_str().unwrap();
    assert_eq!(client.get(&format!("{R}/git/blobs/{sha}")).await.json["size"], 1);
    assert_eq!(client.get(&format!("{R}/git/blobs/{}", "0".repeat(40))).await.status, 404);
    let log = client.get(&format!("{R}/commits?sha=main&per_page=1")).await;
    assert_eq!(log.json[0]["commit"]["message"], "add c");
    assert_eq!(log.json[0]["author"]["login"], "writer");
    let second = log.next(&client).unwrap();
    assert_eq!(client.get(&second).await.json[0]["commit"]["message"], "Initial commit");
    let one = client.get(&format!("{R}/commits/main")).await;
    assert_eq!(
        (one.json["stats"]["total"].as_u64(), one.json["files"][0]["status"].as_str()),
        (Some(1), Some("added"))
    );
    let missing = client.get(&format!("{R}/commits/nowhere")).await;
    assert_eq!((missing.status, missing.message()), (422, "No commit found for SHA: nowhere"));
}

#[tokio::test]
async fn a_comparison_tells_how_two_branches_stand() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_branch(login::WRITER, "old", "main").unwrap();
    world.push(login::WRITER, "feat/x", &[("x", Some("1"))], "x").unwrap();
    world.push(login::WRITER, "main", &[("m", Some("1"))], "m").unwrap();
    let client = Client::new(&sandbox, token::WORKFLOW);
    for (range, status, ahead, behind, files) in [
        ("main...feat/x", "diverged", 1, 1, 1),
        ("old...main", "ahead", 1, 0, 1),
        ("main...old", "behind", 0, 1, 0),
        ("acme:main...acme:main", "identical", 0, 0, 0),
    ] {
        let got = client.get(&format!("{R}/compare/{range}")).await.json;
        let seen = (got["status"].as_str(), got["ahead_by"].as_u64(), got["behind_by"].as_u64());
        assert_eq!(seen, (Some(status), Some(ahead), Some(behind)), "{range}");
        assert_eq!(got["files"].as_array().unwrap().len(), files, "{range}");
    }
    assert_eq!(client.get(&format!("{R}/compare/main...nowhere")).await.status, 404);
    let diff = client.get_as(&format!("{R}/compare/main...feat/x"), "application/vnd.github.diff").await;
    assert!(diff.text.starts_with("diff --git a/x b/x"), "{}", diff.text);
}

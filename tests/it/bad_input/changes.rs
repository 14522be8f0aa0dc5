//! Changes that a model should not make, and checks that misbehave.

use serde_json::{Value, json};

use super::{call, edit, finish, fix, gives_up, write};
use crate::scene::{Scene, Setup};

async fn changing(engineer: Value) -> Scene {
    let scene = Setup::new().turns("engineer", engineer).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene
}

/// Calls that must be refused with these words, and then a way out.
async fn refused(calls: &[(Value, &str)]) {
    let tool_calls: Vec<&Value> = calls.iter().map(|(call, _)| call).collect();
    let said: Vec<&str> = calls.iter().map(|(_, said)| *said).collect();
    let scene = changing(json!([
        { "tool_calls": tool_calls, "usage": { "input": 100, "output": 100 } },
        { "expect_last": said, "tool_calls": [call("give_up", json!({ "reason": "it is not allowed" }))] },
    ]))
    .await;
    gives_up(&scene, "it is not allowed").await;
}

#[tokio::test]
async fn a_change_that_touches_nothing() {
    let turn = json!({ "tool_calls": [finish()] });
    let stop = json!({ "expect_last": ["nothing has changed"], "tool_calls": [call("give_up", json!({ "reason": "all is well" }))] });
    gives_up(&changing(json!([turn, stop])).await, "all is well").await;
}

#[tokio::test]
async fn a_change_that_is_taken_back() {
    let there = json!({ "tool_calls": [fix(), edit("bin/add", "$1 + $2", "$1 - $2"), finish()] });
    let stop = json!({ "expect_last": ["nothing has changed"], "tool_calls": [call("give_up", json!({ "reason": "all is well" }))] });
    gives_up(&changing(json!([there, stop])).await, "all is well").await;
}

#[tokio::test]
async fn paths_outside_the_checkout() {
    refused(&[
        (write("../outside", "x"), "path"),
        (write(".git/config", "[core]\n"), "path"),
        (write(".GIT/hooks/pre-commit", "x"), "path"),
        (write("/etc/passwd", "x"), "path"),
        (call("read_file", json!({ "path": "../../etc/passwd", "start_line": null, "end_line": null })), "path"),
        (call("delete_file", json!({ "path": "bin/../../x" })), "path"),
    ])
    .await;
}

#[tokio::test]
async fn protected_paths() {
    refused(&[
        (edit(".github/workflows/ci.yml", "ubuntu", "self-hosted"), "`.github/workflows/ci.yml` is protected"),
        (write(".autonomy/config.yaml", "version: 1\n"), "`.autonomy/config.yaml` is protected"),
        (write("CODEOWNERS", "* @me\n"), "`CODEOWNERS` is protected"),
    ])
    .await;
}

#[tokio::test]
async fn an_issue_that_asks_for_a_protected_path() {
    let scene = Setup::new().start().await;
    scene.approved("Delete .github/workflows/ci.yml", "It is slow.");
    gives_up(&scene, "the issue asks to change `.github/workflows/ci.yml`, which only people change").await;
    assert!(scene.log.entries().is_empty());
}

#[tokio::test]
async fn a_secret_in_the_change() {
    let key = format!("{}{}", "AKI", "AIOSFODNN7EXAMPLE");
    refused(&[
        (write("settings", &format!("key = {key}\n")), ""),
        (finish(), "`settings` would hold what looks like a secret (AWS access key)"),
    ])
    .await;
}

#[tokio::test]
async fn a_huge_change() {
    let long = "x\n".repeat(4_000);
    refused(&[(write("long", &long), ""), (finish(), "4000 lines changed; at most 3000 may")]).await;
}

#[tokio::test]
async fn a_file_too_large_to_write() {
    refused(&[(write("big", &"x".repeat(1_500_000)), "at most 1000000")]).await;
}

#[tokio::test]
async fn files_that_are_not_utf_8() {
    let turns = json!([
        { "tool_calls": [call("read_file", json!({ "path": "data.bin", "start_line": null, "end_line": null }))] },
        { "expect_last": ["`data.bin` is a binary file of 12 bytes; it cannot be shown or edited"], "tool_calls": [fix(), finish()] },
    ]);
    let bytes = b"\xff\xfe\x00\x01latin \xe9\n";
    let scene = Setup::new().file("data.bin", bytes).turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0, see data.bin.");
    scene.autonomy(&["run"]).await.expect(0);
    let pull = &scene.world().pulls()[0];
    assert_eq!(pull.files, ["bin/add"]);
    scene.expect_known();
}

#[tokio::test]
async fn crlf_files_keep_their_line_ends() {
    let turns = json!([{ "tool_calls": [fix(), edit("notes.txt", "two\nthree", "2\n3"), finish()] }]);
    let scene = Setup::new().file("notes.txt", "one\r\ntwo\r\nthree\r\nfour").turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0; say so in notes.txt.");
    scene.autonomy(&["run"]).await.expect(0);
    let head = &scene.world().pulls()[0].head_sha;
    assert_eq!(scene.world().file(head, "notes.txt").unwrap(), "one\r\n2\r\n3\r\nfour");
}

#[tokio::test]
async fn a_check_that_hangs() {
    let config = "checks: [ { name: test, run: sh tests/run.sh, timeout_seconds: 20 } ]";
    let scene = Setup::new().config(config, "checks: [ { name: slow, run: sleep 60, timeout_seconds: 1 } ]");
    let turns = json!([
        { "tool_calls": [fix(), finish()] },
        { "expect_last": ["check `slow`: timed out"], "tool_calls": [finish()] },
    ]);
    let scene = scene.turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0.");
    let result = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    assert_eq!(result["result"]["decision"], "proposed");
    let pull = &scene.world().pulls()[0];
    assert!(pull.draft, "its check does not pass");
}

#[tokio::test]
async fn a_check_that_prints_100_megabytes() {
    let check = "head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; sh bin/add 2 2 | grep 4\n";
    let scene = Setup::new().file("tests/run.sh", check).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0.");
    let ran = scene.autonomy(&["run"]).await.expect(0);
    assert!(ran.err.len() + ran.out.len() < 20_000);
    assert_eq!(scene.world().pulls().len(), 1);
}

#[tokio::test]
async fn a_check_sees_no_token() {
    let check = "env | grep -i -E 'token|key|secret|ghs_' && exit 1\nsh bin/add 2 2 | grep 4\n";
    let scene = Setup::new().file("tests/run.sh", check).start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0.");
    scene.autonomy(&["run"]).await.expect(0);
    assert!(!scene.world().pulls()[0].draft);
}

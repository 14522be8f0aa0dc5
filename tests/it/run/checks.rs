//! The repository's checks around the change, and the command engine.

use serde_json::{Value, json};

use crate::scene::{CONFIG, Scene, Setup};

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn call(name: &str, arguments: Value) -> Value {
    json!({ "name": name, "arguments": arguments })
}

fn edit(old: &str, new: &str) -> Value {
    call("edit_file", json!({ "path": "bin/add", "old_text": old, "new_text": new }))
}

fn finish() -> Value {
    call("finish", json!({ "summary": "Add instead of subtracting.", "commit_message": null }))
}

async fn ready(setup: Setup) -> Scene {
    let scene = setup.start().await;
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene
}

#[tokio::test]
async fn no_checks_configured() {
    let checks = "checks: [ { name: test, run: sh tests/run.sh, timeout_seconds: 20 } ]\n";
    let scene = ready(Setup::new().config(checks, "")).await;
    scene.autonomy(&["run"]).await.expect(0);
    let pull = &scene.world().pulls()[0];
    assert!(pull.body.contains("No checks are configured"), "{}", pull.body);
}

#[tokio::test]
async fn checks_that_fail_before_and_after_make_a_draft() {
    let turns = json!([
        { "tool_calls": [edit("$1 - $2", "$1 * $2 + 1"), finish()] },
        { "expect_last": ["failed before your change and still do"], "tool_calls": [finish()] },
    ]);
    let scene = ready(Setup::new().turns("engineer", turns)).await;
    scene.autonomy(&["run"]).await.expect(0);
    assert!(scene.world().pulls()[0].draft);
    scene.expect_known();
}

#[tokio::test]
async fn a_check_that_the_change_broke_is_repaired() {
    let check = "sh bin/add 2 0 | grep -q 2 || { echo 'add 2 0 is not 2'; exit 1; }\n";
    let turns = json!([
        { "tool_calls": [edit("$1 - $2", "$1 * $2"), finish()] },
        { "expect_last": ["these checks passed before your change and don't now", "add 2 0 is not 2"],
          "tool_calls": [edit("$1 * $2", "$1 + $2"), finish()] },
    ]);
    let scene = ready(Setup::new().file("tests/run.sh", check).turns("engineer", turns)).await;
    scene.autonomy(&["run"]).await.expect(0);
    let pull = &scene.world().pulls()[0];
    assert!(!pull.draft);
    assert_eq!(scene.world().file(&pull.head_sha, "bin/add").unwrap(), "#!/bin/sh\necho $(($1 + $2))\n");
    scene.expect_known();
}

#[tokio::test]
async fn a_check_that_stays_broken_is_given_up() {
    let check = "sh bin/add 2 0 | grep -q 2 || { echo 'add 2 0 is not 2'; exit 1; }\n";
    let turns = json!([
        { "tool_calls": [edit("$1 - $2", "$1 * $2"), finish()] },
        { "tool_calls": [edit("$1 * $2", "$2 * $1"), finish()] },
        { "tool_calls": [edit("$2 * $1", "$2*$1"), finish()] },
    ]);
    let scene = ready(Setup::new().file("tests/run.sh", check).turns("engineer", turns)).await;
    let ran = scene.autonomy(&["run"]).await.expect(4);
    assert!(ran.out.contains("the check test failed 3 times in the same way"), "{}", ran.out);
    assert_eq!(scene.branches(), [""; 0]);
}

#[tokio::test]
async fn a_command_is_the_engineer() {
    let script = "cat > brief.txt\ngrep -q 'Addition subtracts' brief.txt || exit 7\nrm brief.txt\n\
                  env | grep -i token && exit 8\nsed -i 's/-/+/' bin/add\n";
    let config = format!("{CONFIG}implement: {{ engine: command, command: sh agent.sh }}\n");
    let setup = Setup::new().file("agent.sh", script).file(".autonomy/config.yaml", config);
    let scene = ready(setup).await;
    scene.autonomy(&["run"]).await.expect(0);
    let pull = &scene.world().pulls()[0];
    assert_eq!(pull.files, ["bin/add"]);
    assert!(!pull.draft);
    scene.expect_known();
}

#[tokio::test]
async fn a_command_that_fails_is_given_up() {
    let config = format!("{CONFIG}implement: {{ engine: command, command: exit 3 }}\n");
    let scene = ready(Setup::new().file(".autonomy/config.yaml", config)).await;
    let ran = scene.autonomy(&["run"]).await.expect(4);
    assert!(ran.out.contains("the command of implement.command failed (exit code 3)"), "{}", ran.out);
    assert_eq!(scene.branches(), [""; 0]);
}

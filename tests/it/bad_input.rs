//! Every wrong thing gets one clear sentence with what to do, and leaves nothing half-done.

mod answers;
mod changes;
mod github;
mod repository;
mod settings;

use serde_json::{Value, json};

use crate::scene::{Ran, Scene};

/// A run that ends with this code, says this error, and leaves neither a branch nor a pull request.
async fn fails(scene: &Scene, code: i32, error: &str) -> Ran {
    let ran = scene.autonomy(&["run"]).await.expect(code);
    assert_eq!(ran.error(), error);
    nothing_left(scene);
    ran
}

/// A run that gives issue #1 up with this reason: on the issue, in the ledger, and nowhere else.
async fn gives_up(scene: &Scene, reason: &str) -> Ran {
    let ran = scene.autonomy(&["run"]).await.expect(4);
    let first = ran.out.lines().next().unwrap();
    assert!(first.contains(reason), "{first}\n{}", ran.err);
    nothing_left(scene);
    assert!(scene.world().issue(1).unwrap().labels.contains(&"autonomy:failed".to_owned()));
    assert_eq!(scene.world().comments(1).len(), 1);
    let audit = scene.autonomy(&["audit", "show"]).await.expect(0);
    assert!(audit.out.contains("gave up #1"), "{}", audit.out);
    scene.expect_known();
    ran
}

#[track_caller]
fn nothing_left(scene: &Scene) {
    assert_eq!(scene.branches(), [""; 0]);
    assert_eq!(scene.world().pulls().len(), 0);
}

/// The ledger tells the branch's whole life: made, and given back with this reason.
async fn expect_released(scene: &Scene, reason: &str) {
    let audit = scene.autonomy(&["audit", "show"]).await.expect(0);
    assert!(audit.out.contains("  claim:automated") && audit.out.contains("  delete:automated"), "{}", audit.out);
    assert!(audit.out.contains(reason), "the ledger does not say `{reason}`:\n{}", audit.out);
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn call(name: &str, arguments: Value) -> Value {
    json!({ "name": name, "arguments": arguments })
}

fn finish() -> Value {
    call("finish", json!({ "summary": "Add instead of subtracting.", "commit_message": null }))
}

fn edit(path: &str, old: &str, new: &str) -> Value {
    call("edit_file", json!({ "path": path, "old_text": old, "new_text": new }))
}

fn write(path: &str, content: &str) -> Value {
    call("write_file", json!({ "path": path, "content": content }))
}

fn fix() -> Value {
    edit("bin/add", "$1 - $2", "$1 + $2")
}

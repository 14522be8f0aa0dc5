//! The sixteen defects for which an earlier deployment of this idea was switched off, each as a small test.

use autonomy::sandbox::login;
use serde_json::{Value, json};

use crate::scene::{Scene, Setup, good_engineer};

async fn proposed(setup: Setup) -> Scene {
    let scene = setup.start().await;
    scene.require_check();
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene.autonomy(&["run"]).await.expect(0);
    scene
}

fn finding(severity: &str, quote: &str) -> Value {
    json!({
        "title": "A finding", "severity": severity, "category": "correctness", "path": "bin/add", "line": 2,
        "end_line": null, "quote": quote, "explanation": "Why.", "suggestion": "How.", "confidence": 0.9
    })
}

fn says(findings: &[Value]) -> Value {
    json!([{ "repeat": true, "answer": { "summary": "Read.", "score": 50, "findings": findings } }])
}

fn calls(turns: &[(&str, Value)]) -> Value {
    let call = |(name, arguments): &(&str, Value)| json!({ "tool_calls": [{ "name": name, "arguments": arguments }] });
    turns.iter().map(call).collect()
}

#[tokio::test]
async fn defect_01_a_run_with_nothing_to_do_opens_no_junk_pull_request() {
    let scene = Setup::new().start().await;
    for _ in 0..28 {
        scene.autonomy(&["run"]).await.expect(0);
    }
    assert_eq!((scene.writes(), scene.world().pulls().len()), (Vec::new(), 0));
}

#[tokio::test]
async fn defect_02_a_workflow_token_starts_no_review_workflow_and_is_reviewed_all_the_same() {
    // Nothing is dispatched either: what GitHub starts by itself waits for somebody's approval, without any job.
    let scene = proposed(Setup::new().config("merge: { dispatch: [ci.yml] }\n", "")).await;
    let head = scene.world().pulls()[0].head_sha.clone();
    let mut names: Vec<String> = scene.world().check_runs(&head).into_iter().map(|run| run.name).collect();
    names.sort();
    assert_eq!(names, ["autonomy / ciso", "autonomy / cto"]);
}

#[tokio::test]
async fn defect_03_a_title_is_never_a_shell_command() {
    let title = "Fix $(touch pwned) `touch pwned` \"; touch pwned; ' it";
    let scene = Setup::new().start().await;
    scene.approved(title, "`add 2 2` prints 0.");
    scene.autonomy(&["run"]).await.expect(0);
    assert!(scene.world().pulls()[0].title.ends_with(title), "{:?}", scene.world().pulls()[0].title);
    assert!(!scene.checkout.join("pwned").exists() && !scene.folder().join("pwned").exists());
}

#[tokio::test]
async fn defect_04_a_model_names_no_path_outside_the_checkout_and_none_that_is_protected() {
    let write = |path: &str| ("write_file", json!({ "path": path, "content": "x\n" }));
    let mut turns =
        calls(&[write("../escaped"), write("/tmp/escaped"), write(".github/workflows/ci.yml"), write(".GIT/config")]);
    turns.as_array_mut().unwrap().extend(good_engineer().as_array().unwrap().clone());
    let scene = proposed(Setup::new().turns("engineer", turns)).await;
    assert_eq!(scene.world().pulls()[0].files, ["bin/add"]);
    assert!(!scene.folder().join("escaped").exists());
}

#[tokio::test]
async fn defect_05_a_branch_is_not_ours_by_its_name() {
    let scene = Setup::new().start().await;
    scene.world().push(login::WRITER, "automated/9-x", &[("bin/add", Some("x\n"))], "Theirs").unwrap();
    scene.world().open_pull(login::WRITER, "automated/9-x", "main", "Theirs", "").unwrap();
    for command in ["review", "merge"] {
        let ran = scene.autonomy(&[command]).await.expect(0);
        assert!(ran.out.starts_with("no open pull request of ours"), "{}", ran.out);
    }
    assert_eq!(scene.writes(), [""; 0]);
}

#[tokio::test]
async fn defect_06_a_blocking_verdict_sends_no_merge() {
    let scene = proposed(Setup::new().turns("cto_review", says(&[finding("critical", "echo $(($1 + $2))")]))).await;
    scene.checks_end("success");
    scene.autonomy(&["merge"]).await.expect(0);
    assert!(scene.writes().iter().all(|one| !one.ends_with("/merge")), "{:?}", scene.writes());
}

#[tokio::test]
async fn defect_07_the_end_of_a_change_is_read_too() {
    let scene = proposed(Setup::new().config("budget: {", "budget: { review_usd: 1,")).await;
    let long: String = "an ordinary line\n".repeat(1_000) + "the very last line\n";
    assert!(long.len() > 8_000);
    let branch = scene.world().pulls()[0].head_ref.clone();
    scene.world().push(login::ACTIONS, &branch, &[("long.txt", Some(&long))], "Long").unwrap();
    let asked = scene.log.entries().len();
    scene.autonomy(&["review"]).await.expect(0);
    for role in ["cto_review", "ciso_review"] {
        let entries = scene.log.entries();
        let mut read = entries[asked..].iter().filter(|entry| entry.role == role);
        assert!(read.any(|entry| entry.request.to_string().contains("the very last line")), "{role}");
    }
}

#[tokio::test]
async fn defect_08_a_failing_check_opens_no_pull_request() {
    let mut turns = calls(&[
        ("write_file", json!({ "path": "README.md", "content": "# Nothing fixed\n" })),
        ("finish", json!({ "summary": "Done.", "commit_message": null })),
        ("give_up", json!({ "reason": "the check still fails" })),
    ]);
    turns[1]["repeat"] = json!(false);
    let scene = Setup::new().turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "Fix it.");
    scene.autonomy(&["run"]).await.expect(4);
    assert_eq!((scene.world().pulls().len(), scene.branches()), (0, Vec::new()));
}

#[tokio::test]
async fn defect_09_a_reply_that_was_cut_writes_nothing() {
    let mut turns = good_engineer();
    turns[1]["stop"] = json!("length");
    turns[1]["repeat"] = json!(true);
    let scene = Setup::new().turns("engineer", turns).start().await;
    scene.approved("Addition subtracts", "Fix it.");
    let ran = scene.autonomy(&["run"]).await;
    assert_ne!(ran.code, Some(0), "{}\n{}", ran.out, ran.err);
    assert_eq!((scene.world().pulls().len(), scene.branches()), (0, Vec::new()));
}

#[tokio::test]
async fn defect_10_an_answer_of_another_shape_is_no_answer() {
    let mut other = finding("medium", "echo $(($1 + $2))");
    let suggestion = other.as_object_mut().unwrap().remove("suggestion").unwrap();
    other["remediation"] = suggestion;
    let scene = proposed(Setup::new().turns("cto_review", says(&[other]))).await;
    let comments = scene.world().comments(scene.world().pulls()[0].number);
    assert!(comments.iter().any(|comment| comment.body.contains("CTO review: incomplete")), "{comments:?}");
    assert_eq!(scene.world().issues().len(), 1, "nothing is filed from it");
}

#[tokio::test]
async fn defect_11_the_same_finding_is_filed_once() {
    let scene = proposed(Setup::new().turns("cto_review", says(&[finding("medium", "echo $(($1 + $2))")]))).await;
    let branch = scene.world().pulls()[0].head_ref.clone();
    scene.world().push(login::ACTIONS, &branch, &[("README.md", Some("# more\n"))], "More").unwrap();
    scene.autonomy(&["review"]).await.expect(0);
    assert_eq!(scene.world().issues().len(), 2, "the one that was worked on, and the finding");
}

#[tokio::test]
async fn defect_12_a_guard_that_cannot_read_lets_nothing_through() {
    let scene = Scene::ready().await;
    for path in ["/issues$", "/pulls$", "/matching-refs/", "/events$|/timeline$", "/permission$", "graphql"] {
        for status in [403, 404] {
            let method = if path == "graphql" { "POST" } else { "GET" };
            scene.plan_faults(&format!(
                "faults:\n  - on: {{ method: {method}, path: {path}, times: 1000 }}\n    answer: {{ status: {status} }}\n"
            ));
            let ran = scene.autonomy(&["run"]).await;
            let fired = scene.faults.unfired() == 0;
            scene.faults.clear();
            assert!(fired, "{path} is never read");
            assert_eq!((scene.writes(), scene.branches()), (Vec::new(), Vec::new()), "{path} {status}: {}", ran.err);
        }
    }
}

#[tokio::test]
async fn defect_13_nobody_approves_their_own_pull_request() {
    let scene = proposed(Setup::new()).await;
    assert!(scene.writes().iter().all(|one| !one.ends_with("/reviews")), "{:?}", scene.writes());
    let number = scene.world().pulls()[0].number;
    assert!(scene.world().reviews(number).iter().all(|review| review.state != "APPROVED"));
}

#[tokio::test]
async fn defect_14_labels_that_do_not_exist_are_made() {
    let scene = proposed(Setup::new().turns("ciso_review", says(&[finding("medium", "echo $(($1 + $2))")]))).await;
    assert_eq!(scene.world().pulls()[0].labels, ["automated"]);
    let filed = scene.world().issues().pop().unwrap();
    for label in ["agent-suggestion", "needs-approval", "security", "severity-medium"] {
        assert!(filed.labels.contains(&label.to_owned()), "{label}: {filed:?}");
    }
}

#[tokio::test]
async fn defect_15_the_merge_names_the_commit_that_was_reviewed() {
    let scene = proposed(Setup::new()).await;
    scene.checks_end("success");
    let head = scene.world().pulls()[0].head_sha.clone();
    scene.autonomy(&["merge"]).await.expect(0);
    let exchanges = scene.sandbox.exchanges();
    let merge = exchanges.iter().find(|one| one.method == "PUT" && one.path.ends_with("/merge")).unwrap();
    assert_eq!(merge.request_body["sha"], head);
    assert!(scene.world().pulls()[0].merged);
}

#[tokio::test]
async fn defect_16_ten_failing_runs_are_one_message() {
    let turns = calls(&[("give_up", json!({ "reason": "too hard" }))]);
    let scene = Setup::new().script(&json!({ "engineer": turns })).start().await;
    let issue = scene.approved("Addition subtracts", "Fix it.");
    scene.autonomy(&["run"]).await.expect(4);
    for _ in 0..9 {
        scene.autonomy(&["run"]).await.expect(0);
    }
    assert_eq!((scene.world().issues().len(), scene.world().comments(issue).len()), (1, 1));
}

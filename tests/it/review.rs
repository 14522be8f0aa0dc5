//! `review` as a process: two reviewers over one head, told once, filed once; what is missing or cut never passes.

use autonomy::sandbox::{Access, Setting, login};
use serde_json::{Value, json};

use crate::scene::{Scene, Setup};

/// A finding on the line that the ordinary engineer changes.
fn finding(severity: &str, title: &str) -> Value {
    json!({
        "title": title, "severity": severity, "category": "correctness", "path": "bin/add", "line": 2, "end_line": null,
        "quote": "echo $(($1 + $2))", "explanation": format!("About {title}."), "suggestion": "Write it otherwise.",
        "confidence": 0.9
    })
}

fn answer(findings: &[Value]) -> Value {
    json!([{ "repeat": true, "answer": { "summary": "Read it all.", "score": 70, "findings": findings } }])
}

/// A repository whose pull request has been opened and reviewed once.
async fn reviewed(setup: Setup) -> (Scene, Value) {
    let scene = setup.start().await;
    let result = proposed(&scene).await;
    (scene, result)
}

async fn proposed(scene: &Scene) -> Value {
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    let ran = scene.autonomy(&["run", "--format", "json"]).await.expect(0);
    ran.json()["result"]["review"].clone()
}

async fn review(scene: &Scene) -> Value {
    scene.autonomy(&["review", "--format", "json"]).await.expect(0).json()["result"].clone()
}

fn result_of(review: &Value, role: &str) -> String {
    let verdicts = review["verdicts"].as_array().unwrap_or_else(|| panic!("{review:#}"));
    verdicts.iter().find(|verdict| verdict["role"] == role).unwrap()["result"].as_str().unwrap().to_owned()
}

fn check(scene: &Scene, name: &str) -> String {
    let head = scene.world().pulls()[0].head_sha.clone();
    let runs = scene.world().check_runs(&head);
    let run = runs.iter().find(|run| run.name == name).unwrap_or_else(|| panic!("no check {name}: {runs:?}"));
    run.conclusion.clone().unwrap_or_default()
}

/// Everything that strangers can read: issues, comments, reviews, checks, and the branch of the ledger.
fn public_text(scene: &Scene) -> String {
    let world = scene.world();
    let mut parts = Vec::new();
    for issue in world.issues() {
        parts.push(format!("{issue:?} {:?}", world.comments(issue.number)));
    }
    for pull in world.pulls() {
        parts.push(format!("{pull:?} {:?} {:?}", world.comments(pull.number), world.reviews(pull.number)));
        parts.push(format!("{:?} {:?}", world.review_comments(pull.number), world.check_runs(&pull.head_sha)));
    }
    for path in world.paths("autonomy/ledger") {
        parts.push(world.file("autonomy/ledger", &path).unwrap());
    }
    parts.join("\n")
}

#[tokio::test]
async fn both_reviewers_read_the_same_head() {
    let (scene, review) = reviewed(Setup::new()).await;
    let heads: Vec<&Value> = review["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["head"]).collect();
    assert_eq!(heads, [&json!(scene.world().pulls()[0].head_sha); 2]);
    let roles: Vec<String> = scene.log.entries().into_iter().map(|entry| entry.role).rev().take(2).collect();
    assert!(roles.contains(&"cto_review".to_owned()) && roles.contains(&"ciso_review".to_owned()), "{roles:?}");
    assert_eq!(check(&scene, "autonomy / cto"), "success");
    assert_eq!(check(&scene, "autonomy / ciso"), "success");
    scene.expect_known();
}

#[tokio::test]
async fn a_finding_that_does_not_stand_in_the_change_is_dropped_and_counted() {
    let mut invented = finding("critical", "Invented");
    invented["quote"] = json!("rm -rf /");
    let (scene, review) = reviewed(Setup::new().turns("cto_review", answer(&[invented]))).await;
    assert_eq!(result_of(&review, "cto"), "passed", "{review:#}");
    assert_eq!(review["verdicts"][0]["ungrounded"], 1);
    assert_eq!(scene.world().issues().len(), 1, "only the issue that was worked on");
    let comments = scene.world().comments(scene.world().pulls()[0].number);
    assert!(comments.iter().any(|comment| comment.body.contains("1 finding was dropped")), "{comments:?}");
    assert!(!public_text(&scene).contains("Invented"));
    scene.expect_known();
}

#[tokio::test]
async fn ten_pushes_leave_one_comment_a_role_and_one_issue_a_finding() {
    let (scene, _) =
        reviewed(Setup::new().turns("cto_review", answer(&[finding("medium", "Quote the operands")]))).await;
    let pull = scene.world().pulls()[0].clone();
    for push in 0..9 {
        let text = format!("# adder\n\nPush {push}.\n");
        scene.world().push(login::ACTIONS, &pull.head_ref, &[("README.md", Some(&text))], "More").unwrap();
        review(&scene).await;
    }
    let comments = scene.world().comments(pull.number);
    assert_eq!(comments.len(), 2, "{comments:?}");
    let head = scene.world().pulls()[0].head_sha.clone();
    assert!(comments.iter().all(|comment| comment.body.contains(&head[..7])), "both speak of the newest head");
    let filed: Vec<_> = scene.world().issues().into_iter().filter(|issue| issue.number != 1).collect();
    assert_eq!(filed.len(), 1, "{filed:?}");
    assert!(filed[0].title.starts_with("[CTO Suggestion] ") && filed[0].title.contains("Quote the operands"));
    for label in ["agent-suggestion", "needs-approval", "severity-medium"] {
        assert!(filed[0].labels.contains(&label.to_owned()), "the label {label} did not exist before: {filed:?}");
    }
    scene.expect_known();
}

#[tokio::test]
async fn a_rejected_finding_is_not_filed_again() {
    let (scene, _) =
        reviewed(Setup::new().turns("cto_review", answer(&[finding("medium", "Quote the operands")]))).await;
    let filed = scene.world().issues().last().unwrap().number;
    scene.world().close_issue(login::MAINTAINER, filed, "not_planned").unwrap();
    let branch = scene.world().pulls()[0].head_ref.clone();
    scene.world().push(login::ACTIONS, &branch, &[("README.md", Some("# more\n"))], "More").unwrap();
    review(&scene).await;
    assert_eq!(scene.world().issues().len(), 2);
}

#[tokio::test]
async fn a_critical_finding_blocks_and_a_high_one_asks_for_a_person() {
    let (scene, review) = reviewed(
        Setup::new()
            .private()
            .turns("cto_review", answer(&[finding("critical", "Wrong sum")]))
            .turns("ciso_review", answer(&[finding("high", "Unquoted")])),
    )
    .await;
    assert_eq!((result_of(&review, "cto").as_str(), result_of(&review, "ciso").as_str()), ("blocked", "needs_human"));
    assert_eq!(review["should_block"], true);
    assert_eq!(check(&scene, "autonomy / cto"), "failure");
    assert_eq!(check(&scene, "autonomy / ciso"), "action_required");
    scene.expect_known();
}

#[tokio::test]
async fn an_answer_that_is_cut_refused_empty_or_garbage_is_never_a_pass() {
    let whole = r#"{"summary":"Fine.","score":95,"findings":[]}"#;
    for turn in [
        json!({ "repeat": true, "raw": whole, "stop": "length" }),
        json!({ "repeat": true, "text": "I will not.", "stop": "refusal" }),
        json!({ "repeat": true, "raw": "looks good to me" }),
        json!({ "repeat": true, "raw": r#"{"score": 95}"# }),
        json!({ "repeat": true, "empty": true }),
    ] {
        let (scene, review) = reviewed(Setup::new().turns("ciso_review", json!([turn]))).await;
        assert_eq!(result_of(&review, "ciso"), "incomplete", "{turn}");
        assert_eq!(result_of(&review, "cto"), "passed");
        assert_eq!(review["should_block"], true);
        assert_eq!(check(&scene, "autonomy / ciso"), "action_required");
        let comments = scene.world().comments(scene.world().pulls()[0].number);
        assert!(comments.iter().any(|comment| comment.body.contains("this is no pass")), "{turn}: {comments:?}");
        scene.expect_known();
    }
}

/// A change too large for one request, with its defect in the last lines.
#[tokio::test]
async fn a_huge_change_is_read_to_its_last_line() {
    let defect = json!({
        "title": "The last line", "severity": "medium", "category": "correctness", "path": "zz.txt", "line": 1,
        "end_line": null, "quote": "the defect stands here", "explanation": "x", "suggestion": "y", "confidence": 0.9
    });
    let clean = json!({ "summary": "A part.", "score": 90, "findings": [] });
    let turns = json!([
        { "when": ["the defect stands here"], "repeat": true, "answer": { "summary": "Found.", "score": 60, "findings": [defect] } },
        { "repeat": true, "answer": clean },
    ]);
    let setup = Setup::new().config("budget: {", "budget: { task_usd: 10, review_usd: 10,").turns("cto_review", turns);
    let (scene, _) = reviewed(setup).await;
    let big = "a line of a large file that somebody generated\n".repeat(9_000);
    let branch = scene.world().pulls()[0].head_ref.clone();
    let files = [("big.txt", Some(big.as_str())), ("zz.txt", Some("the defect stands here\n"))];
    scene.world().push(login::ACTIONS, &branch, &files, "Large").unwrap();
    let before = scene.log.entries().len();
    let ran = scene.autonomy(&["review", "--format", "json"]).await.expect(0);
    let review = &ran.json()["result"]["reviews"][0];
    let verdict = &review["verdicts"][0];
    assert_eq!(verdict["coverage"]["reviewed"], verdict["coverage"]["total"], "{verdict:#}");
    assert!(verdict["coverage"]["total"].as_u64().unwrap() > 9_000);
    assert!(ran.err.contains("changed lines read"), "{}", ran.err);
    assert!(scene.log.entries().len() - before > 2, "it was read in parts");
    assert_eq!(review["findings"][0]["title"], "The last line");
    scene.expect_known();
}

#[tokio::test]
async fn a_change_that_the_budget_does_not_cover_is_incomplete() {
    let (scene, _) = reviewed(Setup::new()).await;
    let big = "a line of a large file that somebody generated\n".repeat(9_000);
    let branch = scene.world().pulls()[0].head_ref.clone();
    scene.world().push(login::ACTIONS, &branch, &[("big.txt", Some(&big))], "Large").unwrap();
    let result = review(&scene).await;
    let verdict = &result["reviews"][0]["verdicts"][0];
    assert_eq!(verdict["result"], "incomplete", "{verdict:#}");
    assert!(verdict["coverage"]["reviewed"].as_u64() < verdict["coverage"]["total"].as_u64());
    assert_eq!(result["decision"], "not-passed");
}

const SECRET_TITLE: &str = "Shell injection through the operands";

fn hole() -> Setup {
    Setup::new().turns("ciso_review", answer(&[finding("high", SECRET_TITLE)]))
}

/// The details of the hole stand nowhere in public: not on GitHub, not in what the program printed or wrote.
#[track_caller]
fn expect_untold(scene: &Scene, printed: &[&str]) {
    let told = public_text(scene) + &printed.join("\n");
    let files =
        ["output", "summary.md"].map(|name| std::fs::read_to_string(scene.folder().join(name)).unwrap_or_default());
    for text in [told, files.join("\n")] {
        for word in [SECRET_TITLE, "About Shell", "Write it otherwise"] {
            let at = text.find(word);
            assert_eq!(at, None, "{word} is told: {}", &text[at.unwrap_or(0).saturating_sub(300)..]);
        }
    }
}

#[tokio::test]
async fn a_hole_in_a_public_repository_goes_to_a_private_advisory() {
    let scene = hole().start().await;
    scene.world().set(Setting::Advisories(true));
    scene.world().set_access("workflow", "repository_advisories", Access::Write).unwrap();
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    let ran = scene.autonomy(&["run", "--format", "json"]).await.expect(0);
    let advisories = scene.world().advisories();
    assert_eq!(advisories.len(), 1, "{}", ran.err);
    assert!(advisories[0].to_string().contains(SECRET_TITLE));
    assert_eq!(scene.world().issues().len(), 1);
    assert_eq!(check(&scene, "autonomy / ciso"), "action_required");
    expect_untold(&scene, &[&ran.out, &ran.err]);
    scene.expect_known();
}

#[tokio::test]
async fn where_advisories_are_denied_the_issue_tells_nothing() {
    let scene = hole().start().await;
    scene.world().set_access("workflow", "repository_advisories", Access::None).unwrap();
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    let ran = scene.autonomy(&["run", "--format", "json"]).await.expect(0);
    assert_eq!(scene.world().advisories().len(), 0);
    let filed = scene.world().issues().into_iter().find(|issue| issue.number != 1).unwrap();
    assert!(filed.title.starts_with("[Security] "), "{filed:?}");
    expect_untold(&scene, &[&ran.out, &ran.err]);
    scene.expect_known();
}

/// A rehearsal prints and saves plans: these would tell the hole to whoever reads the log or fetches the artifact.
#[tokio::test]
async fn a_rehearsal_in_public_does_not_tell_the_hole() {
    let scene = hole().start().await;
    scene.world().set_access("workflow", "repository_advisories", Access::Write).unwrap();
    let head = "automated/1-addition-subtracts";
    scene.world().push(login::ACTIONS, head, &[("bin/add", Some("#!/bin/sh\necho $(($1 + $2))\n"))], "Fix").unwrap();
    let number = scene.world().open_pull(login::ACTIONS, head, "main", "Fix", "").unwrap().to_string();
    for format in ["json", "text", "markdown"] {
        let dry = scene.autonomy(&["review", "--pr", &number, "--dry-run", "--format", format]).await.expect(0);
        assert!(dry.out.contains("advisory"), "{}", dry.out);
        expect_untold(&scene, &[&dry.out, &dry.err]);
    }
    let path = scene.folder().join("plan.json");
    let saved = scene.autonomy(&["review", "--pr", &number, "--plan-out", path.to_str().unwrap()]).await.expect(4);
    assert!(saved.error().contains("public"), "{}", saved.err);
    assert!(!path.exists());
    expect_untold(&scene, &[&saved.out, &saved.err]);
    assert_eq!(scene.writes(), [""; 0]);
}

#[tokio::test]
async fn the_same_head_is_reviewed_once() {
    let (scene, _) = reviewed(Setup::new()).await;
    let (asked, writes) = (scene.log.entries().len(), scene.writes().len());
    let again = review(&scene).await;
    assert!(again["reviews"][0]["reason"].as_str().unwrap().contains("already reviewed"), "{again:#}");
    assert_eq!((again["decision"].as_str(), scene.log.entries().len()), (Some("passed"), asked));
    assert_eq!(again["reviews"][0]["usage"]["requests"], 0);
    let more = &scene.writes()[writes..];
    assert!(more.is_empty(), "{more:?}");
}

/// Whoever forks a repository chooses what the model reads, with a secret at hand: nobody is asked.
#[tokio::test]
async fn a_fork_is_not_reviewed_and_that_is_said() {
    let scene = Setup::new().start().await;
    scene.world().push(login::WRITER, "automated/3-x", &[("bin/add", Some("x\n"))], "Theirs").unwrap();
    let number = scene.world().open_pull(login::OUTSIDER, "automated/3-x", "main", "Theirs", "").unwrap();
    scene.world().move_to_fork(number, login::OUTSIDER).unwrap();
    let ran = scene.autonomy(&["review", "--pr", &number.to_string()]).await.expect(0);
    assert!(ran.out.contains("comes from a fork: not reviewed"), "{}", ran.out);
    assert!(scene.log.entries().is_empty(), "no model was asked");
    assert_eq!(
        (check(&scene, "autonomy / cto").as_str(), check(&scene, "autonomy / ciso").as_str()),
        ("neutral", "neutral")
    );
    assert_eq!(scene.world().comments(number).len(), 0);
    scene.expect_known();
}

#[tokio::test]
async fn a_pull_request_that_does_not_exist_is_one_sentence() {
    let scene = Setup::new().start().await;
    let ran = scene.autonomy(&["review", "--pr", "99"]).await.expect(2);
    assert!(ran.error().contains("99"), "{}", ran.err);
    let none = scene.autonomy(&["review"]).await.expect(0);
    assert_eq!(none.out.lines().next(), Some("no open pull request of ours: nothing to review"));
    assert_eq!(scene.writes(), [""; 0]);
}

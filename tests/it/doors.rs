//! The doors: events, inputs, outputs, summaries, formats, identities, the ledger and the configuration as people meet them.

use std::collections::BTreeMap;
use std::path::Path;

use autonomy::sandbox::{Setting, login, token};
use serde_json::json;

use crate::scene::{Scene, Setup};

/// The names that workflows rely on, in the order of the product's description.
const OUTPUTS: [&str; 14] = [
    "command",
    "issue-number",
    "pull-request-number",
    "pull-request-url",
    "head-sha",
    "decision",
    "reason",
    "should-block",
    "issues-created",
    "vulnerabilities-found",
    "score",
    "cost-usd",
    "tokens",
    "plan-path",
];

/// The step's outputs, as the runner reads the file.
fn outputs(scene: &Scene) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(scene.folder().join("output")).unwrap();
    let mut lines = text.lines();
    let mut found = BTreeMap::new();
    while let Some((name, delimiter)) = lines.next().and_then(|line| line.split_once("<<")) {
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        found.insert(name.to_owned(), value.join("\n"));
    }
    found
}

/// Starts the program as the Action does: by an event, without any argument.
async fn event(scene: &mut Scene, name: &str, payload: Option<&str>) -> crate::scene::Ran {
    scene.set("GITHUB_ACTIONS", "true").set("GITHUB_EVENT_NAME", name).set("INPUT_COMMAND", "auto");
    if let Some(file) = payload {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events").join(file);
        scene.set("GITHUB_EVENT_PATH", path.to_str().unwrap());
    }
    scene.autonomy(&[]).await
}

/// A pull request with the number that the recorded events name.
async fn numbered_seven() -> Scene {
    let scene = Setup::new().start().await;
    scene.require_check();
    scene.world().set(Setting::JobReads(1_000));
    for number in 1..6 {
        scene.world().create_issue(login::WRITER, &format!("Filler {number}"), "Later.", &[]).unwrap();
    }
    scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
    scene
}

#[tokio::test]
async fn events_carry_an_issue_from_the_schedule_to_the_merge() {
    let mut scene = numbered_seven().await;
    event(&mut scene, "schedule", None).await.expect(0);
    assert_eq!(scene.world().pulls()[0].number, 7);
    let written = outputs(&scene);
    for name in OUTPUTS {
        assert!(written.contains_key(name), "the output {name} is missing: {written:?}");
    }
    assert_eq!(written.len(), OUTPUTS.len());
    assert_eq!((written["command"].as_str(), written["decision"].as_str()), ("run", "proposed"));
    assert_eq!((written["issue-number"].as_str(), written["pull-request-number"].as_str()), ("6", "7"));
    assert_eq!(written["head-sha"], scene.world().pulls()[0].head_sha);
    assert_eq!((written["should-block"].as_str(), written["score"].as_str()), ("false", "95"));
    let summary = std::fs::read_to_string(scene.folder().join("summary.md")).unwrap();
    assert!(summary.contains("## Why this issue") && summary.contains("## Cost"), "{summary}");

    let review = event(&mut scene, "pull_request", Some("pull_request.synchronize.json")).await.expect(0);
    assert!(review.out.contains("already reviewed"), "{}", review.out);
    scene.checks_end("success");
    let merge = event(&mut scene, "check_suite", Some("check_suite.completed.json")).await.expect(0);
    assert!(scene.world().pulls()[0].merged, "{}\n{}", merge.out, merge.err);
    scene.expect_known();
}

#[tokio::test]
async fn an_event_that_needs_no_work_is_one_line() {
    let mut scene = Setup::new().start().await;
    let ran = event(&mut scene, "push", Some("push.json")).await.expect(0);
    assert_eq!(ran.out.trim(), "the event push needs no work");
    assert_eq!(outputs(&scene)["decision"], "nothing");
    assert!(scene.sandbox.exchanges().is_empty(), "GitHub was not even asked");
}

#[tokio::test]
async fn inputs_name_what_the_flags_name() {
    let mut scene = Scene::ready().await;
    let plan = scene.folder().join("plan.json").display().to_string();
    scene.set("GITHUB_ACTIONS", "true").set("INPUT_COMMAND", "run").set("INPUT_ISSUE", "1");
    scene.set("INPUT_PLAN-OUT", &plan).set("INPUT_DRY-RUN", "false").set("INPUT_GITHUB-TOKEN", token::WORKFLOW);
    scene.unset("GITHUB_TOKEN");
    scene.autonomy(&[]).await.expect(0);
    assert_eq!((outputs(&scene)["plan-path"].as_str(), scene.writes().len()), (plan.as_str(), 0));
    assert!(Path::new(&plan).exists());

    let wrong = scene.set("INPUT_DRY-RUN", "maybe").autonomy(&[]).await.expect(2);
    assert!(wrong.err.contains("the input dry-run is neither true nor false: `maybe`"), "{}", wrong.err);
}

#[tokio::test]
async fn a_failing_step_says_why_in_its_outputs() {
    let mut scene = Scene::ready().await;
    scene.unset("OPENAI_API_KEY").set("GITHUB_ACTIONS", "true");
    // An endpoint of one's own may need no key; this one does.
    let refused = scene.autonomy(&["run"]).await.expect(2);
    assert!(refused.err.contains("no API key for openai"), "{}", refused.err);
    scene.unset("OPENAI_BASE_URL");
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert!(ran.err.contains("OPENAI_API_KEY"), "{}", ran.err);
    let written = outputs(&scene);
    assert_eq!((written["command"].as_str(), written["decision"].as_str()), ("run", "failed"));
    assert!(!written["reason"].is_empty());
    assert_eq!(scene.branches(), [""; 0]);
}

/// The runner obeys lines that start with `::`; a stranger's words must never be one.
#[tokio::test]
async fn foreign_text_is_no_workflow_command_and_every_secret_is_masked() {
    let mut scene = Setup::new().start().await;
    scene.approved("Add\r\n::error::injected\n::set-output name=x::y", "::add-mask::x\n::stop-commands::z");
    scene.set("GITHUB_ACTIONS", "true");
    for format in ["text", "markdown"] {
        let ran = scene.autonomy(&["run", "--dry-run", "--format", format]).await;
        for line in ran.out.lines().chain(ran.err.lines()) {
            let command = line.trim_start().strip_prefix("::").and_then(|rest| rest.split([':', ' ']).next());
            assert!(
                command
                    .is_none_or(|word| ["add-mask", "group", "endgroup", "error", "warning", "notice"].contains(&word)),
                "{line}"
            );
            assert!(!line.trim_start().starts_with("::error::injected"), "{line}");
            assert!(!line.trim_start().starts_with("::add-mask::x"), "{line}");
        }
        let first = ran.err.lines().next().unwrap_or_default();
        assert!(first.starts_with("::add-mask::"), "secrets are masked before anything is said: {first}");
    }
}

/// An App's pull requests start workflows, so that the review comes with their event.
#[tokio::test]
async fn an_app_is_itself_and_leaves_the_review_to_the_event() {
    let mut scene = Scene::ready().await;
    scene.set("GITHUB_TOKEN", token::APP);
    let result = scene.autonomy(&["run", "--format", "json"]).await.expect(0).json();
    let pull = scene.world().pulls()[0].clone();
    assert_eq!(pull.author, login::APP);
    assert_eq!(result["result"]["review"], serde_json::Value::Null);
    assert_eq!(scene.world().comments(pull.number).len(), 0);
    assert!(scene.log.entries().iter().all(|entry| entry.role == "engineer"));
    let review = scene.autonomy(&["review", "--format", "json"]).await.expect(0).json();
    assert_eq!(review["result"]["decision"], "passed");
    scene.expect_known();
}

#[tokio::test]
async fn the_ledger_is_shown_and_verified_and_a_broken_one_stops_everything() {
    let scene = Scene::ready().await;
    let empty = scene.autonomy(&["audit", "verify"]).await.expect(0);
    assert_eq!(empty.out.trim(), "the ledger (autonomy/ledger) has no records yet");
    scene.autonomy(&["run"]).await.expect(0);
    let shown = scene.autonomy(&["audit", "show"]).await.expect(0);
    for word in ["claim:automated/1-addition-subtracts", "pull:automated/1-addition-subtracts->main", "cto says passed"]
    {
        assert!(shown.out.contains(word), "{word}: {}", shown.out);
    }
    let whole = scene.autonomy(&["audit", "verify"]).await.expect(0);
    assert!(whole.out.starts_with("the ledger is whole: "), "{}", whole.out);

    // Somebody rewrites history: one verdict is made a better one.
    let segments = scene.world().paths("autonomy/ledger").into_iter();
    let mut texts = segments.map(|path| (scene.world().file("autonomy/ledger", &path).unwrap(), path));
    let (text, segment) = texts.find(|(text, _)| text.contains("\"score\":95")).expect("a verdict is noted");
    let forged = text.replace("\"score\":95", "\"score\":99");
    let files = [(segment.as_str(), Some(forged.as_str()))];
    scene.world().force_push(login::WRITER, "autonomy/ledger", "autonomy/ledger", &files, "Forge").unwrap();
    let before = scene.writes().len();
    for words in [&["audit", "verify"][..], &["merge"], &["run"], &["review"]] {
        let ran = scene.autonomy(words).await.expect(4);
        assert!(ran.error().contains(&segment), "the place is named: {}", ran.err);
    }
    assert_eq!(scene.writes().len(), before, "nothing is done on a damaged ledger");
}

#[tokio::test]
async fn the_configuration_is_checked_shown_and_described() {
    let scene = Setup::new().start().await;
    let check = scene.autonomy(&["config", "check"]).await.expect(0);
    assert!(check.out.trim().ends_with(".autonomy/config.yaml is valid"), "{}", check.out);
    let show = scene.autonomy(&["config", "show", "--format", "json"]).await.expect(0).json();
    let values = show["result"].as_array().unwrap();
    let model = values.iter().find(|value| value["key"] == "models.engineer.model").unwrap();
    assert_eq!(model["value"], "scripted");
    let schema = scene.autonomy(&["config", "schema"]).await.expect(0).json();
    assert!(schema["properties"]["actions"].is_object(), "{schema}");

    let wrong = "version: 1\nbudgets: { task_usd: 1 }\nmerge: { methd: squash }\n";
    std::fs::write(scene.checkout.join(".autonomy/config.yaml"), wrong).unwrap();
    let ran = scene.autonomy(&["config", "check"]).await.expect(2);
    for place in [
        "config.yaml:2:1: unknown key `budgets`; did you mean `budget`?",
        "config.yaml:3:10: merge: unknown key `methd`; did you mean `method`?",
    ] {
        assert!(ran.error().contains(place), "{place}: {}", ran.err);
    }
    assert!(scene.sandbox.exchanges().is_empty(), "the checkout's file is judged, not GitHub's");
}

#[tokio::test]
async fn every_result_comes_as_text_markdown_and_json() {
    let scene = Scene::ready().await;
    let text = scene.autonomy(&["next"]).await.expect(0);
    assert!(text.out.contains("Addition subtracts") && !text.out.contains("| --- |"), "{}", text.out);
    let markdown = scene.autonomy(&["next", "--format", "markdown"]).await.expect(0);
    assert!(markdown.out.starts_with("```\n#1 Addition subtracts"), "{}", markdown.out);
    let document = scene.autonomy(&["next", "--format", "json"]).await.expect(0).json();
    assert_eq!(document["command"], json!("next"));
    for words in [&["list"][..], &["explain", "1"]] {
        let ran = scene.autonomy(words).await.expect(0);
        assert!(ran.out.contains("Addition subtracts"), "{}", ran.out);
    }
    assert_eq!(scene.writes(), [""; 0]);
}

fn bare(words: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_autonomy")).args(words).env_clear().output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_version_and_the_help_need_no_environment() {
    let version = format!("autonomy {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(bare(&["--version"]), (Some(0), version, String::new()));
    let (code, help, errors) = bare(&["--help"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let trimmed: Vec<&str> = help.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(trimmed.join("\n"), @r"
    An autonomous engineering organisation for a GitHub repository.

    It picks the next approved issue, has a model write the change, opens a pull request, reviews it and
    decides whether it may be merged. `autonomy demo` shows all of that without a token, a key or a
    network.

    Usage: autonomy [OPTIONS] [COMMAND]

    Commands:
      auto     Choose the command by the GitHub Actions event
      run      Implement the next approved issue and open its pull request
      review   Review pull requests for quality and security
      merge    Decide whether pull requests may be merged, and merge where the policy says so
      next     Show which issue is next, and why
      list     Show the backlog in order
      explain  Show why an issue is picked, or why not
      context  Show the files the engineer would be shown, and why
      apply    Perform a plan that was saved by `--plan-out`
      audit    Look into the ledger of what was done
      config   Look at the configuration
      demo     Show the whole loop against an embedded GitHub
      sandbox  Run the embedded GitHub alone

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Everywhere:
          --repo <OWNER/NAME>
              The repository; GITHUB_REPOSITORY otherwise

          --dry-run
              Print what would be done, and write nothing

          --plan-out <FILE>
              Save the plan for `apply`, and perform nothing

          --format <FORMAT>
              How results are printed

              [possible values: text, markdown, json]

          --config <FILE>
              A configuration file to use instead of the one on the default branch

          --repo-dir <DIR>
              A checkout of the repository; GITHUB_WORKSPACE or the current folder otherwise
    ");
}

#[test]
fn what_is_missing_is_one_sentence_with_what_to_do() {
    for (words, wanted) in [
        (&["next", "--repo", "acme/widgets"][..], "there is no token for GitHub"),
        (&["run"], "no repository"),
        (&["auto"], "GITHUB_EVENT_NAME is not set"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["apply"], "required arguments were not provided"),
    ] {
        let (code, out, errors) = bare(words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}: {errors}");
        assert!(errors.contains(wanted), "{words:?}: {errors}");
        assert!(errors.lines().count() >= 2, "what to do is said too: {errors}");
    }
}

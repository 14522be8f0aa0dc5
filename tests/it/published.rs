//! What we publish: the action's inputs and outputs, the workflows and the examples, held against what users were promised.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The public inputs: these names stay.
const INPUTS: &[&str] = &[
    "command",
    "github-token",
    "model-provider",
    "model",
    "openai-api-key",
    "openai-base-url",
    "anthropic-api-key",
    "anthropic-base-url",
    "config",
    "dry-run",
    "plan-out",
    "pull-request",
    "issue",
    "fail-on-refusal",
    "log-format",
];

/// The public step outputs: these names stay.
const OUTPUTS: &[&str] = &[
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name} is not YAML: {error}"))
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// `.yml` files of a folder, as paths from the root. Empty means that the test looks at nothing, so it fails.
fn workflows(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| format!("{folder}/{}", path.file_name().unwrap().to_string_lossy()))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no workflow");
    found
}

fn all_workflows() -> Vec<String> {
    [workflows(".github/workflows"), workflows("examples")].concat()
}

/// Every step of a workflow's jobs or of a composite action.
fn steps(document: &Value) -> Vec<&Value> {
    let jobs = document["jobs"].as_object().into_iter().flat_map(|jobs| jobs.values());
    let lists = jobs.map(|job| &job["steps"]).chain([&document["runs"]["steps"]]);
    lists.filter_map(Value::as_array).flatten().collect()
}

#[test]
fn the_action_declares_every_public_input_and_output_and_no_other() {
    let action = yaml("action.yml");
    assert_eq!(names(&action["inputs"]), INPUTS.iter().copied().collect());
    assert_eq!(names(&action["outputs"]), OUTPUTS.iter().copied().collect());
    let undescribed = |kind: &str| -> Vec<String> {
        let entries = action[kind].as_object().unwrap().iter();
        entries
            .filter(|(_, one)| one["description"].as_str().is_none_or(str::is_empty))
            .map(|(name, _)| name.clone())
            .collect()
    };
    assert_eq!([undescribed("inputs"), undescribed("outputs")].concat(), [""; 0], "each needs a description");
}

#[test]
fn each_input_reaches_the_binary_as_environment_and_each_output_comes_from_it() {
    let action = yaml("action.yml");
    let steps = steps(&action);
    let run = steps.iter().find(|step| step["id"] == "autonomy").expect("the step that runs the binary");
    for input in INPUTS {
        let variable = format!("INPUT_{}", input.to_uppercase().replace('-', "_"));
        assert_eq!(run["env"][&variable], format!("${{{{ inputs.{input} }}}}"), "{variable}");
    }
    for output in OUTPUTS {
        assert_eq!(
            action["outputs"][output]["value"],
            format!("${{{{ steps.autonomy.outputs.{output} }}}}"),
            "{output}"
        );
    }
}

#[test]
fn no_secret_is_there_while_other_peoples_code_is_built() {
    let action = yaml("action.yml");
    let steps = steps(&action);
    let build = steps.iter().find(|step| step["id"] == "binary").expect("the step that finds the binary");
    assert_eq!(names(&build["env"]), BTreeSet::from(["BASH_ENV", "ENV"]));
}

#[test]
fn nothing_is_spliced_into_a_script() {
    let mut looked_at = 0;
    for name in [vec!["action.yml".to_owned()], all_workflows()].concat() {
        for step in steps(&yaml(&name)) {
            let Some(script) = step["run"].as_str() else { continue };
            looked_at += 1;
            assert!(!script.contains("${{"), "{name}: `${{{{ }}}}` inside a script; pass it as environment:\n{script}");
        }
    }
    assert!(looked_at > 0, "no script was looked at");
}

#[test]
fn actions_are_pinned_by_hash_with_their_version() {
    for name in all_workflows() {
        let lines: Vec<_> =
            text(&name).lines().filter_map(|line| line.split_once("uses: ")).map(|(_, used)| used.to_owned()).collect();
        assert!(!lines.is_empty(), "{name} uses no action");
        for used in lines {
            assert!(is_pinned(&used), "{name}: `{used}` is not pinned as `owner/name@<40 hex digits> # vX.Y.Z`");
        }
    }
}

/// Ours are named by the checkout or by the promise `org/autonomy@v1`.
fn is_pinned(used: &str) -> bool {
    if used.starts_with("./ ") || used.starts_with("org/autonomy@v1") {
        return true;
    }
    let Some((name, comment)) = used.split_once(" # v") else { return false };
    let hash = name.split_once('@').map_or("", |(_, hash)| hash);
    hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && comment.split('.').count() == 3
}

#[test]
fn a_pin_is_a_whole_hash_with_a_version() {
    assert!(is_pinned("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"));
    assert!(!is_pinned("actions/checkout@v7"));
    assert!(!is_pinned("actions/checkout@3d3c42e # v7.0.1"));
    assert!(!is_pinned("actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"));
}

#[test]
fn permissions_are_empty_at_the_top_and_each_grant_says_why() {
    for name in all_workflows() {
        let document = yaml(&name);
        assert_eq!(document["permissions"], serde_json::json!({}), "{name}: top-level permissions must be empty");
        for (job, body) in document["jobs"].as_object().unwrap() {
            let granted =
                body["permissions"].as_object().unwrap_or_else(|| panic!("{name}: job {job} names no permissions"));
            for (scope, level) in granted {
                let grant = format!("{scope}: {} # ", level.as_str().unwrap());
                assert!(
                    text(&name).contains(&grant),
                    "{name}: job {job}: say why behind `{}`",
                    grant.trim_end_matches(" # ")
                );
            }
            assert!(body["timeout-minutes"].is_number(), "{name}: job {job} has no timeout");
        }
    }
}

#[test]
fn no_checkout_keeps_its_credential() {
    for name in all_workflows() {
        for step in steps(&yaml(&name)) {
            if step["uses"].as_str().is_some_and(|used| used.starts_with("actions/checkout@")) {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}");
            }
        }
    }
}

#[test]
fn examples_pass_only_inputs_that_exist() {
    let mut uses = 0;
    for name in all_workflows() {
        for step in steps(&yaml(&name)) {
            if !step["uses"].as_str().is_some_and(|used| used.starts_with("org/autonomy@") || used == "./") {
                continue;
            }
            uses += 1;
            for input in names(&step["with"]) {
                assert!(INPUTS.contains(&input), "{name}: the action has no input `{input}`");
            }
        }
    }
    assert!(uses > 0, "no example uses the action");
}

#[test]
fn the_readme_shows_the_quick_start_as_it_is() {
    let readme = text("README.md");
    let workflow: Vec<_> =
        text("examples/quick-start.yml").lines().skip_while(|line| line.starts_with('#')).map(str::to_owned).collect();
    assert!(
        readme.contains(&format!("```yaml\n{}\n```", workflow.join("\n"))),
        "README.md and examples/quick-start.yml differ"
    );
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(readme.contains(command), "README.md does not name `{command}`");
    }
    for input in INPUTS {
        assert!(readme.contains(&format!("`{input}`")), "README.md does not name the input `{input}`");
    }
    for output in OUTPUTS {
        assert!(readme.contains(&format!("`{output}`")), "README.md does not name the output `{output}`");
    }
}

/// Runs one step's script of the action as a runner does, with nothing else in its environment.
fn run_step(id: &str, environment: &[(&str, &str)]) -> (Output, String) {
    let action = yaml("action.yml");
    let script =
        steps(&action).into_iter().find(|step| step["id"] == id).expect("the step")["run"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("script.sh"), folder.path().join("output"));
    fs::write(&file, script).unwrap();
    fs::write(&output, "").unwrap();
    let result = Command::new("bash")
        .args(["--noprofile", "--norc", "-euo", "pipefail"])
        .arg(&file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_ACTION_PATH", folder.path())
        .env("RUNNER_TEMP", folder.path())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (result, fs::read_to_string(&output).unwrap())
}

#[test]
fn a_missing_binary_is_one_clear_sentence() {
    let (none, _) = run_step("binary", &[]);
    assert_eq!(
        String::from_utf8_lossy(&none.stdout),
        "::error title=autonomy::there is no autonomy binary: set AUTONOMY_BINARY to its path, or install Rust (https://rustup.rs) so that the action can build it\n"
    );
    assert_eq!(none.status.code(), Some(2));
    let (wrong, _) = run_step("binary", &[("AUTONOMY_BINARY", "/nonexistent/autonomy")]);
    assert_eq!(
        String::from_utf8_lossy(&wrong.stdout),
        "::error title=autonomy::AUTONOMY_BINARY does not name an executable file; set it to the path of an autonomy binary or unset it\n"
    );
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn a_given_binary_is_used_and_the_command_is_words_not_script() {
    let (found, output) = run_step("binary", &[("AUTONOMY_BINARY", "/bin/echo")]);
    assert!(found.status.success());
    assert_eq!(output, "path=/bin/echo\n");
    let command = "report weekly $(id) `id` * ; id";
    let (ran, _) = run_step("autonomy", &[("AUTONOMY_PROGRAM", "/bin/echo"), ("INPUT_COMMAND", command)]);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), format!("{command}\n"));
    let (failed, _) = run_step("autonomy", &[("AUTONOMY_PROGRAM", "/bin/false"), ("INPUT_COMMAND", "auto")]);
    assert_eq!(failed.status.code(), Some(1), "the binary's exit code is the step's");
}

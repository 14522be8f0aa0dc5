//! The stage of a scenario: an embedded GitHub with a scripted model, a checkout, and the real program as a process of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use autonomy::sandbox::faults::{FaultPlan, Faults};
use autonomy::sandbox::model::{self, ModelLog, ModelScript};
use autonomy::sandbox::{Options, Sandbox, World, login, token};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A small repository whose check is a shell script: `add 2 2` prints 0 until the minus becomes a plus.
pub(crate) const REPOSITORY: &[(&str, &str)] = &[
    ("README.md", "# adder\n"),
    ("bin/add", "#!/bin/sh\necho $(($1 - $2))\n"),
    ("tests/run.sh", "[ \"$(sh bin/add 2 2)\" = 4 ] || { echo 'add 2 2 is not 4'; exit 1; }\n"),
    (
        ".github/workflows/ci.yml",
        "name: ci\non: [pull_request, workflow_dispatch]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: []\n",
    ),
    (".autonomy/config.yaml", CONFIG),
];

/// Everything on: the check, automatic merging, and a model whose price is known.
pub(crate) const CONFIG: &str = "version: 1
models:
  engineer: { provider: openai, model: scripted }
budget: { requests_per_minute: 600 }
prices: { scripted: { input_per_million: 3.00, output_per_million: 15.00 } }
checks: [ { name: test, run: sh tests/run.sh, timeout_seconds: 20 } ]
actions: { pr.merge: { risk: high, mode: auto } }
merge: { dispatch: [ci.yml] }
";

pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) log: ModelLog,
    pub(crate) faults: Arc<Faults>,
    pub(crate) checkout: PathBuf,
    /// The environment of the program; a test may change it.
    pub(crate) variables: BTreeMap<String, String>,
    folder: TempDir,
}

/// How a scene differs from the ordinary one.
pub(crate) struct Setup {
    files: BTreeMap<String, Vec<u8>>,
    script: Value,
    private: bool,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let files = REPOSITORY.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Self { files, script: good_script(), private: false }
    }

    pub(crate) fn file(mut self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), bytes.as_ref().to_vec());
        self
    }

    pub(crate) fn without(mut self, path: &str) -> Self {
        self.files.remove(path);
        self
    }

    /// The configuration with a line replaced.
    pub(crate) fn config(self, from: &str, to: &str) -> Self {
        assert!(CONFIG.contains(from), "the configuration has no `{from}`");
        self.file(".autonomy/config.yaml", CONFIG.replace(from, to))
    }

    /// The whole conversation: roles with their turns.
    pub(crate) fn script(mut self, roles: &Value) -> Self {
        self.script = json!({ "roles": roles });
        self
    }

    /// Other turns for one role, the others as they are.
    pub(crate) fn turns(mut self, role: &str, turns: Value) -> Self {
        self.script["roles"][role] = turns;
        self
    }

    pub(crate) fn private(mut self) -> Self {
        self.private = true;
        self
    }

    pub(crate) async fn start(self) -> Scene {
        let folder = TempDir::with_prefix("autonomy-scene-").unwrap();
        let seed = folder.path().join("seed");
        for (path, bytes) in &self.files {
            let path = seed.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        git(&seed, &["init", "--quiet", "--initial-branch=main"]);
        git(&seed, &["add", "--all"]);
        git(&seed, &["commit", "--quiet", "--allow-empty", "--message=Begin"]);
        let script = ModelScript::parse("scene", &self.script.to_string()).unwrap();
        let (router, log) = model::router(script);
        let faults = Arc::new(Faults::default());
        let mut options = Options::new("acme/widgets".parse().unwrap());
        options.seed = Some(seed);
        options.private = self.private;
        options.record = std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from);
        options.hooks = faults.clone();
        options.model = Some(router);
        let sandbox = Sandbox::start(options).await.unwrap();
        let checkout = folder.path().join("checkout");
        git(
            folder.path(),
            &["clone", "--quiet", sandbox.world().git_dir().to_str().unwrap(), checkout.to_str().unwrap()],
        );
        let variables = variables(&sandbox, &checkout, folder.path());
        Scene { sandbox, log, faults, checkout, variables, folder }
    }
}

impl Scene {
    /// The ordinary scene with its one approved issue, #1.
    pub(crate) async fn ready() -> Self {
        let scene = Setup::new().start().await;
        scene.approved("Addition subtracts", "`add 2 2` prints 0. It should print 4.");
        scene
    }

    pub(crate) fn world(&self) -> &World {
        self.sandbox.world()
    }

    /// Files an issue and has the maintainer approve it.
    pub(crate) fn approved(&self, title: &str, body: &str) -> u64 {
        let number = self.world().create_issue(login::WRITER, title, body, &[]).unwrap();
        self.world().label(login::MAINTAINER, number, "roadmap").unwrap();
        number
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn plan_faults(&self, yaml: &str) {
        self.faults.install(FaultPlan::parse("scenario", yaml).unwrap());
    }

    /// Runs the program to its end.
    pub(crate) async fn autonomy(&self, words: &[&str]) -> Ran {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_autonomy"))
            .args(words)
            .env_clear()
            .envs(&self.variables)
            .current_dir(&self.checkout)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(std::time::Duration::from_mins(2), output).await.expect("it ends").unwrap();
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            words: words.join(" "),
        };
        for secret in [token::WORKFLOW, token::APP, token::MAINTAINER, KEY] {
            let logged =
                ran.err.lines().filter(|line| !line.starts_with("::add-mask::")).any(|line| line.contains(secret));
            assert!(!logged && !ran.out.contains(secret), "a secret was printed by `{}`", ran.words);
        }
        ran
    }

    /// Lets every unfinished job of the repository's workflows end, and a minute pass.
    pub(crate) fn checks_end(&self, conclusion: &str) {
        for pull in self.world().pulls() {
            for run in self.world().check_runs(&pull.head_sha) {
                if run.app == autonomy::sandbox::ACTIONS_APP && run.status != "completed" {
                    self.world().finish_check_run(run.id, conclusion).unwrap();
                }
            }
        }
    }

    /// Requires the workflow's check on the default branch, so that nobody need wait for checks to settle.
    pub(crate) fn require_check(&self) {
        let parameters =
            json!({"required_status_checks": [{"context": "test"}], "strict_required_status_checks_policy": false});
        let rule = json!({"type": "required_status_checks", "parameters": parameters});
        self.world().add_ruleset("checks", &["~DEFAULT_BRANCH"], vec![rule], Vec::new());
    }

    /// Brings the checkout to the tip of the default branch.
    pub(crate) fn pull(&self) {
        git(&self.checkout, &["pull", "--quiet", "--ff-only"]);
    }

    /// Nothing that nobody knows was asked: routes and model requests.
    pub(crate) fn expect_known(&self) {
        assert_eq!(self.sandbox.unknown_routes(), [""; 0]);
        assert_eq!(self.log.complaints(), [""; 0]);
    }

    /// Branches besides the default one and the ledger.
    pub(crate) fn branches(&self) -> Vec<String> {
        let names = self.world().branches().into_iter().map(|(name, _)| name);
        names.filter(|name| name != "main" && name != "autonomy/ledger").collect()
    }

    /// How many requests were no reads, the ledger's own not counted.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.sandbox
            .exchanges()
            .iter()
            .filter(|one| one.method != "GET" && !one.path.contains("graphql") && !one.path.starts_with("/model"))
            .map(|one| format!("{} {}", one.method, one.path))
            .collect()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    words: String,
}

impl Ran {
    /// Ended with this code; shows everything otherwise.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`{}`\n--- out\n{}\n--- err\n{}", self.words, self.out, self.err);
        self
    }

    /// The result of `--format json`.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("`{}`: {error}\n{}\n{}", self.words, self.out, self.err))
    }

    /// The one clear sentence: the error's text without the progress before it.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let at = self.err.find("error: ").unwrap_or_else(|| panic!("`{}` says no error:\n{}", self.words, self.err));
        self.err[at..].trim_end()
    }
}

/// A key that opens nothing but the scripted model.
const KEY: &str = "scene-key-of-no-worth";

fn variables(sandbox: &Sandbox, checkout: &Path, folder: &Path) -> BTreeMap<String, String> {
    let path = |name: &str| folder.join(name).display().to_string();
    [
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("TMPDIR", std::env::temp_dir().display().to_string()),
        ("HOME", path("home")),
        ("GITHUB_API_URL", sandbox.api_url()),
        ("GITHUB_GRAPHQL_URL", sandbox.graphql_url()),
        ("GITHUB_SERVER_URL", sandbox.server_url()),
        ("GITHUB_REPOSITORY", "acme/widgets".to_owned()),
        ("GITHUB_TOKEN", token::WORKFLOW.to_owned()),
        ("GITHUB_OUTPUT", path("output")),
        ("GITHUB_STEP_SUMMARY", path("summary.md")),
        ("GITHUB_WORKSPACE", checkout.display().to_string()),
        ("OPENAI_BASE_URL", format!("{}/v1", sandbox.model_url())),
        ("OPENAI_API_KEY", KEY.to_owned()),
        ("ANTHROPIC_BASE_URL", format!("{}/anthropic", sandbox.model_url())),
        ("ANTHROPIC_API_KEY", KEY.to_owned()),
        ("AUTONOMY_WRITE_PAUSE_MS", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Reads, edits, finishes; two reviewers who find nothing.
fn good_script() -> Value {
    let clean = json!([{ "repeat": true, "answer": { "summary": "A small fix.", "score": 95, "findings": [] } }]);
    json!({ "roles": { "engineer": good_engineer(), "cto_review": clean, "ciso_review": clean } })
}

/// The turns of an engineer who does it right at once.
pub(crate) fn good_engineer() -> Value {
    json!([
        { "tool_calls": [{ "name": "read_file", "arguments": { "path": "bin/add", "start_line": null, "end_line": null } }] },
        { "tool_calls": [
            { "name": "edit_file", "arguments": { "path": "bin/add", "old_text": "$1 - $2", "new_text": "$1 + $2" } },
            { "name": "finish", "arguments": { "summary": "Add instead of subtracting.", "commit_message": null } }
        ] }
    ])
}

/// The git program for setting scenes, without anybody's configuration.
pub(crate) fn git(dir: &Path, arguments: &[&str]) {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=writer", "-c", "user.email=writer@example.invalid", "-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

//! Plays the engineer's part of a conversation file on a checkout, without the product's own loop: it shows that the file's
//! edits can be placed and what the checks say to them.

use std::path::Path;

use autonomy::adapters::checks::{ChildEnvironment, Runner};
use autonomy::adapters::git::{Scratch, head_commit};
use autonomy::config::{Config, ConfigFile, Inputs, load};
use autonomy::domain::change::RepoPath;
use autonomy::domain::secret::Redactor;
use autonomy::domain::verification::CheckResult;
use autonomy::ports::checkout::Checkout;
use autonomy::sandbox::model::ModelScript;
use serde_json::Value;

/// A conversation that the scripted model accepts too.
pub(crate) fn read(path: &Path) -> Value {
    ModelScript::read(path).unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The configuration of a repository, which must be valid.
pub(crate) fn config(path: &Path) -> Config {
    let bytes = std::fs::read(path).unwrap();
    load(Some(ConfigFile { name: "config.yaml", bytes: &bytes }), &Inputs::default()).unwrap().config
}

/// Runs checks with our environment, where `path` stands for the search path when it is given.
pub(crate) fn runner(path: Option<&std::ffi::OsStr>) -> Runner {
    let redactor = Redactor::default();
    let ours = std::env::vars_os().chain(path.map(|path| ("PATH".into(), path.to_owned())));
    Runner::new(ChildEnvironment::from_ours(ours, &redactor), redactor)
}

pub(crate) async fn scratch(repository: &Path, runner: Runner) -> Scratch {
    let head = head_commit(repository, &runner).await.unwrap();
    Scratch::create(repository, &head, runner).await.unwrap()
}

pub(crate) async fn run_all(checkout: &dyn Checkout, config: &Config) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in &config.checks {
        results.push(checkout.run_check(check).await);
    }
    results
}

/// Makes the engineer's edits in order. The results are those of the checks that it asked for; it must end with `finish`. Every
/// `expect_last` that names a check's output is held against what the check said.
pub(crate) async fn play(checkout: &dyn Checkout, config: &Config, conversation: &Value) -> Vec<CheckResult> {
    let mut results: Vec<CheckResult> = Vec::new();
    let mut finished = false;
    let mut checked = false;
    for turn in conversation["roles"]["engineer"].as_array().unwrap() {
        assert!(!finished, "the engineer goes on after finish");
        if checked {
            let output = &results.last().unwrap().output;
            for text in turn["expect_last"].as_array().unwrap() {
                assert!(output.contains(text.as_str().unwrap()), "{text} does not stand in:\n{output}");
            }
        }
        checked = false;
        for call in turn["tool_calls"].as_array().unwrap() {
            let text = |name: &str| call["arguments"][name].as_str().unwrap().to_owned();
            let path = || text("path").parse::<RepoPath>().unwrap();
            match call["name"].as_str().unwrap() {
                "edit_file" => edit(checkout, &path(), &text("old_text"), &text("new_text")).await,
                "run_check" => {
                    let check = config.checks.iter().find(|check| check.name == text("name")).unwrap();
                    results.push(checkout.run_check(check).await);
                    checked = true;
                }
                "read_file" => assert!(checkout.read(&path()).await.unwrap().is_some(), "{}", path()),
                "finish" => finished = true,
                "search" | "list_files" => {}
                other => panic!("the conversation uses {other}, which this does not play"),
            }
        }
    }
    assert!(finished, "the engineer never finishes");
    results
}

async fn edit(checkout: &dyn Checkout, path: &RepoPath, old: &str, new: &str) {
    let before = String::from_utf8(checkout.read(path).await.unwrap().unwrap()).unwrap();
    assert_eq!(before.matches(old).count(), 1, "{path}: the text to replace must stand there once:\n{old}");
    checkout.write(path, before.replacen(old, new, 1).as_bytes()).await.unwrap();
}

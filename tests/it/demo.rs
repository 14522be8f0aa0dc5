//! `demo` as a process: the whole loop on the sample, and on a repository of one's own.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::{REPOSITORY, git, good_engineer};

/// The program with nothing in its environment but a path to git.
fn demo(words: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_autonomy"))
        .arg("demo")
        .args(words)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The demo's result and the steps that did not happen.
fn story(words: &[&str], folder: &Path) -> (Option<i32>, Value, Vec<String>) {
    let (code, out, err) = demo(&[words, &["--format", "json"]].concat(), folder);
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}\n{out}\n{err}"));
    let steps = document["result"]["steps"].as_array().unwrap();
    let missed = steps.iter().filter(|step| step["happened"] != true);
    let missed = missed.map(|step| step["name"].as_str().unwrap().to_owned()).collect();
    (code, document["result"].clone(), missed)
}

#[test]
fn the_sample_shows_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let (code, story, missed) = story(&[], folder.path());
    assert_eq!((code, missed), (Some(0), Vec::new()), "{:#}", story["steps"]);
    assert!(story["steps"].as_array().unwrap().len() >= 9);
    assert!(story["verdicts"][0]["merge_commit"].is_string());
    assert_eq!(story["second_run"]["decision"], "nothing");
    for check in story["run"]["checks"].as_array().unwrap() {
        assert!(check["before"].is_string() && check["after"] == "passed", "{check}");
    }
    assert!(!story["requests"].as_object().unwrap().is_empty() && story["seconds"].as_f64().unwrap() > 0.0);
    assert!(folder.path().join("autonomy-demo-summary.md").exists());
}

#[test]
fn the_story_is_told_to_people_too() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = demo(&[], folder.path());
    assert_eq!(code, Some(0), "{err}");
    for word in ["issue picked", "pull request opened", "change reviewed", "merged at the reviewed commit"] {
        assert!(out.contains(word), "{word}: {out}");
    }
}

/// A repository without configuration, an issue and a conversation, in one folder.
fn own(folder: &Path, engineer: &Value) -> Vec<String> {
    let repository = folder.join("mine");
    for (path, text) in REPOSITORY.iter().filter(|(path, _)| !path.starts_with('.')) {
        let path = repository.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    git(&repository, &["init", "--quiet", "--initial-branch=trunk"]);
    git(&repository, &["add", "--all"]);
    git(&repository, &["commit", "--quiet", "--message=Begin"]);
    std::fs::write(folder.join("issue.md"), "# Addition subtracts\n\n`add 2 2` prints 0. It should print 4.\n")
        .unwrap();
    let clean = json!([{ "repeat": true, "answer": { "summary": "Fine.", "score": 95, "findings": [] } }]);
    let script = json!({ "roles": { "engineer": engineer, "cto_review": clean, "ciso_review": clean } });
    std::fs::write(folder.join("script.json"), script.to_string()).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    [
        "--repo-dir".into(),
        path("mine"),
        "--issue".into(),
        path("issue.md"),
        "--model-script".into(),
        path("script.json"),
    ]
    .into()
}

#[test]
fn a_repository_of_ones_own_goes_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let words = own(folder.path(), &good_engineer());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (code, story, missed) = story(&words, folder.path());
    assert_eq!((code, missed), (Some(0), Vec::new()), "{story:#}");
    assert_eq!(story["run"]["files"], json!(["bin/add"]));
    let text = std::fs::read_to_string(folder.path().join("mine/bin/add")).unwrap();
    assert!(text.contains("$1 - $2"), "the repository itself is not touched");
}

#[test]
fn a_conversation_that_fails_fails_the_demo_and_names_the_step() {
    let folder = tempfile::tempdir().unwrap();
    let gives_up = json!([{ "tool_calls": [{ "name": "give_up", "arguments": { "reason": "too hard" } }] }]);
    let words = own(folder.path(), &gives_up);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (code, story, missed) = story(&words, folder.path());
    assert_eq!(code, Some(1));
    assert!(missed.contains(&"pull request opened".to_owned()), "{story:#}");
    let (code, out, _) = demo(&words, folder.path());
    assert!(code == Some(1) && out.contains("did not happen: "), "{out}");
}

#[test]
fn wrong_paths_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let words = own(folder.path(), &good_engineer());
    for at in [1, 3, 5] {
        let mut words = words.clone();
        words[at] = "nowhere".into();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, _, err) = demo(&words, folder.path());
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("nowhere"), "{err}");
    }
}

//! A configuration for a repository that has none: its own test command, found by the files it has.

use std::fmt::Write as _;

/// The commands that people would run here. `read` gives a file's text.
pub(super) fn checks(paths: &[String], read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let has = |path: &str| paths.iter().any(|one| one == path);
    let mut found = Vec::new();
    if has("Cargo.toml") {
        found.push("cargo test --quiet".to_owned());
    }
    if has("go.mod") {
        found.push("go test ./...".to_owned());
    }
    if has("package.json") && read("package.json").is_some_and(|text| has_npm_test(&text)) {
        let manager = if has("pnpm-lock.yaml") {
            "pnpm"
        } else if has("yarn.lock") {
            "yarn"
        } else {
            "npm"
        };
        found.push(format!("{manager} test"));
    }
    if has("tox.ini") && !has("pyproject.toml") && !has("setup.py") {
        found.push("tox".to_owned());
    } else if ["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini"].into_iter().any(has) {
        found.push("python3 -m pytest -q".to_owned());
    }
    if has("composer.json") {
        found.push("composer test".to_owned());
    }
    if has("Gemfile") {
        found.push("bundle exec rake".to_owned());
    }
    if has("pom.xml") {
        found.push("mvn --quiet test".to_owned());
    }
    if has("gradlew") {
        found.push("./gradlew test".to_owned());
    }
    if found.is_empty() && read("Makefile").is_some_and(|text| text.lines().any(|line| line.starts_with("test:"))) {
        found.push("make test".to_owned());
    }
    found
}

fn has_npm_test(package: &str) -> bool {
    let Ok(package) = serde_json::from_str::<serde_json::Value>(package) else { return false };
    // What `npm init` writes is no test.
    package["scripts"]["test"].as_str().is_some_and(|script| !script.contains("no test specified"))
}

/// The whole loop without a human, for an embedded GitHub only.
pub(super) fn configuration(checks: &[String], workflow: &str) -> String {
    let mut text = "# Written by `autonomy demo` for its embedded GitHub.\nversion: 1\n".to_owned();
    text.push_str("models:\n  engineer: { provider: openai, model: scripted }\n");
    text.push_str("budget: { requests_per_minute: 600 }\n");
    if checks.is_empty() {
        text.push_str("checks: []\n");
    } else {
        text.push_str("checks:\n");
        for (at, check) in checks.iter().enumerate() {
            let name = if at == 0 { "test".to_owned() } else { format!("test-{}", at + 1) };
            // Writing to a string does not fail.
            let _ =
                writeln!(text, "  - {{ name: {name}, run: '{}', timeout_seconds: 900 }}", check.replace('\'', "''"));
        }
    }
    text.push_str("actions:\n  pr.merge: { risk: high, mode: auto }\n");
    let _ = writeln!(text, "merge: {{ method: squash, dispatch: [{workflow}] }}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, Inputs, load};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        checks(&paths, |path| files.iter().find(|(one, _)| *one == path).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn the_repository_s_own_test_command_is_found() {
        assert_eq!(found(&[("Cargo.toml", "")]), ["cargo test --quiet"]);
        assert_eq!(found(&[("package.json", r#"{"scripts":{"test":"node t.js"}}"#), ("yarn.lock", "")]), ["yarn test"]);
        assert_eq!(found(&[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\""}}"#)]), [""; 0]);
        assert_eq!(found(&[("pyproject.toml", "")]), ["python3 -m pytest -q"]);
        assert_eq!(found(&[("Makefile", "all:\n\ntest: all\n")]), ["make test"]);
        assert_eq!(found(&[("README.md", "")]), [""; 0]);
    }

    #[test]
    fn the_configuration_is_valid() {
        for checks in [vec![], vec!["make test".to_owned(), "sh -c 'it''s'".to_owned()]] {
            let text = configuration(&checks, "ci.yml");
            let loaded = load(Some(ConfigFile { name: "demo", bytes: text.as_bytes() }), &Inputs::default()).unwrap();
            assert_eq!(loaded.config.checks.len(), checks.len());
        }
    }
}

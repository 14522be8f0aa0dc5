//! What a change may not be, whoever made it: protected, too large, a leak. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::codebase::change::{Edits, FileEdit};
use crate::codebase::index::Index;
use crate::config::Config;
use crate::domain::change::RepoPath;
use crate::domain::issue::Issue;
use crate::domain::secret::{Redactor, secret_matches};

/// Everything that stands against the change, in words that an engineer can act on. Empty lets it through.
pub(super) fn problems(edits: &Edits, index: &Index, config: &Config, redactor: &Redactor) -> Vec<String> {
    let limits = &config.implement;
    let mut problems = Vec::new();
    if edits.is_empty() {
        problems.push("nothing has changed".to_owned());
    }
    if edits.files.len() as u64 > limits.max_files {
        problems.push(format!("{} files changed; at most {} may", edits.files.len(), limits.max_files));
    }
    let lines = edits.changed_lines();
    if lines > limits.max_changed_lines {
        problems.push(format!("{lines} lines changed; at most {} may", limits.max_changed_lines));
    }
    for file in &edits.files {
        problems.extend(protected(&file.path, config));
        problems.extend(file_problems(file, limits.max_file_bytes, redactor));
        problems.extend(collision(&file.path, index).filter(|_| file.before.is_none() && file.after.is_some()));
    }
    problems
}

/// Why the path may not be touched, if it may not.
pub(super) fn protected(path: &RepoPath, config: &Config) -> Option<String> {
    config.implement.protected_paths.is_match(path.as_str()).then(|| {
        format!(
            "`{path}` is protected: only people change it. If the issue can't be done without it, give up and say so"
        )
    })
}

/// The protected path that the issue asks to change in plain words, so that no money is spent on what will be refused.
/// It reads imperatives only ("update .github/workflows/ci.yml"); anything subtler is refused at the tool.
pub(super) fn asks_for_protected(issue: &Issue, config: &Config) -> Option<String> {
    const VERBS: &[&str] = &[
        "add", "change", "create", "delete", "edit", "modify", "remove", "rename", "replace", "rewrite", "update",
        "write",
    ];
    const DENIALS: &[&str] = &["not", "don't", "never", "without", "no", "instead", "avoid", "cannot", "can't"];
    let clean = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric() && !"./_-*".contains(c)).trim_end_matches('.').to_owned()
    };
    for line in std::iter::once(issue.title.as_str()).chain(issue.body.lines()) {
        let words: Vec<String> = line.split_whitespace().map(clean).collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.to_lowercase().as_str()));
        if !has(VERBS) || has(DENIALS) {
            continue;
        }
        // The path has to follow the verb, as its object does.
        let is_verb = |word: &String| VERBS.contains(&word.to_lowercase().as_str());
        for word in words.iter().skip_while(|word| !is_verb(word)) {
            let Ok(path) = word.trim_start_matches("./").parse::<RepoPath>() else { continue };
            if config.implement.protected_paths.is_match(path.as_str()) {
                return Some(path.to_string());
            }
        }
    }
    None
}

fn file_problems(file: &FileEdit, max_bytes: u64, redactor: &Redactor) -> Vec<String> {
    let Some(after) = &file.after else { return Vec::new() };
    let mut problems = Vec::new();
    if after.len() as u64 > max_bytes {
        problems.push(format!("`{}` has {} bytes; at most {max_bytes} may be", file.path, after.len()));
    }
    let text = String::from_utf8_lossy(after);
    let before = String::from_utf8_lossy(file.before.as_deref().unwrap_or_default());
    for kind in new_secrets(&before, &text) {
        problems.push(format!("`{}` would hold what looks like a secret ({kind}); take it out", file.path));
    }
    if redactor.redact(&text) != text {
        problems.push(format!("`{}` would hold a secret of this run; take it out", file.path));
    }
    problems
}

/// Kinds of secrets with a value that was not there before, each once. What was there stays the owner's affair.
fn new_secrets<'a>(before: &str, after: &'a str) -> BTreeSet<&'a str> {
    let count = |text: &str| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (_, value) in secret_matches(text) {
            *counts.entry(value.to_owned()).or_default() += 1;
        }
        counts
    };
    let known = count(before);
    let now = count(after);
    let new = |(_, value): &(&str, &str)| now.get(*value) > known.get(*value);
    secret_matches(after).into_iter().filter(new).map(|(kind, _)| kind).collect()
}

/// A new file whose name differs from another's by case only breaks checkouts on some systems.
fn collision(path: &RepoPath, index: &Index) -> Option<String> {
    let other = index
        .files
        .iter()
        .find(|file| file.path != *path && file.path.as_str().to_lowercase() == path.as_str().to_lowercase())?;
    Some(format!("`{path}` differs from `{}` by case only; use another name", other.path))
}

#[cfg(test)]
mod tests {
    use super::super::testing::issue;
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    fn edit(path: &str, before: Option<&str>, after: Option<&str>) -> FileEdit {
        let bytes = |text: &str| text.as_bytes().to_vec();
        FileEdit {
            path: path.parse().unwrap(),
            before: before.map(bytes),
            after: after.map(bytes),
            executable: false,
            added: after.map_or(0, |text| text.lines().count() as u64),
            removed: before.map_or(0, |text| text.lines().count() as u64),
        }
    }

    async fn judge(files: Vec<FileEdit>) -> Vec<String> {
        let index = Index::of(&FakeCheckout::new(&[("src/Main.rs", b"x")])).await.unwrap();
        let redactor = Redactor::new(["this-run-token".to_owned()]);
        problems(&Edits { files }, &index, &Config::defaults(), &redactor)
    }

    #[tokio::test]
    async fn an_ordinary_change_passes() {
        assert!(judge(vec![edit("src/a.rs", Some("a\n"), Some("b\n")), edit("b", Some("x"), None)]).await.is_empty());
    }

    #[tokio::test]
    async fn an_empty_change_is_refused() {
        assert_eq!(judge(vec![]).await, ["nothing has changed"]);
    }

    #[tokio::test]
    async fn protected_paths_are_refused_also_when_deleted() {
        for path in [".github/workflows/ci.yml", "CODEOWNERS", ".env", "AGENTS.md", ".autonomy/config.yaml"] {
            assert_eq!(judge(vec![edit(path, Some("x"), None)]).await.len(), 1, "{path}");
        }
    }

    #[tokio::test]
    async fn size_limits_hold() {
        let many = (0..51).map(|number| edit(&format!("f{number}"), None, Some("x"))).collect();
        assert_eq!(judge(many).await, ["51 files changed; at most 50 may"]);
        let long = "x\n".repeat(3_001);
        assert_eq!(judge(vec![edit("a", None, Some(&long))]).await, ["3001 lines changed; at most 3000 may"]);
        let big = "x".repeat(1_000_001);
        assert_eq!(judge(vec![edit("a", None, Some(&big))]).await, ["`a` has 1000001 bytes; at most 1000000 may be"]);
    }

    #[tokio::test]
    async fn a_new_secret_is_refused_and_an_old_one_stays() {
        let key = format!("{}{}", "AKI", "AIOSFODNN7EXAMPLE");
        let with = format!("key = {key}\n");
        let refused = "`a` would hold what looks like a secret (AWS access key); take it out";
        assert_eq!(judge(vec![edit("a", Some("key\n"), Some(&with))]).await, [refused]);
        assert_eq!(judge(vec![edit("a", Some(&with), Some(&format!("{with}x\n")))]).await, [""; 0]);
        assert_eq!(judge(vec![edit("a", Some(&with), Some(&format!("{with}{with}")))]).await, [refused]);
        assert_eq!(judge(vec![edit("a", None, Some("t = this-run-token"))]).await.len(), 1);
    }

    #[tokio::test]
    async fn names_that_differ_by_case_only_are_refused() {
        let expected = "`src/main.rs` differs from `src/Main.rs` by case only; use another name";
        assert_eq!(judge(vec![edit("src/main.rs", None, Some("x"))]).await, [expected]);
    }

    #[test]
    fn an_issue_that_asks_for_a_protected_path_is_found_before_any_money_is_spent() {
        let config = Config::defaults();
        let asks = |title: &str, body: &str| asks_for_protected(&issue(1, title, body), &config);
        assert_eq!(asks("Update `.github/workflows/ci.yml`", ""), Some(".github/workflows/ci.yml".into()));
        assert_eq!(
            asks("CI", "Please add a job to .github/workflows/ci.yml."),
            Some(".github/workflows/ci.yml".into())
        );
        assert_eq!(asks("Edit CODEOWNERS", ""), Some("CODEOWNERS".into()));
        assert_eq!(asks("Fix it", "Do not change .github/workflows/ci.yml, add a test"), None);
        assert_eq!(asks("Wrap loses words", "It fails as .github/workflows/ci.yml shows; update src/wrap.rs"), None);
        assert_eq!(asks("🎉", ""), None);
    }
}

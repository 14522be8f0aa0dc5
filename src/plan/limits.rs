//! What no plan may ask for, whatever the policy says.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::action::Action;
use crate::config::Config;
use crate::domain::change::ChangeSet;
use crate::domain::ids::{BranchName, IssueNumber};
use crate::domain::secret::Redactor;

/// GitHub's own limit on bodies of issues, comments and pull requests, in characters.
pub const MAX_BODY: usize = 65_536;
/// GitHub's own limit on titles of issues and pull requests, in characters.
pub const MAX_TITLE: usize = 256;

/// A refusal is a value: which limit, what it wants, what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub action: String,
    pub gate: &'static str,
    pub expected: String,
    pub actual: String,
}

/// All limits that the action breaks; empty lets it on to the policy.
pub fn check(action: &Action, config: &Config, redactor: &Redactor) -> Vec<Refused> {
    let mut found = Vec::new();
    let mut refuse = |gate, expected: String, actual: String| {
        found.push(Refused { action: action.key(), gate, expected, actual });
    };
    for branch in own_branches(action) {
        if !branch.is_automated() {
            refuse("branch", "a branch under automated/".into(), branch.to_string());
        }
    }
    for (what, text, most) in texts(action) {
        let length = text.chars().count();
        if length > most {
            refuse("length", format!("{what} of at most {most} characters"), format!("{length} characters"));
        }
        if redactor.redact(text) != text {
            refuse("secret", format!("{what} without a secret"), "a value of a known secret".into());
        }
    }
    for label in added_labels(action) {
        if label.eq_ignore_ascii_case(&config.labels.roadmap) {
            refuse("label", "approval by a human".into(), format!("adding the label {label} ourselves"));
        }
    }
    match action {
        Action::CommitFiles { message, changes, .. } => {
            if let Some(word) = skip_word(message) {
                refuse("skip-word", "a commit message that does not switch checks off".into(), word);
            }
            change_set(changes, config, redactor, &mut refuse);
        }
        Action::OpenPull { title, body, base, issue, .. } => {
            if title.trim().is_empty() {
                refuse("title", "a title".into(), "an empty one".into());
            }
            if base.is_automated() {
                refuse("base", "a base that is not one of our branches".into(), base.to_string());
            }
            if let Some(other) = closes_other(body, *issue) {
                refuse("closing-keyword", format!("closing #{issue} only"), format!("closing #{other} too"));
            }
        }
        Action::DispatchWorkflow { workflow, .. } => {
            let plain = workflow.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if !plain || workflow.starts_with('.') {
                refuse("workflow", "the name of a workflow file".into(), workflow.clone());
            }
        }
        _ => {}
    }
    found
}

fn change_set(
    changes: &ChangeSet,
    config: &Config,
    redactor: &Redactor,
    refuse: &mut impl FnMut(&'static str, String, String),
) {
    let limits = &config.implement;
    if changes.is_empty() {
        refuse("empty-change", "at least one changed file".into(), "none".into());
    }
    if changes.files.len() as u64 > limits.max_files {
        refuse("size", format!("at most {} files", limits.max_files), format!("{} files", changes.files.len()));
    }
    for file in &changes.files {
        if limits.protected_paths.is_match(file.path.as_str()) {
            refuse("protected-path", "no protected path".into(), file.path.to_string());
        }
        let Some(content) = &file.after else { continue };
        if content.bytes.len() as u64 > limits.max_file_bytes {
            let expected = format!("files of at most {} bytes", limits.max_file_bytes);
            refuse("size", expected, format!("{} with {} bytes", file.path, content.bytes.len()));
        }
        let text = String::from_utf8_lossy(&content.bytes);
        if redactor.redact(&text) != text {
            refuse("secret", "no value of a known secret".into(), format!("one in {}", file.path));
        }
    }
}

/// The words that switch GitHub's checks off (<https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs>).
pub fn skip_word(message: &str) -> Option<String> {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|(?m)^skip-checks:\s*true").ok()
    });
    WORDS.as_ref()?.find(message).map(|found| found.as_str().to_owned())
}

/// An issue other than `own` that the text would close on merging
/// (<https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue>).
pub fn closes_other(text: &str, own: IssueNumber) -> Option<u64> {
    static KEYWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:[\w.-]+/[\w.-]+)?(?:#|https?://\S+/issues/)(\d+)")
            .ok()
    });
    KEYWORD
        .as_ref()?
        .captures_iter(text)
        .filter_map(|found| found.get(1)?.as_str().parse().ok())
        .find(|number| *number != own.0)
}

fn own_branches(action: &Action) -> Vec<&BranchName> {
    match action {
        Action::ClaimBranch { branch, .. }
        | Action::CommitFiles { branch, .. }
        | Action::OpenPull { branch, .. }
        | Action::DeleteBranch { branch, .. } => vec![branch],
        _ => Vec::new(),
    }
}

fn texts(action: &Action) -> Vec<(&'static str, &str, usize)> {
    match action {
        Action::CommitFiles { message, .. } => vec![("a commit message", message, MAX_BODY)],
        Action::OpenPull { title, body, .. } | Action::CreateIssue { title, body, .. } => {
            vec![("a title", title, MAX_TITLE), ("a body", body, MAX_BODY)]
        }
        Action::UpsertComment { body, .. } => vec![("a comment", body, MAX_BODY)],
        Action::CreateAdvisory { summary, description, .. } => {
            vec![("a summary", summary, 1024), ("a description", description, 65_535)]
        }
        Action::PublishCheck { title, summary, .. } => {
            vec![("a check's title", title, MAX_TITLE), ("a check's summary", summary, 65_535)]
        }
        Action::MergePull { title, message, .. } => {
            vec![("a commit title", title, 1024), ("a commit message", message, MAX_BODY)]
        }
        _ => Vec::new(),
    }
}

fn added_labels(action: &Action) -> &[String] {
    match action {
        Action::OpenPull { labels, .. } | Action::CreateIssue { labels, .. } => labels,
        Action::EditLabels { add, .. } => add,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_switch_checks_off_are_found() {
        assert!(skip_word("feat: x [skip ci]").is_some());
        assert!(skip_word("feat: x\n\nskip-checks: true").is_some());
        assert!(skip_word("feat: skip the ci job").is_none());
    }

    #[test]
    fn closing_another_issue_is_found() {
        let own = IssueNumber(7);
        assert_eq!(closes_other("Fixes #7", own), None);
        assert_eq!(closes_other("Fixes #7, closes: acme/web#8", own), Some(8));
        assert_eq!(closes_other("resolved https://github.com/a/b/issues/9", own), Some(9));
        assert_eq!(closes_other("prefixes #8", own), None);
    }
}

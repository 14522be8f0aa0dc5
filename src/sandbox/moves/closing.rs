//! What numbers in texts do: `Fixes #12` closes an issue when it reaches the default branch, `#12` leaves a mention.

use std::sync::LazyLock;

use regex::Regex;

use super::issues;
use crate::sandbox::people::Actor;
use crate::sandbox::state::{EventKind, State};

static KEYWORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(\S+?)?#(\d+)\b").ok());

static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:^|[\s(\[,:])#(\d+)\b").ok());

/// The numbers of the issues of this repository that a text closes.
pub(crate) fn numbers(state: &State, text: &str) -> Vec<u64> {
    let Some(keyword) = KEYWORD.as_ref() else { return Vec::new() };
    let here = state.name.to_string();
    let found = keyword.captures_iter(text).filter(|found| {
        let place = found.get(1).map_or("", |place| place.as_str());
        place.is_empty() || place.eq_ignore_ascii_case(&here)
    });
    found.filter_map(|found| found.get(2)?.as_str().parse().ok()).collect()
}

/// Notes in every issue that a text mentions, once a source, that it was mentioned.
pub(crate) fn mention(state: &mut State, actor: Actor, source: u64, text: &str) {
    let Some(reference) = REFERENCE.as_ref() else { return };
    let found: Vec<u64> =
        reference.captures_iter(text).filter_map(|found| found.get(1)?.as_str().parse().ok()).collect();
    for number in found {
        let known = EventKind::CrossReferenced(source);
        let again = state.events.iter().any(|event| event.issue == number && event.kind == known);
        if number != source && !again && state.issues.contains_key(&number) {
            state.event(number, actor, known);
        }
    }
}

/// Closes what the commits of `old..new` say.
pub(crate) fn by_commits(state: &mut State, actor: Actor, old: &str, new: &str) {
    for sha in state.git.commits_between(old, new).unwrap_or_default() {
        let message = state.git.commit(&sha).map(|commit| commit.message).unwrap_or_default();
        by_text(state, actor, &message, Some(&sha));
    }
}

/// Closes what a text says.
pub(crate) fn by_text(state: &mut State, actor: Actor, text: &str, commit: Option<&str>) {
    for number in numbers(state, text) {
        let is_issue = !state.pulls.contains_key(&number);
        if is_issue && state.issues.get(&number).is_some_and(|issue| issue.open) {
            issues::close(state, actor, number, Some("completed"), commit);
        }
    }
}

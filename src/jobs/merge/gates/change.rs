//! Gates on the change: our commits, harmless words, no protected path.

use super::{Answer, Ground, known, some};
use crate::domain::pull::ChangedFile;
use crate::plan::limits::{closes_other, skip_word};

pub(super) fn commits_ours(ground: &Ground<'_>) -> Answer {
    const HINT: &str = "somebody else pushed to the branch: review and merge it by hand";
    let facts = ground.facts;
    let commits = &known!(facts.comparison).commits;
    if !commits.complete {
        return Answer::cut("the commits");
    }
    if commits.items.last().map(|commit| &commit.sha) != Some(&facts.pull.head.sha) {
        return Answer::blocked("the head is not among its commits", "run again; if it stays so, close it");
    }
    let foreign: Vec<&str> = commits
        .items
        .iter()
        .filter(|commit| !facts.ledger.pushes.iter().any(|push| push.sha == commit.sha))
        .map(|commit| commit.sha.short())
        .collect();
    if foreign.is_empty() {
        let count = commits.items.len();
        Answer::passed(format!("{count} commit{}", if count == 1 { "" } else { "s" }))
    } else {
        Answer::needs_human(format!("not pushed by us: {}", some(&foreign)), HINT)
    }
}

/// A merge makes the words of commits and of the pull request work: they may close issues and switch checks off.
pub(super) fn texts(ground: &Ground<'_>) -> Answer {
    let facts = ground.facts;
    let Some(opened) = &facts.ledger.opened else {
        return Answer::needs_human("the ledger knows no issue for it", "review and merge it by hand");
    };
    let commits = known!(facts.comparison).commits.items.iter().map(|commit| commit.message.as_str());
    for text in commits.chain([facts.pull.title.as_str(), facts.pull.body.as_str()]) {
        if let Some(other) = closes_other(text, opened.issue) {
            return Answer::needs_human(format!("it would close #{other} too"), "take the closing word out");
        }
    }
    let commits = known!(facts.comparison).commits.items.iter().map(|commit| commit.message.as_str());
    for text in commits.chain([facts.pull.title.as_str()]) {
        if let Some(word) = skip_word(text) {
            return Answer::needs_human(format!("`{word}` would switch checks off"), "take the words out");
        }
    }
    Answer::passed(format!("closes #{} only", opened.issue))
}

pub(super) fn paths(ground: &Ground<'_>) -> Answer {
    let files = known!(ground.facts.files);
    if !files.complete {
        return Answer::cut("the files");
    }
    if files.items.is_empty() {
        return Answer::blocked("it changes nothing", "close it");
    }
    // A rename takes the old path away and adds the new one.
    let of = |file: &'_ ChangedFile| [Some(file.path.clone()), file.previous_path.clone()].into_iter().flatten();
    let protected = &ground.config.implement.protected_paths;
    let found: Vec<String> = files.items.iter().flat_map(of).filter(|path| protected.is_match(path)).collect();
    if found.is_empty() {
        let count = files.items.len();
        Answer::passed(format!("{count} file{}", if count == 1 { "" } else { "s" }))
    } else {
        Answer::needs_human(some(&found), "such files are never merged automatically: review and merge it by hand")
    }
}

//! Why a file is where it is in the ranking, as values and as one sentence each.

use std::fmt;

use super::evidence::{Evidence, Group};
use super::features::Signal;
use super::history::History;
use super::lexical::Lexical;
use super::scan::BLOCK_LINES;

/// Words and names a reason lists.
const MOST_WORDS: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The text names the file, its place or its scope.
    Named,
    /// Words of the text that stand in the path.
    Path { words: Vec<String> },
    /// The lines (from 1) in which most of the text's rare words stand.
    Window { first: usize, last: usize, words: Vec<String> },
    /// Names of the text that the file defines.
    Defines { names: Vec<String> },
    /// Names of the text that the file uses.
    Uses { names: Vec<String> },
    /// A past commit with a similar message changed the file.
    History { commit: String, subject: String },
    /// A past commit about the same issue changed the file.
    SameIssue,
    /// The file belongs to one of the best: changed together, namesake, definer, kin.
    TiedTo { path: String, how: Tie },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    ChangedTogether,
    Namesake,
    Definer,
    Kin,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => write!(out, "the text names it"),
            Self::Path { words } => write!(out, "its path has {}", words.join(", ")),
            Self::Window { first, last, words } => write!(out, "lines {first}-{last} have {}", words.join(", ")),
            Self::Defines { names } => write!(out, "it defines {}", names.join(", ")),
            Self::Uses { names } => write!(out, "it uses {}", names.join(", ")),
            Self::History { commit, subject } => write!(out, "commit {commit} changed it: {subject}"),
            Self::SameIssue => write!(out, "a past commit about the same issue changed it"),
            Self::TiedTo { path, how: Tie::ChangedTogether } => write!(out, "it often changes together with {path}"),
            Self::TiedTo { path, how: Tie::Namesake } => write!(out, "it is the counterpart of {path}"),
            Self::TiedTo { path, how: Tie::Definer } => write!(out, "it defines what {path} uses there"),
            Self::TiedTo { path, how: Tie::Kin } => write!(out, "its name is kin to {path}"),
        }
    }
}

/// The reasons of one row, weightiest first. `weights` says what each signal added.
pub(super) fn reasons(
    evidence: &Evidence<'_>,
    group: &Group,
    row: usize,
    history: &History,
    weight: fn(Signal) -> f32,
) -> Vec<Reason> {
    let mut parts: Vec<(f32, Signal)> =
        Signal::ALL.iter().map(|signal| (weight(*signal) * group.features.get(*signal, row), *signal)).collect();
    parts.retain(|(added, _)| *added > 0.1);
    parts.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut found: Vec<Reason> = Vec::new();
    for (_, signal) in parts {
        if let Some(reason) = reason(evidence, group, row, history, signal)
            && !found.contains(&reason)
        {
            found.push(reason);
        }
    }
    found.truncate(4);
    found
}

fn reason(evidence: &Evidence<'_>, group: &Group, row: usize, history: &History, signal: Signal) -> Option<Reason> {
    let file = *group.files.get(row)?;
    let hits = group.hits.get(row)?;
    let tied = |how: Tie| {
        let top = *evidence.sources.files.get(*group.tied_to.get(row)?)?;
        (top != file).then(|| Reason::TiedTo { path: evidence.paths.get(top).cloned().unwrap_or_default(), how })
    };
    let name = |id: &u16| evidence.query.names.get(usize::from(*id)).map(|name| name.text.clone());
    match signal {
        Signal::FileMention | Signal::PlaceMention | Signal::Scope | Signal::ScopeStem | Signal::NamedStem => {
            Some(Reason::Named)
        }
        Signal::Path | Signal::BaseName | Signal::BaseNameInTitle => {
            let words = path_words(evidence, file);
            (!words.is_empty()).then_some(Reason::Path { words })
        }
        Signal::Window | Signal::Windows | Signal::Block | Signal::WindowPairs | Signal::Content | Signal::Pairs => {
            let first = usize::from(*group.features.best_window.get(row)?);
            let last = ((first + 2) * BLOCK_LINES).min(hits.lines as usize);
            let words = window_words(evidence, group, row, first);
            (!words.is_empty()).then_some(Reason::Window { first: first * BLOCK_LINES + 1, last, words })
        }
        Signal::DefinedNames => {
            let names: Vec<String> = hits.defined_names.iter().filter_map(name).take(MOST_WORDS).collect();
            (!names.is_empty()).then_some(Reason::Defines { names })
        }
        Signal::Names => {
            let names: Vec<String> = hits.names.iter().filter_map(|(id, _)| name(id)).take(MOST_WORDS).collect();
            (!names.is_empty()).then_some(Reason::Uses { names })
        }
        Signal::HistoryDocument | Signal::HistoryNeighbours => {
            let nearest = evidence.past.nearest.get(&u32::try_from(file).ok()?)?;
            let commit = history.commits.get(*nearest)?;
            let subject: String = commit.message.lines().next().unwrap_or_default().chars().take(100).collect();
            Some(Reason::History { commit: commit.id.clone(), subject })
        }
        Signal::HistoryIssues => Some(Reason::SameIssue),
        Signal::TiedByChange => tied(Tie::ChangedTogether),
        Signal::TiedByName => tied(Tie::Namesake),
        Signal::TiedByDefinition => tied(Tie::Definer),
        Signal::TiedByKin => tied(Tie::Kin),
        _ => None,
    }
}

/// Words of the query in a window, those that weigh most first.
fn window_words(evidence: &Evidence<'_>, group: &Group, row: usize, first: usize) -> Vec<String> {
    let lexical = Lexical { query: &evidence.query, statistics: &group.statistics };
    let blocks = group.hits.get(row).map(|hits| &*hits.blocks).unwrap_or_default();
    let inside = blocks.iter().filter(|(block, _, _)| (first..first + 2).contains(&usize::from(*block)));
    let mut terms: Vec<(f32, u16)> = inside.map(|(_, term, _)| (lexical.worth(*term).0, *term)).collect();
    terms.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    terms.dedup();
    let word = |(_, term): (f32, u16)| evidence.query.terms.get(usize::from(term)).map(|term| term.word.clone());
    terms.into_iter().take(MOST_WORDS).filter_map(word).collect()
}

fn path_words(evidence: &Evidence<'_>, file: usize) -> Vec<String> {
    let mut stems = Vec::new();
    super::words::subtokens(evidence.paths.get(file).map_or(b"", |path| path.as_bytes()), |token| {
        stems.push(super::query::stem_of(token));
    });
    let known = evidence.query.terms.iter().filter(|term| stems.contains(&term.stem));
    known.take(MOST_WORDS).map(|term| term.word.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_a_sentence_that_says_where() {
        let reasons = [
            Reason::Named,
            Reason::Path { words: vec!["cache".into()] },
            Reason::Window { first: 26, last: 75, words: vec!["stale".into(), "key".into()] },
            Reason::Defines { names: vec!["open_rw".into()] },
            Reason::Uses { names: vec!["open_ro".into()] },
            Reason::History { commit: "abc123".into(), subject: "Lock the cache".into() },
            Reason::SameIssue,
            Reason::TiedTo { path: "a.c".into(), how: Tie::Namesake },
        ];
        let text: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "the text names it",
                "its path has cache",
                "lines 26-75 have stale, key",
                "it defines open_rw",
                "it uses open_ro",
                "commit abc123 changed it: Lock the cache",
                "a past commit about the same issue changed it",
                "it is the counterpart of a.c",
            ]
        );
    }
}

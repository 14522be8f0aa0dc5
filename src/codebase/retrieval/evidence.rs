//! Everything known about the files for one question, before it is weighed: classes, hits, past, signals.

use super::RetrievalError;
use super::classify::{Class, Classifier};
use super::features::{Features, Signal};
use super::history::History;
use super::lexical::{Lexical, Statistics};
use super::pairing;
use super::past::Past;
use super::query::{Query, Question};
use super::scan::{BLOCK_LINES, Hits, scan};
use super::ties::{Ties, Top, ties, uses};
use super::tree::Tree;
use super::vocabulary::Vocabulary;
use super::weights;

/// Best source files to which others are tied.
const TOPS: usize = 4;

/// Files of one class with their hits and signals; all lists are by row.
pub(super) struct Group {
    /// Positions among the paths of the tree.
    pub(super) files: Vec<usize>,
    pub(super) hits: Vec<Hits>,
    pub(super) features: Features,
    pub(super) statistics: Statistics,
    /// The row among the sources that a file is tied to most.
    pub(super) tied_to: Vec<usize>,
}

pub(super) struct Evidence<'a> {
    pub(super) query: Query,
    pub(super) paths: &'a [String],
    pub(super) sources: Group,
    pub(super) tests: Group,
    pub(super) manifests: Vec<usize>,
    pub(super) past: Past,
    /// The source that ranks first on its own, by row: no companion goes before it.
    pub(super) best: Option<usize>,
}

pub(super) fn gather<'a>(
    tree: &'a dyn Tree,
    history: &History,
    question: &Question,
) -> Result<Evidence<'a>, RetrievalError> {
    let query = Query::parse(question);
    let vocabulary = Vocabulary::new(&query);
    let paths = tree.paths();
    let classes = Classifier::new()?;
    let (mut sources, mut tests, mut manifests) = (Vec::new(), Vec::new(), Vec::new());
    for (at, path) in paths.iter().enumerate() {
        match classes.class(path) {
            Class::Source => sources.push(at),
            Class::Test => tests.push(at),
            _ => {}
        }
        if classes.is_manifest(path) {
            manifests.push(at);
        }
    }
    let wanted: Vec<usize> = sources.iter().chain(&tests).copied().collect();
    let (hits, past) = std::thread::scope(|scope| {
        let past = scope.spawn(|| Past::new(history, &query, &vocabulary, paths));
        let hits = scan(tree, &wanted, &vocabulary);
        past.join().map_err(|_| RetrievalError::Thread).and_then(|past| Ok((hits?, past)))
    })?;
    let mut source_hits = hits;
    let test_hits = source_hits.split_off(sources.len());
    let mut sources = group(&query, paths, sources, source_hits, &past);
    let mut tests = group(&query, paths, tests, test_hits, &past);
    pair_tests(paths, &mut sources, &tests);
    let best = tie(tree, paths, &mut sources, &mut tests, &past)?;
    Ok(Evidence { query, paths, sources, tests, manifests, past, best })
}

fn group(query: &Query, paths: &[String], files: Vec<usize>, hits: Vec<Hits>, past: &Past) -> Group {
    let refs: Vec<&Hits> = hits.iter().collect();
    let statistics = Statistics::new(query, &refs);
    let features = Features::compute(query, paths, &files, &Lexical { query, statistics: &statistics }, &refs, past);
    let tied_to = vec![0; files.len()];
    Group { files, hits, features, statistics, tied_to }
}

fn names<'a>(paths: &'a [String], files: &[usize]) -> Vec<&'a str> {
    files.iter().map(|at| paths.get(*at).map_or("", String::as_str)).collect()
}

/// A source whose test speaks of the matter is likely to be the one.
fn pair_tests(paths: &[String], sources: &mut Group, tests: &Group) {
    let mut paired = vec![0.0_f32; sources.files.len()];
    for (test, source) in pairing::pairs(&names(paths, &tests.files), &names(paths, &sources.files)) {
        if let Some(slot) = paired.get_mut(source) {
            *slot = slot.max(tests.features.get(Signal::Window, test));
        }
    }
    sources.features.put(Signal::TestPair, paired);
}

/// The first ranking's best files, and what is tied to them.
fn tie(
    tree: &dyn Tree,
    paths: &[String],
    sources: &mut Group,
    tests: &mut Group,
    past: &Past,
) -> Result<Option<usize>, RetrievalError> {
    let mut first: Vec<(f32, usize)> =
        (0..sources.files.len()).map(|row| (weights::first_score(&sources.features, row), row)).collect();
    first.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    first.truncate(TOPS);
    let best = first.first().map_or(0.0, |(score, _)| *score);
    let mut reader = tree.reader()?;
    let mut bytes = Vec::new();
    let used: Vec<Vec<u32>> = first
        .iter()
        .map(|(_, row)| {
            let start = usize::from(sources.features.best_window.get(*row).copied().unwrap_or(0)) * BLOCK_LINES;
            let file = sources.files.get(*row).copied().unwrap_or(usize::MAX);
            if reader.read(file, &mut bytes) { uses(&bytes, start, 2 * BLOCK_LINES) } else { Vec::new() }
        })
        .collect();
    let tops: Vec<Top<'_>> = first
        .iter()
        .zip(&used)
        .map(|((score, row), uses)| Top { file: sources.files[*row], sure: (score - best).exp().max(0.2), uses })
        .collect();
    let definitions: Vec<&[u32]> = sources.hits.iter().map(|hits| &*hits.definitions).collect();
    let of_sources = ties(paths, &sources.files, &tops, &past.changes, &definitions);
    let of_tests = ties(paths, &tests.files, &tops, &past.changes, &[]);
    let rows: Vec<usize> = first.iter().map(|(_, row)| *row).collect();
    put(sources, of_sources, &rows);
    put(tests, of_tests, &rows);
    Ok(rows.first().copied())
}

fn put(group: &mut Group, ties: Ties, tops: &[usize]) {
    group.features.put(Signal::TiedByChange, ties.changed_together);
    group.features.put(Signal::TiedByName, ties.namesake);
    group.features.put(Signal::TiedByDefinition, ties.definer);
    group.features.put(Signal::TiedByFolder, ties.folder);
    group.features.put(Signal::TiedByKin, ties.kin);
    group.tied_to = ties.to.iter().map(|top| tops.get(*top).copied().unwrap_or(0)).collect();
}

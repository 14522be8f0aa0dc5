//! Retrieval from start to end: classify, scan, score, rank.

use super::RetrievalError;
use super::classify::{Class, Classifier};
use super::features::{Features, Signal};
use super::history::History;
use super::pairing;
use super::past::Past;
use super::query::{Query, Question};
use super::scan::{Hits, scan};
use super::tree::Tree;
use super::vocabulary::Vocabulary;
use super::weights::weight;

#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub path: String,
    pub score: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved {
    pub sources: Vec<Ranked>,
    pub tests: Vec<Ranked>,
}

/// Everything known about the files for one query, before they are weighed.
pub(super) struct Evidence<'a> {
    pub(super) query: Query,
    pub(super) paths: &'a [String],
    pub(super) sources: Vec<usize>,
    pub(super) tests: Vec<usize>,
    /// Hits of the sources, then of the tests.
    pub(super) hits: Vec<Hits>,
    pub(super) past: Past,
    pub(super) features: Features,
}

pub(super) fn gather<'a>(tree: &'a dyn Tree, history: &History, question: &Question) -> Result<Evidence<'a>, RetrievalError> {
    let query = Query::parse(question);
    let classifier = Classifier::new()?;
    let paths = tree.paths();
    let of_class = |class: Class| -> Vec<usize> {
        paths.iter().enumerate().filter(|(_, path)| classifier.class(path) == class).map(|(at, _)| at).collect()
    };
    let (sources, tests) = (of_class(Class::Source), of_class(Class::Test));
    let wanted: Vec<usize> = sources.iter().chain(&tests).copied().collect();
    let vocabulary = Vocabulary::new(&query);
    let past = Past::new(history, &query, &vocabulary, paths);
    let hits = scan(tree, &wanted, &vocabulary)?;
    let (source_hits, test_hits) = hits.split_at(sources.len());
    let test_refs: Vec<&Hits> = test_hits.iter().collect();
    let test_scores = test_windows(&query, &test_refs);
    let name = |at: &usize| paths.get(*at).map_or("", String::as_str);
    let source_names: Vec<&str> = sources.iter().map(name).collect();
    let test_names: Vec<&str> = tests.iter().map(name).collect();
    let pairs: Vec<(f32, usize)> = pairing::pairs(&test_names, &source_names)
        .into_iter()
        .map(|(test, source)| (test_scores.get(test).copied().unwrap_or(0.0), source))
        .collect();
    let refs: Vec<&Hits> = source_hits.iter().collect();
    let features = Features::compute(&query, paths, &sources, &refs, &past, &pairs);
    Ok(Evidence { query, paths, sources, tests, hits, past, features })
}

fn test_windows(query: &Query, hits: &[&Hits]) -> Vec<f32> {
    let statistics = super::lexical::Statistics::new(query, hits);
    let lexical = super::lexical::Lexical { query, statistics: &statistics };
    hits.iter().map(|hit| lexical.windows(hit).best).collect()
}

/// Ranks the files of `tree` for a question; an empty history degrades the ranking and nothing else.
pub fn retrieve(tree: &dyn Tree, history: &History, question: &Question) -> Result<Retrieved, RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let mut sources: Vec<Ranked> = (0..evidence.features.rows)
        .map(|row| {
            let score = Signal::ALL.iter().map(|signal| weight(*signal) * evidence.features.get(*signal, row)).sum();
            Ranked { path: evidence.paths[evidence.sources[row]].clone(), score }
        })
        .collect();
    sources.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    Ok(Retrieved { sources, tests: Vec::new() })
}

/// Signals of every source file, for fitting weights: names, then (path, values).
pub fn signals_of(tree: &dyn Tree, history: &History, question: &Question) -> Result<(Vec<&'static str>, Vec<(String, Vec<f32>)>), RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let names = Signal::ALL.iter().map(|signal| signal.name()).collect();
    let rows = (0..evidence.features.rows).map(|row| (evidence.paths[evidence.sources[row]].clone(), evidence.features.row(row)));
    Ok((names, rows.collect()))
}

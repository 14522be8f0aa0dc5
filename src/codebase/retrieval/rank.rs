//! Retrieval from start to end: gather, weigh, order.

use super::RetrievalError;
use super::evidence::{Group, gather};
use super::features::{Features, Signal};
use super::history::History;
use super::query::Question;
use super::tree::Tree;
use super::weights::{score, test_score};

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

/// Ranks the files of `tree` for a question; an empty history degrades the ranking and nothing else.
pub fn retrieve(tree: &dyn Tree, history: &History, question: &Question) -> Result<Retrieved, RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let sources = order(evidence.paths, &evidence.sources, score);
    let tests = order(evidence.paths, &evidence.tests, test_score);
    Ok(Retrieved { sources, tests })
}

fn order(paths: &[String], group: &Group, score: fn(&Features, usize) -> f32) -> Vec<Ranked> {
    let path = |row: usize| group.files.get(row).and_then(|at| paths.get(*at)).cloned().unwrap_or_default();
    let mut all: Vec<Ranked> =
        (0..group.files.len()).map(|row| Ranked { path: path(row), score: score(&group.features, row) }).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    all
}

/// Signals of every source and every test, for fitting weights: the names, then (path, values) of each.
pub type Signals = (Vec<&'static str>, Vec<(String, Vec<f32>)>, Vec<(String, Vec<f32>)>);

pub fn signals_of(tree: &dyn Tree, history: &History, question: &Question) -> Result<Signals, RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let names = Signal::ALL.iter().map(|signal| signal.name()).collect();
    let rows = |group: &Group| {
        let path = |row: usize| group.files.get(row).and_then(|at| evidence.paths.get(*at)).cloned().unwrap_or_default();
        (0..group.files.len()).map(|row| (path(row), group.features.row(row))).collect()
    };
    Ok((names, rows(&evidence.sources), rows(&evidence.tests)))
}

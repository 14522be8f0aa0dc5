//! How well the ranker finds the files that a fix changed: `cargo bench --bench localize`.
//!
//! Reads `$AUTONOMY_LOCALIZE_CORPUS/*.jsonl` (a case a line: `repo, commit, parent, text, gold_files, changed_tests, hard`) and
//! git directories `$AUTONOMY_REPOS/<owner>+<name>/repo`. Every ranker sees the same candidates: the source files of the parent's
//! tree. Optional: `AUTONOMY_LOCALIZE_CASES` (cases a repository), `AUTONOMY_LOCALIZE_ONLY` (names, comma-separated),
//! `AUTONOMY_LOCALIZE_JSON` (a file for the figures), `AUTONOMY_LOCALIZE_COST_EVERY` (each n-th case is also run in a process of
//! its own for seconds and peak memory; 10 unless told), `AUTONOMY_LOCALIZE_SIGNALS` (a file for the signals, to fit weights).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its table and where it stands")]
#![expect(clippy::cast_precision_loss, reason = "counts of cases and files are small")]

mod baselines;
mod corpus;
mod cost;
mod measure;
mod signals;

use std::collections::BTreeMap;

use autonomy::codebase::retrieval::{CommitTree, History, Limits, Question, RetrievalError, Retrieved, retrieve};

use corpus::{Blobs, Case};
use measure::{Figures, Row};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|one| one == "--one") {
        return cost::child(&arguments[at + 1..]);
    }
    let (Some(corpus), Some(repos)) = (setting("AUTONOMY_LOCALIZE_CORPUS"), setting("AUTONOMY_REPOS")) else {
        println!(
            "set AUTONOMY_LOCALIZE_CORPUS (a folder of .jsonl) and AUTONOMY_REPOS (a folder of git directories) to measure"
        );
        return Ok(());
    };
    let limit = setting("AUTONOMY_LOCALIZE_CASES").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let every: usize = setting("AUTONOMY_LOCALIZE_COST_EVERY").and_then(|text| text.parse().ok()).unwrap_or(10);
    let only = setting("AUTONOMY_LOCALIZE_ONLY");
    let mut rows: BTreeMap<(String, &'static str), Figures> = BTreeMap::new();
    let mut costs = cost::Costs::default();
    let mut dump = setting("AUTONOMY_LOCALIZE_SIGNALS").map(|path| signals::Dump::create(path.as_ref())).transpose()?;
    for (name, cases) in corpus::read(corpus.as_ref(), limit)? {
        if only.as_ref().is_some_and(|only| !only.split(',').any(|one| one == name)) {
            continue;
        }
        let folder = corpus::repository(repos.as_ref(), &name);
        eprintln!("{name}: {} cases from {}", cases.len(), folder.display());
        let mut blobs = Blobs::default();
        for (number, case) in cases.iter().enumerate() {
            let tree = blobs.tree(&CommitTree::open(&folder, &case.parent)?)?;
            let history = History::read(&folder, &case.parent);
            if let Some(dump) = dump.as_mut() {
                dump.case(&tree, &history, case)?;
                continue;
            }
            for (ranker, ranking) in rankings(&tree, &history, case)? {
                rows.entry((name.clone(), ranker)).or_default().add(case, &ranking);
            }
            if every > 0 && number % every == 0 {
                costs.measure(&folder, case)?;
            }
        }
    }
    if dump.is_none() {
        let table = measure::table(&rows, &costs);
        println!("{table}");
        if let Some(path) = setting("AUTONOMY_LOCALIZE_JSON") {
            std::fs::write(path, serde_json::to_vec_pretty(&measure::json(&rows, &costs))?)?;
        }
    }
    Ok(())
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn rankings(tree: &corpus::Cached, history: &History, case: &Case) -> Result<Vec<(&'static str, Row)>, RetrievalError> {
    let question = Question::from_text(&case.text);
    let title = Question { title: question.title.clone(), body: String::new() };
    // Ranks behind the hundredth count as not found.
    let limits = Limits { sources: 100, tests: 100, ..Limits::default() };
    let row = |ranked: Retrieved| Row {
        sources: ranked.sources.into_iter().map(|one| one.path).collect(),
        tests: ranked.tests.into_iter().map(|one| one.path).collect(),
    };
    let mut found = vec![
        ("product", row(retrieve(tree, history, &question, limits)?)),
        ("product, title only", row(retrieve(tree, history, &title, limits)?)),
        ("product, no history", row(retrieve(tree, &History::default(), &question, limits)?)),
    ];
    found.extend(baselines::rankings(tree, &case.text)?);
    Ok(found)
}

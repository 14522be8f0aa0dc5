//! What the product is compared with: BM25 over content and path, and identifiers counted as with a search tool.

use std::collections::{HashMap, HashSet};

use autonomy::codebase::retrieval::{Class, Classifier, RetrievalError, Tree};

use crate::measure::Row;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Rankings of the candidates by each baseline, sources and tests apart.
pub(crate) fn rankings(tree: &dyn Tree, text: &str) -> Result<Vec<(&'static str, Row)>, RetrievalError> {
    let classifier = Classifier::new()?;
    let of = |class: Class| -> Vec<usize> {
        (0..tree.paths().len()).filter(|at| classifier.class(&tree.paths()[*at]) == class).collect()
    };
    let sources = rank(tree, &of(Class::Source), text)?;
    let tests = rank(tree, &of(Class::Test), text)?;
    let names = ["BM25", "identifiers counted", "distinct identifiers"];
    let rows = sources.into_iter().zip(tests).map(|(sources, tests)| Row { sources, tests });
    Ok(names.into_iter().zip(rows).collect())
}

struct Document {
    path: String,
    length: f64,
    words: HashMap<String, f64>,
    names: HashMap<String, f64>,
}

pub(crate) fn rank(tree: &dyn Tree, wanted: &[usize], text: &str) -> Result<[Vec<String>; 3], RetrievalError> {
    let asked: HashSet<String> = words(text).into_iter().filter(|word| word.len() >= 2).collect();
    let names: HashSet<&str> = identifiers(text).filter(|word| word.len() >= 4).collect();
    let read = |part: &[usize]| -> Result<Vec<Document>, RetrievalError> {
        let mut reader = tree.reader()?;
        let mut bytes = Vec::new();
        let mut all = Vec::new();
        for at in part {
            if !reader.read(*at, &mut bytes) {
                bytes.clear();
            }
            all.push(document(&tree.paths()[*at], &String::from_utf8_lossy(&bytes), &asked, &names));
        }
        Ok(all)
    };
    let half = wanted.len() / 2;
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(&wanted[half..]));
        (read(&wanted[..half]), other.join().unwrap_or(Err(RetrievalError::Thread)))
    });
    let mut documents = first?;
    documents.extend(second?);
    let total = documents.len() as f64;
    let average = documents.iter().map(|one| one.length).sum::<f64>() / total.max(1.0);
    let rarity: HashMap<&String, f64> = asked
        .iter()
        .map(|word| {
            let frequency = documents.iter().filter(|one| one.words.contains_key(word)).count() as f64;
            (word, ((total - frequency + 0.5) / (frequency + 0.5)).ln_1p())
        })
        .collect();
    let bm25 = |one: &Document| {
        let mut known: Vec<_> = one.words.iter().collect();
        known.sort_by_key(|(word, _)| *word);
        let norm = K1 * (1.0 - B + B * one.length / average);
        known.iter().map(|(word, count)| rarity[word] * *count * (K1 + 1.0) / (*count + norm)).sum::<f64>()
    };
    let counted = |one: &Document| one.names.values().sum::<f64>();
    let distinct = |one: &Document| one.names.len() as f64 * 1e9 + counted(one);
    Ok([order(&documents, bm25), order(&documents, counted), order(&documents, distinct)])
}

fn document(path: &str, text: &str, asked: &HashSet<String>, names: &HashSet<&str>) -> Document {
    let mut found = Document { path: path.to_owned(), length: 0.0, words: HashMap::new(), names: HashMap::new() };
    for identifier in identifiers(text) {
        if names.contains(identifier) {
            *found.names.entry(identifier.to_owned()).or_insert(0.0) += 1.0;
        }
    }
    for word in words(text).into_iter().chain(words(path)) {
        found.length += 1.0;
        if asked.contains(&word) {
            *found.words.entry(word).or_insert(0.0) += 1.0;
        }
    }
    found
}

fn order(documents: &[Document], score: impl Fn(&Document) -> f64) -> Vec<String> {
    let mut all: Vec<(f64, &str)> = documents.iter().map(|one| (score(one), one.path.as_str())).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    all.into_iter().map(|(_, path)| path.to_owned()).collect()
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// Lower-case words, identifiers split at humps and underscores.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && lower_before) {
            if word.len() >= 2 {
                found.push(std::mem::take(&mut word));
            }
            word.clear();
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase();
    }
    if word.len() >= 2 {
        found.push(word);
    }
    found
}

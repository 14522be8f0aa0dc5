//! Which files an issue is about: a weighted sum of lexical features, each divided by its maximum in the query.
//!
//! No model and no history yet; the features and weights are those that generalised in the reference study. Tests are
//! ranked apart, because they would crowd out the source they test.

use super::index::{FileClass, Index};
use super::query::{PathMention, Query, stems, words};
use super::scan::{BLOCK_LINES, Scan, Scanner};
use super::text::is_binary;
use crate::domain::change::RepoPath;
use crate::ports::checkout::{Checkout, CheckoutError};

/// The most bytes that are read for one ranking; what lies beyond is counted as skipped.
pub const MAX_SCANNED_BYTES: u64 = 400 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub path: RepoPath,
    pub score: f64,
    /// What the score is made of, greatest share first.
    pub reasons: Vec<Reason>,
    /// The 1-based lines that answer the query best.
    pub window: (usize, usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub feature: &'static str,
    pub points: f64,
}

/// Best first; ties by path. Files without any evidence are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking {
    pub sources: Vec<Ranked>,
    pub tests: Vec<Ranked>,
    /// Files that were read.
    pub scanned: usize,
    /// Files that should have been read and were not: too many bytes, unreadable, binary.
    pub skipped: usize,
}

pub async fn rank(checkout: &dyn Checkout, index: &Index, query: &Query) -> Result<Ranking, CheckoutError> {
    let mut scanned: Vec<(RepoPath, FileClass, Scan)> = Vec::new();
    let mut scanner = Scanner::new(query);
    let (mut skipped, mut bytes_left) = (0, MAX_SCANNED_BYTES);
    for file in &index.files {
        // Other files count only where the issue names them.
        let mentioned = query.paths.iter().any(|at| mention(at, file.path.as_str()) >= 1.0);
        let wanted = matches!(file.class, FileClass::Source | FileClass::Test)
            || (mentioned && matches!(file.class, FileClass::Doc | FileClass::Config));
        if !wanted {
            continue;
        }
        let bytes = if file.size <= bytes_left { checkout.read(&file.path).await.ok().flatten() } else { None };
        match bytes {
            Some(bytes) if !is_binary(&bytes) => {
                bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
                let scan = scanner.scan(&bytes);
                scanned.push((file.path.clone(), file.class, scan));
            }
            _ => skipped += 1,
        }
    }
    let count = scanned.len();
    let (tests, sources): (Vec<_>, Vec<_>) = scanned.into_iter().partition(|(_, class, _)| *class == FileClass::Test);
    let sources = score(query, &strip(sources), &[]);
    let stems: Vec<String> = sources.iter().take(5).map(|file| stem_of(file.path.as_str())).collect();
    let tests = score(query, &strip(tests), &stems);
    Ok(Ranking { sources, tests, scanned: count, skipped })
}

fn strip(files: Vec<(RepoPath, FileClass, Scan)>) -> Vec<(RepoPath, Scan)> {
    files.into_iter().map(|(path, _, scan)| (path, scan)).collect()
}

/// A feature's name, weight and value for each file.
struct Feature {
    name: &'static str,
    weight: f64,
    values: Vec<f64>,
}

fn score(query: &Query, files: &[(RepoPath, Scan)], source_stems: &[String]) -> Vec<Ranked> {
    let corpus = Corpus::of(query, files);
    let windows: Vec<(f64, (usize, usize))> = files.iter().map(|(_, scan)| corpus.best_window(scan)).collect();
    let each = |value: &dyn Fn(&RepoPath, &Scan) -> f64| files.iter().map(|(path, scan)| value(path, scan)).collect();
    let identifiers = |found: &std::collections::BTreeSet<usize>| float(found.len());
    let features = [
        Feature { name: "content", weight: 2.0, values: each(&|_, scan| corpus.content(scan)) },
        Feature { name: "window", weight: 3.2, values: windows.iter().map(|window| window.0).collect() },
        Feature { name: "path", weight: 1.0, values: each(&|path, _| corpus.path(path.as_str())) },
        Feature {
            name: "definitions",
            weight: 0.6,
            values: each(&|_, scan| scan.defined_terms.iter().map(|term| corpus.weight(*term)).sum()),
        },
        Feature { name: "defined identifier", weight: 1.3, values: each(&|_, scan| identifiers(&scan.defined)) },
        Feature { name: "referenced identifier", weight: 1.5, values: each(&|_, scan| identifiers(&scan.referenced)) },
        Feature { name: "coverage", weight: 0.5, values: each(&|_, scan| corpus.coverage(scan)) },
        Feature {
            name: "named in the issue",
            weight: 3.1,
            values: each(&|path, _| query.paths.iter().map(|at| mention(at, path.as_str())).fold(0.0, f64::max)),
        },
        Feature {
            name: "named with a line",
            weight: 3.0,
            values: each(&|path, _| {
                let traces = query.paths.iter().filter(|at| at.line.is_some());
                traces.map(|at| mention(at, path.as_str())).fold(0.0, f64::max)
            }),
        },
        Feature { name: "file name in title", weight: 1.3, values: each(&|path, _| in_title(query, path.as_str())) },
        Feature {
            name: "tests a likely file",
            weight: 2.0,
            values: each(&|path, _| {
                let own = stem_of(path.as_str());
                float(usize::from(source_stems.iter().any(|stem| !stem.is_empty() && own.contains(stem.as_str()))))
            }),
        },
    ];
    let mut ranked: Vec<Ranked> = Vec::new();
    for (at, (path, scan)) in files.iter().enumerate() {
        let mut reasons: Vec<Reason> = Vec::new();
        for feature in &features {
            let most = feature.values.iter().copied().fold(0.0, f64::max);
            let value = feature.values.get(at).copied().unwrap_or_default();
            if most > 0.0 && value > 0.0 {
                reasons.push(Reason { feature: feature.name, points: feature.weight * value / most });
            }
        }
        if reasons.is_empty() {
            continue;
        }
        reasons.sort_by(|a, b| b.points.total_cmp(&a.points));
        let size = -0.5 * (float(scan.lines) / 5_000.0).min(1.0);
        let score = reasons.iter().map(|reason| reason.points).sum::<f64>() + size;
        let named = query.paths.iter().filter(|at| mention(at, path.as_str()) > 0.0).find_map(|at| at.line);
        let window = match (named, windows.get(at)) {
            (Some(line), _) if line <= scan.lines => around(line, scan.lines),
            (_, Some((points, window))) if *points > 0.0 => *window,
            _ => (1, scan.lines.min(2 * BLOCK_LINES)),
        };
        ranked.push(Ranked { path: path.clone(), score, reasons, window });
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    ranked
}

/// Document frequencies and mean lengths, as BM25 needs them.
struct Corpus<'q> {
    query: &'q Query,
    /// Weight of each term times its inverse document frequency.
    weights: Vec<f64>,
    mean_words: f64,
    mean_window: f64,
}

const K1: f64 = 1.2;
const B: f64 = 0.75;

impl<'q> Corpus<'q> {
    fn of(query: &'q Query, files: &[(RepoPath, Scan)]) -> Self {
        let count = float(files.len());
        let weight = |(term, (_, weight)): (usize, &(String, f64))| {
            let holding = files.iter().filter(|(_, scan)| scan.terms.get(term).is_some_and(|count| *count > 0)).count();
            weight * (1.0 + (count - float(holding) + 0.5) / (float(holding) + 0.5)).ln()
        };
        let weights = query.terms.iter().enumerate().map(weight).collect();
        let words: u64 = files.iter().map(|(_, scan)| u64::from(scan.words)).sum();
        let lines: usize = files.iter().map(|(_, scan)| scan.lines).sum();
        let mean_words = (big(words) / count.max(1.0)).max(1.0);
        let mean_window = (big(words) / float(lines).max(1.0) * float(2 * BLOCK_LINES)).max(1.0);
        Self { query, weights, mean_words, mean_window }
    }

    fn weight(&self, term: usize) -> f64 {
        self.weights.get(term).copied().unwrap_or_default()
    }

    fn bm25(&self, term: usize, count: u32, length: f64, mean: f64) -> f64 {
        let count = f64::from(count);
        self.weight(term) * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / mean))
    }

    fn content(&self, scan: &Scan) -> f64 {
        let length = f64::from(scan.words);
        let counts = scan.terms.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(|(term, count)| self.bm25(term, *count, length, self.mean_words)).sum()
    }

    /// The best two neighbouring blocks, and their lines.
    fn best_window(&self, scan: &Scan) -> (f64, (usize, usize)) {
        let mut best = (0.0, (1, scan.lines.min(2 * BLOCK_LINES)));
        for (at, block) in scan.blocks.iter().enumerate() {
            let next = scan.blocks.get(at + 1).filter(|next| next.number == block.number + 1);
            let mut counts: std::collections::BTreeMap<usize, u32> = block.terms.iter().copied().collect();
            for (term, count) in next.iter().flat_map(|next| &next.terms) {
                *counts.entry(*term).or_default() += count;
            }
            let length = f64::from(block.words + next.map_or(0, |next| next.words));
            let points = counts.iter().map(|(term, count)| self.bm25(*term, *count, length, self.mean_window)).sum();
            if points > best.0 {
                let first = block.number * BLOCK_LINES + 1;
                best = (points, (first, (first + 2 * BLOCK_LINES - 1).min(scan.lines)));
            }
        }
        best
    }

    fn path(&self, path: &str) -> f64 {
        let parts: Vec<String> = words(path).flat_map(stems).collect();
        let terms = self.query.terms.iter().enumerate().filter(|(_, (term, _))| parts.contains(term));
        terms.map(|(at, (_, weight))| weight * self.weight(at).max(0.1)).sum::<f64>() / float(parts.len().max(3))
    }

    /// The share of the query's weight that the file has at all.
    fn coverage(&self, scan: &Scan) -> f64 {
        let all: f64 = self.weights.iter().sum();
        let had = scan.terms.iter().enumerate().filter(|(_, count)| **count > 0).map(|(term, _)| self.weight(term));
        if all > 0.0 { had.sum::<f64>() / all } else { 0.0 }
    }
}

/// 1 for a whole path or its tail at a folder, 0.5 for the name alone.
fn mention(at: &PathMention, path: &str) -> f64 {
    let (at, path) = (at.path.to_lowercase(), path.to_lowercase());
    let tail =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|head| head.is_empty() || head.ends_with('/'));
    if at == path || (at.contains('/') && (tail(&path, &at) || tail(&at, &path))) {
        return 1.0;
    }
    if !at.contains('/') && path.rsplit('/').next() == Some(at.as_str()) { 0.5 } else { 0.0 }
}

fn in_title(query: &Query, path: &str) -> f64 {
    let own: Vec<String> = words(&stem_of(path)).flat_map(stems).collect();
    let said = own.iter().filter(|part| query.title.contains(part)).count();
    if own.is_empty() { 0.0 } else { float(said) / float(own.len()) }
}

/// `src/wrap_text.rs` → `wrap_text`.
fn stem_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').find(|part| !part.is_empty()).unwrap_or_default().to_owned()
}

fn around(line: usize, lines: usize) -> (usize, usize) {
    let first = line.saturating_sub(BLOCK_LINES).max(1);
    (first, (first + 2 * BLOCK_LINES - 1).min(lines))
}

#[expect(clippy::cast_precision_loss, reason = "counts of files and lines stay far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of words stay far below 2^53")]
fn big(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    async fn ranked(files: &[(&str, &[u8])], title: &str, body: &str) -> Ranking {
        let checkout = FakeCheckout::new(files);
        let index = Index::of(&checkout).await.unwrap();
        rank(&checkout, &index, &Query::of(title, body)).await.unwrap()
    }

    fn paths(ranked: &[Ranked]) -> Vec<&str> {
        ranked.iter().map(|file| file.path.as_str()).collect()
    }

    #[tokio::test]
    async fn the_file_that_is_about_the_issue_comes_first() {
        let files: &[(&str, &[u8])] = &[
            ("src/wrap.rs", b"/// Wraps text at a column.\npub fn wrap(text: &str) {}\n"),
            ("src/color.rs", b"pub fn color(text: &str) {}\n"),
            ("src/main.rs", b"mod wrap;\nmod color;\nfn main() { wrap::wrap(\"x\") }\n"),
            ("tests/wrap.rs", b"#[test] fn wraps() {}\n"),
            ("README.md", b"wrap wrap wrap\n"),
        ];
        let ranking = ranked(files, "Wrapping text loses the last word", "").await;
        assert_eq!(paths(&ranking.sources)[0], "src/wrap.rs");
        assert_eq!(paths(&ranking.tests), ["tests/wrap.rs"]);
        assert!(ranking.sources[0].reasons.iter().any(|reason| reason.feature == "window"));
        assert_eq!((ranking.scanned, ranking.skipped), (4, 0));
    }

    #[tokio::test]
    async fn a_stack_trace_wins_and_gives_the_window() {
        let long = "let text = panics(1);\n".repeat(400);
        let files: &[(&str, &[u8])] =
            &[("src/deep/a.rs", long.as_bytes()), ("src/crash.rs", b"fn main() { crash() }\n")];
        let ranking = ranked(files, "It panics with a crash", "thread main at src/deep/a.rs:300:5").await;
        assert_eq!(paths(&ranking.sources)[0], "src/deep/a.rs");
        assert_eq!(ranking.sources[0].window, (275, 324));
    }

    #[tokio::test]
    async fn the_best_window_is_where_the_terms_stand_together() {
        let text = format!("{}fn flush_buffer() {{ buffer.flush() }}\n{}", "x\n".repeat(120), "y\n".repeat(120));
        let ranking = ranked(&[("a.rs", text.as_bytes())], "Flush the buffer", "").await;
        let (first, last) = ranking.sources[0].window;
        assert!(first <= 121 && 121 <= last, "{first}-{last}");
    }

    #[tokio::test]
    async fn a_document_counts_only_when_it_is_named() {
        let files: &[(&str, &[u8])] = &[("docs/guide.md", b"install\n"), ("src/install.rs", b"install\n")];
        assert_eq!(paths(&ranked(files, "install", "").await.sources), ["src/install.rs"]);
        let named = ranked(files, "Typo", "in docs/guide.md").await;
        assert_eq!(paths(&named.sources), ["docs/guide.md"]);
    }

    #[tokio::test]
    async fn the_order_is_the_same_every_time_and_nothing_is_no_panic() {
        let files: &[(&str, &[u8])] = &[("b.rs", b"word\n"), ("a.rs", b"word\n")];
        assert_eq!(paths(&ranked(files, "word", "").await.sources), ["a.rs", "b.rs"]);
        assert_eq!(ranked(files, "🎉", "").await.sources, []);
        assert_eq!(ranked(&[], "word", "").await, Ranking::default());
        assert_eq!(ranked(&[("a.rs", b"\0word")], "word", "").await.skipped, 1);
    }
}

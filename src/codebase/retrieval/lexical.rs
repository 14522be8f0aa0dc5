//! BM25 over whole files, windows of lines, names and neighbouring words of the query.

use super::query::Query;
use super::scan::Hits;

const K1: f32 = 1.2;
const B: f32 = 0.75;
const WINDOW_K1: f32 = 1.0;

/// How rare each part of the query is among the candidates.
pub(super) struct Statistics {
    pub(super) terms: Vec<f32>,
    pairs: Vec<f32>,
    names: Vec<f32>,
    defined_names: Vec<f32>,
    defined_terms: Vec<f32>,
    average: f32,
    /// Sum of weight times rarity: what a file with every term would have.
    whole: f32,
}

#[expect(clippy::cast_precision_loss, reason = "numbers of files and counts are far below 2^24")]
pub(super) fn float(count: usize) -> f32 {
    count as f32
}

pub(super) fn idf(total: f32, frequency: f32) -> f32 {
    ((total - frequency + 0.5) / (frequency + 0.5)).ln_1p()
}

impl Statistics {
    pub(super) fn new(query: &Query, hits: &[&Hits]) -> Self {
        let total = float(hits.len());
        let mut terms = vec![0.0_f32; query.terms.len()];
        let mut pairs = vec![0.0_f32; query.pairs.len()];
        let mut names = vec![0.0_f32; query.names.len()];
        let mut defined_names = vec![0.0_f32; query.names.len()];
        let mut defined_terms = vec![0.0_f32; query.terms.len()];
        let bump = |counts: &mut [f32], id: u16| {
            if let Some(count) = counts.get_mut(usize::from(id)) {
                *count += 1.0;
            }
        };
        let mut tokens = 0.0_f64;
        for hit in hits {
            tokens += f64::from(hit.tokens);
            hit.terms.iter().for_each(|(id, _)| bump(&mut terms, *id));
            hit.pairs.iter().for_each(|(id, _)| bump(&mut pairs, *id));
            hit.names.iter().for_each(|(id, _)| bump(&mut names, *id));
            hit.defined_names.iter().for_each(|id| bump(&mut defined_names, *id));
            hit.defined_terms.iter().for_each(|(id, _)| bump(&mut defined_terms, *id));
        }
        for counts in [&mut terms, &mut pairs, &mut names, &mut defined_names, &mut defined_terms] {
            for count in counts {
                *count = idf(total, *count);
            }
        }
        let whole = query.terms.iter().zip(&terms).map(|(term, rarity)| term.weight * rarity).sum();
        #[expect(clippy::cast_possible_truncation, reason = "an average length fits")]
        let average = (tokens / f64::from(total.max(1.0))) as f32;
        Self { terms, pairs, names, defined_names, defined_terms, average: average.max(1.0), whole }
    }
}

pub(super) struct Lexical<'a> {
    pub(super) query: &'a Query,
    pub(super) statistics: &'a Statistics,
}

pub(super) struct Content {
    pub(super) all: f32,
    pub(super) title: f32,
    /// Share of the query's weight that stands in the file.
    pub(super) coverage: f32,
}

#[derive(Default)]
pub(super) struct Windows {
    pub(super) best: f32,
    /// The best three that do not overlap, the second and third counting less.
    pub(super) sum: f32,
    pub(super) block: f32,
    pub(super) title: f32,
    /// Share of the query's weight that stands in the best window.
    pub(super) coverage: f32,
    pub(super) at: u16,
}

struct Window {
    at: u16,
    score: f32,
    title: f32,
    coverage: f32,
    /// Score of its last block alone.
    block: f32,
}

/// The best three that do not overlap.
fn apart(mut found: Vec<(f32, u16)>) -> Vec<(f32, u16)> {
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut taken: Vec<(f32, u16)> = Vec::new();
    for one in found {
        if taken.iter().all(|(_, other)| other.abs_diff(one.1) >= 2) {
            taken.push(one);
        }
        if taken.len() == 3 {
            break;
        }
    }
    taken
}

impl Lexical<'_> {
    pub(super) fn worth(&self, term: u16) -> (f32, bool) {
        let at = usize::from(term);
        let rarity = self.statistics.terms.get(at).copied().unwrap_or(0.0);
        self.query.terms.get(at).map_or((0.0, false), |term| (term.weight * rarity, term.in_title))
    }

    pub(super) fn content(&self, hit: &Hits) -> Content {
        let norm = K1 * (1.0 - B + B * float(hit.tokens as usize) / self.statistics.average);
        let mut content = Content { all: 0.0, title: 0.0, coverage: 0.0 };
        for (term, count) in &hit.terms {
            let (worth, in_title) = self.worth(*term);
            let count = float(*count as usize);
            let score = worth * count * (K1 + 1.0) / (count + norm);
            content.all += score;
            content.coverage += worth;
            if in_title {
                content.title += score;
            }
        }
        content.coverage /= self.statistics.whole.max(f32::MIN_POSITIVE);
        content
    }

    pub(super) fn windows(&self, hit: &Hits) -> Windows {
        let mut result = Windows::default();
        let mut found: Vec<(f32, u16)> = Vec::new();
        self.each_window(hit, |window| {
            result.block = result.block.max(window.block);
            result.title = result.title.max(window.title);
            if window.score > result.best {
                (result.best, result.at, result.coverage) = (window.score, window.at, window.coverage);
            }
            found.push((window.score, window.at));
        });
        for (taken, (score, _)) in apart(found).into_iter().enumerate() {
            result.sum += score / float(taken + 1);
        }
        result
    }

    /// The best windows that do not overlap, best first: score and first block.
    pub(super) fn best_windows(&self, hit: &Hits) -> Vec<(f32, u16)> {
        let mut found = Vec::new();
        self.each_window(hit, |window| found.push((window.score, window.at)));
        apart(found)
    }

    fn each_window(&self, hit: &Hits, mut each: impl FnMut(Window)) {
        let mut rest: &[(u16, u16, u16)] = &hit.blocks;
        let mut before: &[(u16, u16, u16)] = &[];
        while let Some(first) = rest.first() {
            let block = first.0;
            let (this, next) = rest.split_at(rest.iter().take_while(|one| one.0 == block).count());
            rest = next;
            let alone = self.window(this, &[]);
            let joined = before.first().is_some_and(|earlier| earlier.0 + 1 == block);
            let (score, title, coverage) = if joined { self.window(before, this) } else { alone };
            each(Window { at: if joined { block - 1 } else { block }, score, title, coverage, block: alone.0 });
            before = this;
        }
    }

    /// Score, score of the title's terms and coverage of two blocks, each sorted by term.
    fn window(&self, first: &[(u16, u16, u16)], second: &[(u16, u16, u16)]) -> (f32, f32, f32) {
        let (mut a, mut b) = (first.iter().peekable(), second.iter().peekable());
        let (mut score, mut title, mut coverage) = (0.0, 0.0, 0.0);
        loop {
            let (term, count) = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) if x.1 == y.1 => {
                    let both = (x.1, u32::from(x.2) + u32::from(y.2));
                    a.next();
                    b.next();
                    both
                }
                (Some(x), Some(y)) if x.1 > y.1 => {
                    let one = (y.1, u32::from(y.2));
                    b.next();
                    one
                }
                (Some(x), _) => {
                    let one = (x.1, u32::from(x.2));
                    a.next();
                    one
                }
                (None, Some(y)) => {
                    let one = (y.1, u32::from(y.2));
                    b.next();
                    one
                }
                (None, None) => break,
            };
            let (worth, in_title) = self.worth(term);
            let count = float(count as usize);
            let part = worth * count * (WINDOW_K1 + 1.0) / (count + WINDOW_K1);
            score += part;
            coverage += worth;
            if in_title {
                title += part;
            }
        }
        (score, title, coverage / self.statistics.whole.max(f32::MIN_POSITIVE))
    }

    pub(super) fn pairs(&self, hit: &Hits) -> f32 {
        let worth = |(id, count): &(u16, u16)| {
            let count = f32::from(*count);
            self.statistics.pairs.get(usize::from(*id)).copied().unwrap_or(0.0) * count / (count + 1.0)
        };
        hit.pairs.iter().map(worth).sum()
    }

    pub(super) fn defined_terms(&self, hit: &Hits) -> f32 {
        let worth = |(id, count): &(u16, u16)| {
            let at = usize::from(*id);
            let count = f32::from(*count);
            let weight = self.query.terms.get(at).map_or(0.0, |term| term.weight);
            weight * self.statistics.defined_terms.get(at).copied().unwrap_or(0.0) * count / (count + 1.0)
        };
        hit.defined_terms.iter().map(worth).sum()
    }

    /// Worth of the names as written that the file defines, and that it mentions.
    pub(super) fn names(&self, hit: &Hits) -> (f32, f32) {
        let weight = |id: u16| self.query.names.get(usize::from(id)).map_or(0.0, |name| name.weight);
        let rarity = |all: &[f32], id: u16| all.get(usize::from(id)).copied().unwrap_or(0.0);
        let defined =
            hit.defined_names.iter().map(|id| weight(*id) * rarity(&self.statistics.defined_names, *id)).sum();
        let referenced = hit.names.iter().map(|(id, count)| {
            let count = f32::from(*count);
            weight(*id) * rarity(&self.statistics.names, *id) * count / (count + 0.5)
        });
        (defined, referenced.sum())
    }
}

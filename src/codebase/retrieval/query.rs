//! The text of an issue as a query: weighted stems, exact names, neighbouring words. Mentions of places are in `mentions`.

use std::collections::BTreeMap;

use super::mentions::{self, Mentions};
use super::words::{in_identifier, is_stop, stem, subtokens};

/// Weights of the places a word stands in.
const TITLE: f32 = 1.6;
const FENCED: f32 = 0.5;
/// A word that is written as code says more than the same word in a sentence.
const CODE_LIKE: f32 = 1.5;

/// Bounds of what a long text may cost.
const MOST_TERMS: usize = 160;
const MOST_NAMES: usize = 80;
const MOST_PAIRS: usize = 240;
/// Bytes of a text that are read: logs pasted into an issue have no end.
const MOST_TEXT: usize = 24_000;

/// What is asked: an issue's title and body, as written by whoever wrote it. Data, never instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub title: String,
    pub body: String,
}

impl Question {
    /// The first line is the title.
    pub fn from_text(text: &str) -> Self {
        let (title, body) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        Self { title: title.trim().to_owned(), body: body.to_owned() }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    /// Heaviest first; positions are the ids of terms.
    pub(super) terms: Vec<Term>,
    /// Names as written, heaviest first.
    pub(super) names: Vec<Name>,
    /// Terms that stand side by side in the text.
    pub(super) pairs: Vec<(u16, u16)>,
    pub(super) mentions: Mentions,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) stem: String,
    /// The word as first read, for reasons.
    pub(super) word: String,
    pub(super) weight: f32,
    pub(super) in_title: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) weight: f32,
}

impl Query {
    pub(super) fn parse(question: &Question) -> Self {
        let mut gathered = Gathered::default();
        let title = clip(&question.title, MOST_TEXT);
        let body = clip(&question.body, MOST_TEXT);
        gathered.text(title, TITLE, true);
        let mut fenced = false;
        for line in body.lines() {
            let trimmed = line.trim_start();
            if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
                fenced = !fenced;
                continue;
            }
            gathered.text(line, if fenced { FENCED } else { 1.0 }, false);
        }
        gathered.finish(mentions::parse(title, body))
    }
}

fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[derive(Default)]
struct Gathered {
    terms: BTreeMap<String, Counted>,
    names: BTreeMap<String, f32>,
    pairs: BTreeMap<(String, String), f32>,
    order: usize,
}

struct Counted {
    weights: f32,
    heaviest: f32,
    in_title: bool,
    word: String,
    order: usize,
}

impl Gathered {
    fn text(&mut self, line: &str, weight: f32, in_title: bool) {
        let line = mentions::without_urls(line);
        let mut previous: Option<String> = None;
        let mut in_code = false;
        for piece in pieces(&line) {
            match piece {
                Piece::Tick => in_code = !in_code,
                Piece::Break => previous = None,
                Piece::Identifier { text, before, after } => {
                    let code = in_code || is_code_like(text, before, after);
                    self.identifier(text, weight * if code { CODE_LIKE } else { 1.0 }, code, in_title, &mut previous);
                }
            }
        }
    }

    fn identifier(&mut self, text: &str, weight: f32, code: bool, in_title: bool, previous: &mut Option<String>) {
        let plain = text.trim_matches('_');
        if code && plain.len() >= 3 && !is_stop(&plain.to_ascii_lowercase()) {
            let best = self.names.entry(text.to_owned()).or_insert(0.0);
            *best = best.max(weight);
        }
        subtokens(text.as_bytes(), |token| {
            let word = String::from_utf8_lossy(token).into_owned();
            if !code && is_stop(&word) || word.len() < 2 {
                return;
            }
            let stemmed = String::from_utf8_lossy(stem(token)).into_owned();
            self.order += 1;
            let order = self.order;
            let counted = self.terms.entry(stemmed.clone()).or_insert_with(|| Counted {
                weights: 0.0,
                heaviest: 0.0,
                in_title: false,
                word,
                order,
            });
            counted.weights += weight;
            counted.heaviest = counted.heaviest.max(weight);
            counted.in_title |= in_title;
            if let Some(before) = previous.replace(stemmed.clone())
                && before != stemmed
            {
                *self.pairs.entry((before, stemmed)).or_insert(0.0) += weight;
            }
        });
    }

    fn finish(self, mentions: Mentions) -> Query {
        let mut terms: Vec<(usize, Term)> = self
            .terms
            .into_iter()
            .map(|(stem, counted)| {
                // Repetition counts, but less and less: half of what more there is, at most three times the heaviest.
                let more = (counted.weights / counted.heaviest).min(9.0);
                let weight = counted.heaviest * (3.0 * more / (2.0 + more));
                (counted.order, Term { stem, word: counted.word, weight, in_title: counted.in_title })
            })
            .collect();
        terms.sort_by(|(a_order, a), (b_order, b)| b.weight.total_cmp(&a.weight).then(a_order.cmp(b_order)));
        terms.truncate(MOST_TERMS);
        let terms: Vec<Term> = terms.into_iter().map(|(_, term)| term).collect();
        let id = |stem: &str| terms.iter().position(|term| term.stem == stem).and_then(|at| u16::try_from(at).ok());
        let mut pairs: Vec<(f32, (u16, u16))> = self
            .pairs
            .iter()
            .filter_map(|((first, second), weight)| Some((*weight, (id(first)?, id(second)?))))
            .collect();
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        pairs.truncate(MOST_PAIRS);
        let mut names: Vec<Name> = self.names.into_iter().map(|(text, weight)| Name { text, weight }).collect();
        names.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.text.cmp(&b.text)));
        names.truncate(MOST_NAMES);
        Query { pairs: pairs.into_iter().map(|(_, pair)| pair).collect(), terms, names, mentions }
    }
}

enum Piece<'a> {
    Identifier {
        text: &'a str,
        before: u8,
        after: u8,
    },
    Tick,
    /// The end of a sentence or clause.
    Break,
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if in_identifier(byte) {
            while bytes.get(at).copied().is_some_and(in_identifier) {
                at += 1;
            }
            let before = start.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
            let after = bytes.get(at).copied().unwrap_or(b' ');
            // Joiners belong to code only when a name follows: `a.b`, `A::b`, not the end of a sentence or clause.
            let member = after == b'.' && bytes.get(at + 1).copied().is_some_and(in_identifier);
            let path = line[at..].starts_with("::");
            let after = if matches!(after, b'.' | b':') && !member && !path { b' ' } else { after };
            found.push(Piece::Identifier { text: &line[start..at], before, after });
            continue;
        }
        match byte {
            b'`' => found.push(Piece::Tick),
            b'.' | b';' | b'!' | b'?' | b'|' => found.push(Piece::Break),
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether a word is written as a name in a program: humps, underscores, a call, a member, a flag.
fn is_code_like(text: &str, before: u8, after: u8) -> bool {
    let inner_underscore = text.trim_matches('_').contains('_');
    let humps = text.as_bytes().windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    let acronym_hump = text.as_bytes().windows(3).any(|three| {
        three[0].is_ascii_uppercase()
            && three[1].is_ascii_uppercase()
            && three[2].is_ascii_lowercase()
            && text.len() > 4
    });
    inner_underscore
        || humps
        || acronym_hump
        || text.starts_with('_')
        || matches!(after, b'(')
        || matches!(after, b':' | b'.')
        || matches!(before, b'@' | b'$' | b'.' | b'#' | b':') && text.as_bytes()[0].is_ascii_alphabetic()
}

/// The stem of a word of the query's kind, for texts that are compared with it.
pub(super) fn stem_of(word: &[u8]) -> String {
    String::from_utf8_lossy(stem(word)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(title: &str, body: &str) -> Query {
        Query::parse(&Question { title: title.into(), body: body.into() })
    }

    fn weight(query: &Query, stem: &str) -> f32 {
        query.terms.iter().find(|term| term.stem == stem).map_or(0.0, |term| term.weight)
    }

    #[test]
    fn a_title_weighs_more_than_a_body_and_a_fence_less() {
        let query = parse("Parser fails", "The grammar is wrong.\n```\npayload\n```\n");
        assert!(weight(&query, "pars") > weight(&query, "grammar"));
        assert!(weight(&query, "grammar") > weight(&query, "payload"));
        assert!(weight(&query, "payload") > 0.0);
    }

    #[test]
    fn names_are_kept_as_written_and_split() {
        let query = parse("x", "`create_dir_all()` in DatabaseTasks, see Foo::bar and --allow-dirty.");
        let names: Vec<_> = query.names.iter().map(|name| name.text.as_str()).collect();
        assert_eq!(names, ["DatabaseTasks", "Foo", "bar", "create_dir_all"]);
        assert!(weight(&query, "databas") > 0.0 && weight(&query, "dirt") > 0.0);
    }

    #[test]
    fn a_url_is_no_word() {
        let query = parse("See https://example.org/wizard/path", "");
        assert!(query.terms.iter().all(|term| term.stem != "wizard"));
    }

    #[test]
    fn words_side_by_side_are_pairs() {
        let query = parse("target directory", "");
        let text: Vec<_> = query
            .pairs
            .iter()
            .map(|(a, b)| (query.terms[*a as usize].word.as_str(), query.terms[*b as usize].word.as_str()))
            .collect();
        assert_eq!(text, [("target", "directory")]);
    }

    #[test]
    fn an_endless_text_costs_a_bounded_query() {
        let body: String = ["`alpha_beta` Gamma::delta ", "abcdefghij ", "x.y(z) "].concat().repeat(4_000);
        let query = parse("é".repeat(20_000).as_str(), &body);
        assert!(query.terms.len() <= MOST_TERMS && query.names.len() <= MOST_NAMES && query.pairs.len() <= MOST_PAIRS);
    }
}

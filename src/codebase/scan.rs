//! One pass over a file that counts only what the query asks for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::query::{Query, stems, words};
use super::text::lines;

/// Lines of a block; a window is two neighbouring blocks.
pub const BLOCK_LINES: usize = 25;

/// What a file has of the query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scan {
    /// Occurrences by term.
    pub terms: Vec<u32>,
    /// All words of the file.
    pub words: u32,
    pub lines: usize,
    /// Terms and words by block; blocks without a term are left out.
    pub blocks: Vec<Block>,
    /// Terms that are part of a name which is defined here.
    pub defined_terms: BTreeSet<usize>,
    /// Identifiers of the query that are defined here, and that only occur here.
    pub defined: BTreeSet<usize>,
    pub referenced: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub number: usize,
    pub terms: Vec<(usize, u32)>,
    pub words: u32,
}

/// Scans files for one query. Words that were met before cost a look-up.
pub struct Scanner<'q> {
    query: &'q Query,
    memo: HashMap<String, Arc<Hit>>,
}

#[derive(Default)]
struct Hit {
    terms: Vec<usize>,
    identifier: Option<usize>,
}

impl<'q> Scanner<'q> {
    pub fn new(query: &'q Query) -> Self {
        Self { query, memo: HashMap::new() }
    }

    pub fn scan(&mut self, bytes: &[u8]) -> Scan {
        let lines = lines(bytes);
        let mut scan = Scan { terms: vec![0; self.query.terms.len()], lines: lines.len(), ..Scan::default() };
        for (number, chunk) in lines.chunks(BLOCK_LINES).enumerate() {
            let mut counts = vec![0_u32; self.query.terms.len()];
            let mut length = 0;
            for line in chunk {
                let text = String::from_utf8_lossy(line.text);
                let mut defines = false;
                for word in words(&text) {
                    length += 1;
                    let hit = self.hit(word);
                    for term in &hit.terms {
                        if let Some(count) = counts.get_mut(*term) {
                            *count += 1;
                        }
                    }
                    if defines {
                        scan.defined_terms.extend(&hit.terms);
                        scan.defined.extend(hit.identifier);
                    }
                    scan.referenced.extend(hit.identifier);
                    defines = is_defining(word);
                }
            }
            for (total, count) in scan.terms.iter_mut().zip(&counts) {
                *total += count;
            }
            scan.words += length;
            if counts.iter().any(|count| *count > 0) {
                let terms = counts.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
                scan.blocks.push(Block { number, terms, words: length });
            }
        }
        scan.referenced = &scan.referenced - &scan.defined;
        scan
    }

    fn hit(&mut self, word: &str) -> Arc<Hit> {
        if let Some(known) = self.memo.get(word) {
            return Arc::clone(known);
        }
        let parts = stems(word);
        let terms = &self.query.terms;
        let found = parts.iter().filter_map(|part| terms.iter().position(|(term, _)| term == part)).collect();
        let identifier = self.query.identifiers.iter().position(|name| name == word);
        let hit = Arc::new(Hit { terms: found, identifier });
        self.memo.insert(word.to_owned(), Arc::clone(&hit));
        hit
    }
}

/// Words before a name that is being defined, over the common languages.
fn is_defining(word: &str) -> bool {
    const DEFINING: &[&str] = &[
        "fn",
        "def",
        "class",
        "struct",
        "enum",
        "trait",
        "interface",
        "func",
        "function",
        "type",
        "module",
        "mod",
        "const",
        "static",
        "macro_rules",
        "sub",
        "proc",
        "object",
        "protocol",
        "record",
        "union",
        "namespace",
        "impl",
    ];
    DEFINING.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_terms_of_the_query_are_counted() {
        let query = Query::of("wrap parse_header", "");
        let mut text = "fn parse_header() {}\n".to_owned();
        text.push_str(&"other\n".repeat(BLOCK_LINES * 2));
        text.push_str("wrapping();\r\nwrap \u{fffd}\n");
        let scan = Scanner::new(&query).scan(text.as_bytes());
        let at = |stem: &str| query.terms.iter().position(|term| term.0 == stem).unwrap();
        assert_eq!((scan.terms[at("wrap")], scan.terms[at("pars")], scan.terms[at("header")]), (2, 1, 1));
        assert_eq!(scan.blocks.iter().map(|block| block.number).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(scan.defined, BTreeSet::from([0]));
        assert!(scan.referenced.is_empty() && scan.defined_terms.contains(&at("header")));
        assert_eq!(scan.words, 2 + 50 + 2);
    }

    #[test]
    fn an_empty_query_and_an_empty_file_count_nothing() {
        assert_eq!(Scanner::new(&Query::default()).scan(b"").lines, 0);
        assert!(Scanner::new(&Query::default()).scan(b"a b").blocks.is_empty());
    }
}

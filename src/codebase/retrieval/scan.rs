//! One parallel pass over the files that counts only what the query asks for.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::RetrievalError;
use super::classify::{extension, is_readable_text, says_generated};
use super::symbols::{self, Family};
use super::tree::Tree;
use super::vocabulary::{Memory, NOTHING, Vocabulary};
use super::words::{hash, in_identifier};

/// Lines of a block; a window is two blocks in a row, so windows of 50 lines overlap by half.
pub(super) const BLOCK_LINES: usize = 25;
/// Longer identifiers are data.
const LONGEST_IDENTIFIER: usize = 96;

/// What was found in one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Hits {
    pub(super) read: bool,
    pub(super) generated: bool,
    /// Subtokens of the whole file.
    pub(super) tokens: u32,
    pub(super) lines: u32,
    pub(super) terms: Box<[(u16, u32)]>,
    /// (block, term, count), by block.
    pub(super) blocks: Box<[(u16, u16, u16)]>,
    pub(super) pairs: Box<[(u16, u16)]>,
    /// Terms inside names that the file defines.
    pub(super) defined_terms: Box<[(u16, u16)]>,
    pub(super) names: Box<[(u16, u16)]>,
    pub(super) defined_names: Box<[u16]>,
    /// Hashes of the names that the file defines, sorted.
    pub(super) definitions: Box<[u32]>,
}

/// Scans the files at `wanted` positions of the tree; the result stands in the same order.
pub(super) fn scan(tree: &dyn Tree, wanted: &[usize], vocabulary: &Vocabulary) -> Result<Vec<Hits>, RetrievalError> {
    const CHUNK: usize = 32;
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(8).min(wanted.len().div_ceil(CHUNK)).max(1);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Hits)>, RetrievalError> {
        let mut reader = tree.reader()?;
        let mut lexer = Lexer::new(vocabulary);
        let mut bytes = Vec::new();
        let mut found = Vec::new();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= wanted.len() {
                return Ok(found);
            }
            for (place, index) in wanted.iter().enumerate().skip(start).take(CHUNK) {
                let path = tree.paths().get(*index).map_or("", String::as_str);
                let readable = reader.read(*index, &mut bytes) && is_readable_text(&bytes);
                let hits =
                    if readable { lexer.read(symbols::family(extension(path)), &bytes) } else { Hits::default() };
                found.push((place, hits));
            }
        }
    };
    let parts = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().map(|handle| handle.join().unwrap_or(Err(RetrievalError::Thread))).collect::<Vec<_>>()
    });
    let mut all = vec![Hits::default(); wanted.len()];
    for part in parts {
        for (place, hits) in part? {
            if let Some(slot) = all.get_mut(place) {
                *slot = hits;
            }
        }
    }
    Ok(all)
}

/// Counts of small integers that remember which were touched.
struct Counter {
    counts: Vec<u32>,
    touched: Vec<u16>,
}

impl Counter {
    fn new(width: usize) -> Self {
        Self { counts: vec![0; width], touched: Vec::new() }
    }

    fn add(&mut self, id: u16, by: u32) {
        if let Some(count) = self.counts.get_mut(usize::from(id)) {
            if *count == 0 {
                self.touched.push(id);
            }
            *count += by;
        }
    }

    fn take(&mut self) -> Vec<(u16, u32)> {
        self.touched.sort_unstable();
        let counts = &mut self.counts;
        let taken = |id: &u16| counts.get_mut(usize::from(*id)).map_or((*id, 0), |count| (*id, std::mem::take(count)));
        let all = self.touched.iter().map(taken).collect();
        self.touched.clear();
        all
    }
}

struct Lexer<'a> {
    vocabulary: &'a Vocabulary,
    memory: Memory<'a>,
    terms: Counter,
    block: Counter,
    pairs: Counter,
    defined: Counter,
    names: Counter,
}

fn short(counts: Vec<(u16, u32)>) -> Box<[(u16, u16)]> {
    counts.into_iter().map(|(id, count)| (id, u16::try_from(count).unwrap_or(u16::MAX))).collect()
}

impl<'a> Lexer<'a> {
    fn new(vocabulary: &'a Vocabulary) -> Self {
        let width = vocabulary.width();
        Self {
            vocabulary,
            memory: Memory::new(vocabulary),
            terms: Counter::new(width),
            block: Counter::new(width),
            pairs: Counter::new(vocabulary.pair_count),
            defined: Counter::new(width),
            names: Counter::new(vocabulary.name_count),
        }
    }

    fn read(&mut self, family: Family, bytes: &[u8]) -> Hits {
        let mut hits = Hits { read: true, generated: says_generated(bytes), ..Hits::default() };
        let mut blocks = Vec::new();
        let mut definitions: Vec<u32> = Vec::new();
        let mut defined_names: Vec<u16> = Vec::new();
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if number > 0 && number % BLOCK_LINES == 0 {
                self.end_block(number / BLOCK_LINES - 1, &mut blocks);
            }
            let definition = symbols::definition(family, line);
            hits.tokens += self.line(line, definition, &mut defined_names);
            hits.lines += 1;
            if let Some(name) = definition.and_then(|(from, to)| line.get(from..to)) {
                definitions.push(short_hash(name));
            }
        }
        self.end_block((hits.lines as usize - 1) / BLOCK_LINES, &mut blocks);
        definitions.sort_unstable();
        definitions.dedup();
        defined_names.sort_unstable();
        defined_names.dedup();
        hits.terms = self.terms.take().into();
        hits.pairs = short(self.pairs.take());
        hits.defined_terms = short(self.defined.take());
        hits.names = short(self.names.take());
        hits.blocks = blocks.into();
        hits.definitions = definitions.into();
        hits.defined_names = defined_names.into();
        hits
    }

    fn end_block(&mut self, block: usize, blocks: &mut Vec<(u16, u16, u16)>) {
        let block = u16::try_from(block).unwrap_or(u16::MAX);
        for (term, count) in self.block.take() {
            self.terms.add(term, count);
            blocks.push((block, term, u16::try_from(count).unwrap_or(u16::MAX)));
        }
    }

    fn line(&mut self, line: &[u8], definition: Option<(usize, usize)>, defined_names: &mut Vec<u16>) -> u32 {
        let mut tokens = 0;
        let mut previous = NOTHING;
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            if !in_identifier(*byte) {
                at += 1;
                continue;
            }
            let start = at;
            at += line.get(at..).unwrap_or_default().iter().take_while(|byte| in_identifier(**byte)).count();
            let Some(identifier) = line.get(start..at).filter(|one| one.len() >= 2 && one.len() <= LONGEST_IDENTIFIER)
            else {
                continue;
            };
            let meaning = self.memory.meaning(identifier);
            tokens += u32::from(meaning.tokens);
            if !meaning.matters() {
                if meaning.tokens > 0 {
                    previous = NOTHING;
                }
                continue;
            }
            let defines = definition.is_some_and(|(from, to)| from <= start && at <= to);
            self.names.add(meaning.name, 1);
            if defines && meaning.name != NOTHING {
                defined_names.push(meaning.name);
            }
            for &term in meaning.parts() {
                self.pairs.add(self.vocabulary.pair(previous, term), 1);
                previous = term;
                self.block.add(term, 1);
                if defines {
                    self.defined.add(term, 1);
                }
            }
        }
        tokens
    }
}

/// The hash under which definitions are compared.
pub(super) fn short_hash(name: &[u8]) -> u32 {
    u32::try_from(hash(name) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::retrieval::query::{Query, Question};

    fn read(title: &str, extension: &str, text: &str) -> (Query, Hits) {
        let query = Query::parse(&Question { title: title.into(), body: String::new() });
        let vocabulary = Vocabulary::new(&query);
        let hits = Lexer::new(&vocabulary).read(symbols::family(extension), text.as_bytes());
        (query, hits)
    }

    #[test]
    fn terms_names_pairs_and_definitions_are_counted() {
        let (query, hits) =
            read("`open_file` leaks target dirs", "rs", "fn open_file() {\n  target_dir(open_file);\n}\n");
        let count = |word: &str| {
            let id = query.terms.iter().position(|term| term.word == word).unwrap();
            hits.terms.iter().find(|(term, _)| usize::from(*term) == id).map_or(0, |(_, count)| *count)
        };
        assert_eq!((count("open"), count("file"), count("target"), count("dirs"), count("leaks")), (2, 2, 1, 1, 0));
        assert_eq!(&*hits.names, [(0, 2)]);
        assert_eq!(&*hits.defined_names, [0]);
        assert_eq!(hits.defined_terms.len(), 2);
        // `open file` twice and `target dir` once.
        assert_eq!(hits.pairs.iter().map(|(_, count)| u32::from(*count)).sum::<u32>(), 3);
        assert_eq!(&*hits.definitions, [short_hash(b"open_file")]);
    }

    #[test]
    fn blocks_know_where_a_term_stands() {
        let text = format!("{}needle\n", "x\n".repeat(60));
        let (_, hits) = read("needle", "py", &text);
        assert_eq!(&*hits.blocks, [(2, 0, 1)]);
        assert_eq!(&*hits.terms, [(0, 1)]);
    }

    #[test]
    fn a_lexer_keeps_nothing_from_file_to_file() {
        let query = Query::parse(&Question { title: "needle in hay".into(), body: String::new() });
        let vocabulary = Vocabulary::new(&query);
        let mut lexer = Lexer::new(&vocabulary);
        let first = lexer.read(Family::Keyword, b"def needle(): hay\n");
        lexer.read(Family::Keyword, b"hay hay needle hay\n");
        assert_eq!(lexer.read(Family::Keyword, b"def needle(): hay\n"), first);
    }

    #[test]
    fn an_empty_file_has_one_line() {
        let (_, hits) = read("needle", "py", "");
        assert_eq!((hits.lines, hits.terms.len()), (1, 0));
    }
}

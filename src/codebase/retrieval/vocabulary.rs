//! What a scan looks for: the query's stems, names and pairs, with a bounded memory of identifiers already looked up.

use std::collections::HashMap;

use super::query::Query;
use super::words::{hash, stem, subtokens};

pub(super) const NOTHING: u16 = u16::MAX;
/// Subtokens of one identifier that are remembered.
const MOST_PARTS: usize = 7;
/// Slots of the memory: 32,768 identifiers are about a megabyte a thread.
const SLOTS: usize = 1 << 15;

pub(super) struct Vocabulary {
    terms: HashMap<Vec<u8>, u16>,
    names: HashMap<Vec<u8>, u16>,
    /// Id of the pair (first, second) in a square table.
    pairs: Vec<u16>,
    width: usize,
    pub(super) pair_count: usize,
    pub(super) name_count: usize,
}

/// What an identifier means for the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    pub(super) name: u16,
    /// Number of subtokens, whether known or not.
    pub(super) tokens: u8,
    known: u8,
    parts: [u16; MOST_PARTS],
}

impl Meaning {
    /// Terms in order; [`NOTHING`] where a subtoken is not asked for.
    pub(super) fn parts(&self) -> &[u16] {
        &self.parts[..usize::from(self.tokens).min(MOST_PARTS)]
    }

    pub(super) fn matters(&self) -> bool {
        self.known > 0 || self.name != NOTHING
    }
}

impl Vocabulary {
    pub(super) fn new(query: &Query) -> Self {
        let ids = || 0..NOTHING;
        let terms = query.terms.iter().zip(ids()).map(|(term, id)| (term.stem.clone().into_bytes(), id)).collect();
        let names = query.names.iter().zip(ids()).map(|(name, id)| (name.text.clone().into_bytes(), id)).collect();
        let width = query.terms.len();
        let mut pairs = vec![NOTHING; width * width];
        for ((first, second), id) in query.pairs.iter().zip(ids()) {
            if let Some(slot) = pairs.get_mut(usize::from(*first) * width + usize::from(*second)) {
                *slot = id;
            }
        }
        Self { terms, names, pairs, width, pair_count: query.pairs.len(), name_count: query.names.len() }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn pair(&self, first: u16, second: u16) -> u16 {
        if first == NOTHING || second == NOTHING {
            return NOTHING;
        }
        self.pairs.get(usize::from(first) * self.width + usize::from(second)).copied().unwrap_or(NOTHING)
    }

    pub(super) fn meaning(&self, identifier: &[u8]) -> Meaning {
        let name = self.names.get(identifier).copied().unwrap_or(NOTHING);
        let mut meaning = Meaning { name, tokens: 0, known: 0, parts: [NOTHING; MOST_PARTS] };
        subtokens(identifier, |token| {
            let term = self.terms.get(stem(token)).copied().unwrap_or(NOTHING);
            if let Some(slot) = meaning.parts.get_mut(usize::from(meaning.tokens)) {
                *slot = term;
                meaning.known += u8::from(term != NOTHING);
            }
            meaning.tokens = meaning.tokens.saturating_add(1);
        });
        meaning
    }
}

/// Remembers the meaning of recent identifiers by their 64-bit hash; a later one takes an earlier one's slot.
pub(super) struct Memory<'a> {
    vocabulary: &'a Vocabulary,
    slots: Vec<(u64, Meaning)>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary) -> Self {
        let empty = Meaning { name: NOTHING, tokens: 0, known: 0, parts: [NOTHING; MOST_PARTS] };
        Self { vocabulary, slots: vec![(0, empty); SLOTS] }
    }

    pub(super) fn meaning(&mut self, identifier: &[u8]) -> Meaning {
        let key = hash(identifier);
        let at = usize::try_from(key % SLOTS as u64).unwrap_or(0);
        match self.slots.get_mut(at) {
            Some((known, meaning)) if *known == key => *meaning,
            Some(slot) => {
                *slot = (key, self.vocabulary.meaning(identifier));
                slot.1
            }
            None => self.vocabulary.meaning(identifier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::retrieval::query::Question;

    #[test]
    fn an_identifier_means_its_terms_its_name_and_nothing_else() {
        let query = Query::parse(&Question { title: "target directory of `open_rw`".into(), body: String::new() });
        let vocabulary = Vocabulary::new(&query);
        let mut memory = Memory::new(&vocabulary);
        let found = memory.meaning(b"target_other_directories");
        let word = |id: u16| query.terms.get(usize::from(id)).map(|term| term.word.as_str());
        assert_eq!(
            found.parts().iter().map(|id| word(*id)).collect::<Vec<_>>(),
            [Some("target"), None, Some("directory")]
        );
        assert!(found.matters() && !memory.meaning(b"wholly_unrelated").matters());
        assert_eq!(memory.meaning(b"open_rw").name, 0);
        let both = memory.meaning(b"TargetDirectory");
        assert_ne!(vocabulary.pair(both.parts()[0], both.parts()[1]), NOTHING);
        assert_eq!(vocabulary.pair(both.parts()[1], both.parts()[0]), NOTHING);
    }
}

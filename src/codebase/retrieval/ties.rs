//! Files tied to the best ones: changed together, namesakes, definers of what the matched window uses, neighbours, kin by name.

use std::collections::HashMap;

use super::lexical::float;
use super::pairing::subject;
use super::words::{in_identifier, stem, subtokens};

/// A symbol with more definers says nothing about where it lives.
const MOST_DEFINERS: usize = 6;

/// Values from 0 to 1 for each target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ties {
    pub(super) changed_together: Vec<f32>,
    pub(super) namesake: Vec<f32>,
    pub(super) definer: Vec<f32>,
    pub(super) folder: Vec<f32>,
    pub(super) kin: Vec<f32>,
    /// For each target, the place among the tops of the one it is tied to most.
    pub(super) to: Vec<usize>,
}

/// One of the best files: position in the tree and how sure the ranking is of it, up to 1.
pub(super) struct Top<'a> {
    pub(super) file: usize,
    pub(super) sure: f32,
    /// Hashes of the names in its matched window, sorted.
    pub(super) uses: &'a [u32],
}

/// Ties of `targets` (positions in `paths`) to `tops`; `definitions` are hashes by target, or empty for targets that define nothing.
pub(super) fn ties(
    paths: &[String],
    targets: &[usize],
    tops: &[Top<'_>],
    changes: &[Vec<u32>],
    definitions: &[&[u32]],
) -> Ties {
    let count = targets.len();
    let mut found = Ties {
        changed_together: vec![0.0; count],
        namesake: vec![0.0; count],
        definer: vec![0.0; count],
        folder: vec![0.0; count],
        kin: vec![0.0; count],
        to: vec![0; count],
    };
    let path = |at: usize| paths.get(at).map_or("", String::as_str);
    let own: Vec<Shape> = targets.iter().map(|at| Shape::of(path(*at))).collect();
    let mut strongest = vec![0.0_f32; count];
    for (number, top) in tops.iter().enumerate() {
        let together = changed_together(changes, top.file);
        let definers = definers(top.uses, definitions);
        let shape = Shape::of(path(top.file));
        for (row, target) in targets.iter().enumerate() {
            if *target == top.file {
                continue;
            }
            let kin = shape.kin(&own[row]);
            let namesake = shape.namesake(&own[row]);
            let parts = [
                (&mut found.changed_together, together.get(target).copied().unwrap_or(0.0)),
                (&mut found.namesake, namesake),
                (&mut found.definer, definers.get(&row).copied().unwrap_or(0.0)),
                (&mut found.folder, shape.nearness(&own[row])),
                (&mut found.kin, kin),
            ];
            let mut sum = 0.0;
            for (column, value) in parts {
                let value = value * top.sure;
                sum += value;
                column[row] = column[row].max(value);
            }
            if sum > strongest[row] {
                strongest[row] = sum;
                found.to[row] = number;
            }
        }
    }
    found
}

/// Share of the top's changes in which each other file took part; broad commits count less.
fn changed_together(changes: &[Vec<u32>], top: usize) -> HashMap<usize, f32> {
    let mut sums: HashMap<usize, f32> = HashMap::new();
    let mut total = 0.0_f32;
    for files in changes.iter().filter(|files| files.iter().any(|file| *file as usize == top)) {
        let weight = 1.0 / float(files.len()).sqrt();
        total += weight;
        for file in files {
            *sums.entry(*file as usize).or_insert(0.0) += weight;
        }
    }
    for sum in sums.values_mut() {
        *sum /= total + 0.7;
    }
    sums
}

/// For each target row, how much it defines of what is used; rare definitions count most.
fn definers(uses: &[u32], definitions: &[&[u32]]) -> HashMap<usize, f32> {
    let mut by_symbol: HashMap<u32, Vec<usize>> = HashMap::new();
    for (row, defined) in definitions.iter().enumerate() {
        for symbol in defined.iter().filter(|symbol| uses.binary_search(symbol).is_ok()) {
            by_symbol.entry(*symbol).or_default().push(row);
        }
    }
    let mut sums: HashMap<usize, f32> = HashMap::new();
    let mut symbols: Vec<_> = by_symbol.into_iter().collect();
    symbols.sort();
    for (_, rows) in symbols {
        let alike = rows.len();
        if alike <= MOST_DEFINERS {
            for row in rows {
                *sums.entry(row).or_insert(0.0) += 1.0 / float(alike);
            }
        }
    }
    for sum in sums.values_mut() {
        *sum /= *sum + 2.0;
    }
    sums
}

/// What ties by name look at.
struct Shape {
    folder: Vec<String>,
    subject: String,
    words: Vec<String>,
}

impl Shape {
    fn of(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut words: Vec<String> = Vec::new();
        subtokens(name.split('.').next().unwrap_or(name).as_bytes(), |token| {
            if !token.is_empty() {
                words.push(String::from_utf8_lossy(stem(token)).into_owned());
            }
        });
        words.sort();
        words.dedup();
        Self { folder: folder.split('/').map(str::to_owned).collect(), subject: subject(path), words }
    }

    /// Header and implementation, template and style, module and its folder: one subject in one place.
    fn namesake(&self, other: &Self) -> f32 {
        if self.subject.len() < 3 || self.subject != other.subject {
            return 0.0;
        }
        if self.folder == other.folder { 1.0 } else { 0.6 * self.nearness(other) }
    }

    fn nearness(&self, other: &Self) -> f32 {
        let common = self.folder.iter().zip(&other.folder).take_while(|(a, b)| a == b).count();
        let from_end = self.folder.iter().rev().zip(other.folder.iter().rev()).take_while(|(a, b)| a == b).count();
        let longest = self.folder.len().max(other.folder.len());
        (float(common + from_end) / float(longest.max(1))).min(1.0)
    }

    /// Shared words of the names: `FooImpl`, `AbstractFoo` and `Foo` are kin.
    fn kin(&self, other: &Self) -> f32 {
        let common = self.words.iter().filter(|word| other.words.contains(word)).count();
        let all = self.words.len() + other.words.len() - common;
        if all == 0 { 0.0 } else { float(common) / float(all) }
    }
}

/// Hashes of the identifiers in some lines of a file, sorted: what a window uses.
pub(super) fn uses(bytes: &[u8], first_line: usize, lines: usize) -> Vec<u32> {
    let mut found: Vec<u32> = bytes
        .split(|byte| *byte == b'\n')
        .skip(first_line)
        .take(lines)
        .flat_map(|line| line.split(|byte| !in_identifier(*byte)))
        .filter(|word| word.len() >= 4 && word.len() <= 96)
        .map(super::scan::short_hash)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_a_definer_and_a_companion_of_past_changes_are_tied() {
        let paths: Vec<String> =
            ["lib/a/url.c", "lib/a/url.h", "lib/b/parse.c", "lib/c/other.c"].map(str::to_owned).into();
        let used = uses(b"x\nparse_it(other_thing);\n", 1, 1);
        let tops = [Top { file: 0, sure: 1.0, uses: &used }];
        let defined = [super::super::scan::short_hash(b"parse_it")];
        let none: &[u32] = &[];
        let changes = vec![vec![0, 3], vec![0], vec![3, 2]];
        let found = ties(&paths, &[0, 1, 2, 3], &tops, &changes, &[none, none, &defined, none]);
        assert_eq!(found.namesake, [0.0, 1.0, 0.0, 0.0]);
        assert!(found.definer[2] > 0.0 && found.definer[3] == 0.0);
        assert!(found.changed_together[3] > 0.0 && found.changed_together[2] == 0.0);
        assert!(found.folder[1] > found.folder[2]);
    }

    #[test]
    fn names_that_share_most_words_are_kin() {
        let shape = Shape::of("a/AbstractBeanFactory.java");
        assert!(shape.kin(&Shape::of("b/BeanFactory.java")) > 0.6);
        assert!(shape.kin(&Shape::of("b/Other.java")) < 0.1);
    }
}

//! Which lines of the file the old lines stand for, tier by tier.

use std::ops::Range;

use super::keys::{is_blank, key, keys};
use super::{Source, Tier};

/// For each old line the file's line, from 0. A blank line that the file does not have stands for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alignment {
    pub(super) at: Vec<Option<usize>>,
}

impl Alignment {
    pub(super) fn region(&self) -> Range<usize> {
        let mut mapped = self.at.iter().flatten();
        let first = mapped.next().copied().unwrap_or(0);
        first..mapped.next_back().copied().unwrap_or(first) + 1
    }

    pub(super) fn start(&self) -> usize {
        self.region().start
    }
}

/// Every place where the old lines match in this tier.
pub(super) fn alignments(source: &Source<'_>, old: &[String], tier: Tier) -> Vec<Alignment> {
    if old.iter().all(|line| is_blank(line)) {
        return Vec::new();
    }
    if tier == Tier::BlankLines { without_blanks(source, old) } else { windows(source, old, tier) }
}

fn windows(source: &Source<'_>, old: &[String], tier: Tier) -> Vec<Alignment> {
    let wanted = keys(old, tier);
    let own = keys(&source.shown, tier);
    let places = own.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted);
    places.map(|(start, _)| Alignment { at: (start..start + old.len()).map(Some).collect() }).collect()
}

fn without_blanks(source: &Source<'_>, old: &[String]) -> Vec<Alignment> {
    let telling: Vec<usize> = (0..old.len()).filter(|line| !is_blank(&old[*line])).collect();
    let wanted: Vec<String> = telling.iter().map(|line| key(&old[*line], Tier::BlankLines)).collect();
    let own: Vec<usize> = (0..source.shown.len()).filter(|line| !is_blank(&source.shown[*line])).collect();
    let own_keys: Vec<String> = own.iter().map(|line| key(&source.shown[*line], Tier::BlankLines)).collect();
    let places = own_keys.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted);
    places.map(|(start, _)| with_blanks(source, old, &telling, &own[start..start + wanted.len()])).collect()
}

/// Pairs the old text's blank lines with the file's, gap by gap.
pub(super) fn with_blanks(source: &Source<'_>, old: &[String], telling: &[usize], own: &[usize]) -> Alignment {
    let mut at = vec![None; old.len()];
    for (line, own) in telling.iter().zip(own) {
        at[*line] = Some(*own);
    }
    let (Some(first), Some(last)) = (telling.first(), telling.last()) else { return Alignment { at } };
    for pair in 1..telling.len() {
        let gap = telling[pair - 1] + 1..telling[pair];
        let blanks = own[pair - 1] + 1..own[pair];
        gap.zip(blanks).for_each(|(line, own)| at[line] = Some(own));
    }
    let blank = |line: usize| source.shown.get(line).is_some_and(|text| is_blank(text));
    let above = (0..own[0]).rev().take_while(|line| blank(*line));
    (0..*first).rev().zip(above).for_each(|(line, own)| at[line] = Some(own));
    let below = (own[own.len() - 1] + 1..source.shown.len()).take_while(|line| blank(*line));
    (last + 1..old.len()).zip(below).for_each(|(line, own)| at[line] = Some(own));
    Alignment { at }
}

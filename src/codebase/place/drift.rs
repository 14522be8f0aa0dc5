//! The last tier: context that a model remembers a little wrongly, away from everything that it changes.
//!
//! A licence header that two files share, save for a year, must not be taken for a place: every line that changes must match,
//! and so must the lines next to it, on both sides.

use similar::{Algorithm, DiffOp, TextDiff, capture_diff_slices};

use super::align::{Alignment, with_blanks};
use super::keys::{is_blank, key};
use super::{Source, Tier, Want};

/// The one place where at most two lines of context differ.
pub(super) fn drifted(source: &Source<'_>, want: &Want) -> Option<Alignment> {
    let search = Search::of(source, want)?;
    let mut places: Vec<Vec<(usize, usize)>> = Vec::new();
    for start in 0..search.own.len() {
        let found = search.from(0, start, search.budget);
        places.extend(found.filter(|found| !places.contains(found)));
    }
    let [place] = places.as_slice() else { return None };
    let telling: Vec<usize> = place.iter().map(|(old, _)| search.telling[*old]).collect();
    let own: Vec<usize> = place.iter().map(|(_, own)| search.own[*own]).collect();
    Some(with_blanks(source, &want.old, &telling, &own))
}

/// The lines that are not blank, on both sides.
struct Search {
    telling: Vec<usize>,
    keys: Vec<String>,
    /// Lines that must match.
    fixed: Vec<bool>,
    /// Lines before which the file may have no line that the old text leaves out.
    tight: Vec<bool>,
    own: Vec<usize>,
    own_keys: Vec<String>,
    budget: usize,
}

impl Search {
    fn of(source: &Source<'_>, want: &Want) -> Option<Self> {
        let telling: Vec<usize> = (0..want.old.len()).filter(|line| !is_blank(&want.old[*line])).collect();
        if telling.len() < 4 {
            return None;
        }
        let mut fixed = vec![false; telling.len()];
        let mut tight = vec![false; telling.len()];
        for op in capture_diff_slices(Algorithm::Myers, &want.old, &want.new) {
            if matches!(op, DiffOp::Equal { .. }) {
                continue;
            }
            let old = op.old_range();
            let first = telling.partition_point(|line| *line < old.start);
            let after = telling.partition_point(|line| *line < old.end);
            // The neighbours on both sides must be there, and as they are.
            fixed.get_mut(first.checked_sub(1)?..=after)?.fill(true);
            tight[first..=after].fill(true);
        }
        let own: Vec<usize> = (0..source.shown.len()).filter(|line| !is_blank(&source.shown[*line])).collect();
        Some(Self {
            keys: telling.iter().map(|line| key(&want.old[*line], Tier::Drift)).collect(),
            own_keys: own.iter().map(|line| key(&source.shown[*line], Tier::Drift)).collect(),
            budget: if telling.len() < 10 { 1 } else { 2 },
            fixed,
            tight,
            telling,
            own,
        })
    }

    /// Pairs of indices from here on, with at most `budget` differences.
    fn from(&self, old: usize, own: usize, budget: usize) -> Option<Vec<(usize, usize)>> {
        let Some(wanted) = self.keys.get(old) else { return Some(Vec::new()) };
        let there = self.own_keys.get(own)?;
        let pair = |mut rest: Vec<(usize, usize)>| {
            rest.insert(0, (old, own));
            rest
        };
        if wanted == there {
            return self.from(old + 1, own + 1, budget).map(pair);
        }
        let budget = budget.checked_sub(1)?;
        let missing_in_old = || {
            let open = old > 0 && !self.tight[old];
            open.then(|| self.from(old, own + 1, budget)).flatten()
        };
        if self.fixed[old] {
            return missing_in_old();
        }
        let alike = || TextDiff::from_chars(wanted.as_str(), there.as_str()).ratio() >= 0.8;
        let other_words = || self.from(old + 1, own + 1, budget).filter(|_| alike()).map(pair);
        let inner = old > 0 && old + 1 < self.keys.len();
        let missing_in_file = || inner.then(|| self.from(old + 1, own, budget)).flatten();
        other_words().or_else(missing_in_old).or_else(missing_in_file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, old: &str, new: &str) -> Option<Vec<Option<usize>>> {
        drifted(&Source::of(file.as_bytes()), &Want::of(old, new)).map(|place| place.at)
    }

    const FILE: &str = "# head\n# the first remark\na = 1\n\nb = 2\nc = 3\n";

    #[test]
    fn a_remark_remembered_wrongly_is_overlooked() {
        let old = "# head\n# the frist remark\na = 1\n\nb = 2\nc = 3\n";
        let seen = place(FILE, old, &old.replace("b = 2", "b = 5"));
        assert_eq!(seen, Some((0..6).map(Some).collect()));
        let old = "# head\na = 1\nb = 2\nc = 3\n# tail\n";
        let file = format!("{FILE}# tail\n");
        assert_eq!(place(&file, old, &old.replace("b = 2", "b = 5")), Some([0, 2, 4, 5, 6].map(Some).to_vec()));
    }

    #[test]
    fn lines_that_change_and_their_neighbours_must_be_right() {
        let old = "# head\n# the first remark\na = 7\n\nb = 2\nc = 3\n";
        assert_eq!(place(FILE, old, &old.replace("b = 2", "b = 5")), None);
        assert_eq!(place(FILE, old, &old.replace("a = 7", "a = 5")), None);
    }

    #[test]
    fn a_shared_header_is_no_place_for_what_comes_after_it() {
        let header = "/*\n * Copyright 2001\n * the authors\n * Licensed\n * freely\n";
        assert_eq!(place(&header.replace("2001", "2002"), header, &format!("{header}x\n")), None);
    }
}

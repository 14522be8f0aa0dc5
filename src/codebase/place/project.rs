//! The difference between old and new lines, projected on the file's own.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::align::Alignment;
use super::indent::Reindent;
use super::keys::is_blank;
use super::{OwnedLine, Refusal, Source, Splice, Spot, Tier, Want};

pub(super) fn project(source: &Source<'_>, want: &Want, place: &Alignment, tier: Tier) -> Result<Spot, Refusal> {
    let region = place.region();
    let reindent = reindent(source, want, place);
    let mut splices = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &want.old, &want.new) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let new = &want.new[op.new_range()];
        let lines = range(place, op.old_range(), new)?;
        if lines.is_empty() && slides(place, want, op.old_range().start, new) {
            return Err(Refusal::Undecidable { line: lines.start + 1 });
        }
        let mut with = Vec::new();
        for line in new {
            let line = reindent.apply(line).ok_or(Refusal::Undecidable { line: lines.start + 1 })?;
            if !source.is_utf8 && !line.is_ascii() {
                return Err(Refusal::ForeignEncoding);
            }
            with.push(OwnedLine { text: line.into_bytes(), end: source.end_at(lines.start).to_vec() });
        }
        if !(lines.is_empty() && with.is_empty()) {
            splices.push(Splice { lines, with, literal: false });
        }
    }
    Ok(Spot { tier, region, splices })
}

/// The file's lines that old lines `old` stand for, or the one place between lines where `new` goes.
fn range(place: &Alignment, old: Range<usize>, new: &[String]) -> Result<Range<usize>, Refusal> {
    let mapped: Vec<usize> = place.at[old.clone()].iter().flatten().copied().collect();
    if let (Some(first), Some(last)) = (mapped.first(), mapped.last()) {
        // Lines that the edit leaves out between lines that it removes: nobody said what becomes of them.
        let whole = last - first + 1 == mapped.len();
        return if whole { Ok(*first..last + 1) } else { Err(Refusal::Undecidable { line: first + 1 }) };
    }
    let unmatched = |line: Option<&Option<usize>>| line.is_some_and(Option::is_none);
    if !new.is_empty() && (unmatched(place.at[..old.start].last()) || unmatched(place.at.get(old.end))) {
        // Next to a line that the file does not have.
        let near = place.at[..old.start].iter().flatten().next_back().copied().unwrap_or(place.start());
        return Err(Refusal::Undecidable { line: near + 1 });
    }
    let before = place.at[..old.start].iter().flatten().next_back().map(|line| line + 1);
    let after = place.at[old.end..].iter().flatten().next().copied();
    let at = match (before, after) {
        (Some(before), Some(after)) if before < after && !new.is_empty() => {
            // The file has lines in between that the edit leaves out. A blank line at one edge of the new lines says on which
            // side they stand, because nobody doubles a blank line there.
            let edges = (new.first().is_some_and(|line| is_blank(line)), new.last().is_some_and(|line| is_blank(line)));
            match edges {
                (true, false) => before,
                (false, true) => after,
                _ => return Err(Refusal::Undecidable { line: before + 1 }),
            }
        }
        (Some(before), _) => before,
        (None, Some(after)) => after,
        (None, None) => 0,
    };
    Ok(at..at)
}

/// Whether new lines that repeat their neighbours could as well have been put on the other side of lines that the edit leaves out.
fn slides(place: &Alignment, want: &Want, at: usize, new: &[String]) -> bool {
    let gap = |line: usize| match (place.at.get(line.wrapping_sub(1)), place.at.get(line)) {
        (Some(before), Some(after)) => before.zip(*after).is_none_or(|(before, after)| before + 1 != after),
        _ => false,
    };
    let repeats = |line: usize, new: Option<&String>| want.old.get(line).is_some_and(|old| Some(old) == new);
    // Each step moves the new lines over one old line, which must be the one that they lose on the other side.
    let up =
        (1..=at).take_while(|step| repeats(at - step, new.get(new.len().wrapping_sub(*step)))).map(|step| at - step);
    let down = (0..want.old.len() - at).take_while(|step| repeats(at + step, new.get(*step))).map(|step| at + step + 1);
    up.chain(down).any(gap)
}

/// How new lines get the file's indentation. Where the new text has it already, though the old text has not, they keep theirs.
fn reindent(source: &Source<'_>, want: &Want, place: &Alignment) -> Reindent {
    let pairs =
        || place.at.iter().zip(&want.old).filter_map(|(own, old)| Some((old.as_str(), &*source.shown[(*own)?])));
    let learnt = Reindent::learn(pairs());
    if learnt == Reindent::Same {
        return learnt;
    }
    // The edges are context, if anything is: lines between may be indented anew on purpose.
    let mut telling = want.new.iter().filter(|line| !is_blank(line));
    let edges: Vec<&String> = [telling.next(), telling.next_back()].into_iter().flatten().collect();
    let as_file = |line: &&String| pairs().any(|(_, own)| own == line.as_str());
    let as_old = |line: &&String| pairs().any(|(old, _)| old == line.as_str());
    if !edges.iter().any(as_old) && edges.iter().all(as_file) { Reindent::Same } else { learnt }
}

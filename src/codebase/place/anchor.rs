//! Lines that say where a place is (`@@ class Foo`), and the lines that belong to them.

use std::ops::Range;

use super::align::Alignment;
use super::keys::{indent, is_blank, key};
use super::{Found, Hint, OwnedLine, Refusal, Source, Splice, Spot, Tier, Want, ambiguous};

/// The index of the only place that the anchors' lines hold.
pub(super) fn only_one(source: &Source<'_>, places: &[Alignment], anchors: &[String]) -> Option<usize> {
    let line = find(source, anchors).ok()??;
    let scope = scope(source, line);
    let mut held = (0..places.len()).filter(|place| scope.contains(&places[*place].start()));
    let first = held.next()?;
    held.next().is_none().then_some(first)
}

/// An edit without old lines: its new lines go right after the anchor, or to the end where the edit says so.
pub(super) fn add(source: &Source<'_>, want: &Want, hint: &Hint) -> Result<Found, Refusal> {
    let at = match find(source, &hint.anchors)? {
        Some(line) => line + 1,
        None if hint.at_end && hint.anchors.is_empty() => source.own.len(),
        None if !hint.anchors.is_empty() => return Err(Refusal::Absent(None)),
        None => return Err(Refusal::EmptyOldText),
    };
    let new: Vec<&String> = want.new.iter().collect();
    if new.iter().all(|line| is_blank(line)) {
        return Err(Refusal::NothingToChange);
    }
    if !source.is_utf8 && new.iter().any(|line| !line.is_ascii()) {
        return Err(Refusal::ForeignEncoding);
    }
    let start = if at == source.own.len() { at.saturating_sub(new.len()) } else { at };
    let there = source.shown.get(start..start + new.len());
    if there.is_some_and(|there| there.iter().zip(&new).all(|(own, new)| own.trim_end() == new.trim_end())) {
        return Ok(Found::AlreadyApplied { line: start + 1 });
    }
    let end = source.end_at(at).to_vec();
    let with = new.iter().map(|line| OwnedLine { text: line.as_bytes().to_vec(), end: end.clone() }).collect();
    let splices = vec![Splice { lines: at..at, with, literal: false }];
    Ok(Found::Spot(Spot { tier: Tier::Exact, region: at..at, splices }))
}

/// The line of the innermost anchor. Each must stand once within the one before; `None` where there are none, or one is unknown.
fn find(source: &Source<'_>, anchors: &[String]) -> Result<Option<usize>, Refusal> {
    let mut within = 0..source.own.len();
    let mut line = None;
    for anchor in anchors {
        let wanted = key(anchor, Tier::Indentation);
        let places: Vec<usize> =
            within.clone().filter(|at| key(&source.shown[*at], Tier::Indentation) == wanted).collect();
        match places.as_slice() {
            [] => return Ok(None),
            [at] => {
                line = Some(*at);
                within = scope(source, *at);
            }
            many => return Err(ambiguous(many.iter().map(|at| at + 1))),
        }
    }
    Ok(line)
}

/// The lines after `line` that are indented deeper, and the closing and opening brackets among them.
fn scope(source: &Source<'_>, line: usize) -> Range<usize> {
    let depth = |line: usize| indent(&source.shown[line]).len();
    let ends = |at: &usize| {
        let text = source.shown[*at].trim();
        !text.is_empty() && depth(*at) <= depth(line) && !text.starts_with([')', ']', '{'])
    };
    let end = (line + 1..source.own.len()).find(ends).unwrap_or(source.own.len());
    line + 1..end
}

//! All edits of one file's text: each placed in the file as it was, none over another.

use super::plan::reason;
use super::reply::{Edit, Update};
use super::words::{Reason, Why};
use crate::codebase::place::{Found, Hint, Refusal, Source, Spot, Tier, assemble, leniency, locate, locate_text};
use crate::codebase::text::{LineEnds, line_ends, with_line_ends};
use crate::domain::change::RepoPath;

/// The file's bytes after all edits.
pub(super) fn updated(
    path: &RepoPath,
    bytes: &[u8],
    updates: &[(&Edit, &Update)],
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Vec<Reason>> {
    let place = |edit: &Edit, refusal| reason(edit, Why::Place { path: path.clone(), refusal });
    if let [(edit, Update::Text { old, new, everywhere: true })] = updates {
        return everywhere(bytes, old, new).map_err(|refusal| vec![place(edit, refusal)]);
    }
    let source = Source::of(bytes);
    let mut reasons = Vec::new();
    let mut spots: Vec<(&Edit, Spot)> = Vec::new();
    let mut final_newline = None;
    for (edit, update) in updates {
        match find(&source, update) {
            Ok(Found::Spot(spot)) => {
                notes.push(format!("edits `{path}` at line {}{}", spot.region.start + 1, overlooked(spot.tier)));
                if let Update::Lines { final_newline: Some(newline), .. } = update
                    && spot.region.end == source.line_count()
                {
                    final_newline = Some(*newline);
                }
                spots.push((edit, spot));
            }
            Ok(Found::AlreadyApplied { line }) => {
                notes.push(format!("`{path}` has the new text at line {line} already"));
            }
            // A block that changes nothing does no harm beside others that do.
            Err(Refusal::NothingToChange) if updates.len() > 1 => {}
            Err(refusal) => reasons.push(place(edit, refusal)),
        }
    }
    reasons.extend(overlaps(&spots));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let mut splices: Vec<_> = spots
        .into_iter()
        .flat_map(|(_, spot)| spot.splices.into_iter().map(move |splice| (spot.region.start, splice)))
        .collect();
    splices.sort_by_key(|(region, splice)| (splice.lines.start, splice.lines.end, *region));
    let splices: Vec<_> = splices.into_iter().map(|(_, splice)| splice).collect();
    Ok(assemble(&source, &splices, final_newline))
}

fn find(source: &Source<'_>, update: &Update) -> Result<Found, Refusal> {
    match update {
        Update::Lines { readings, hint, .. } => locate(source, readings, hint),
        Update::Text { everywhere: true, .. } => Err(Refusal::Ambiguous { count: 0, lines: Vec::new() }),
        Update::Text { old, new, .. } => locate_text(source, old, new, &Hint::default()),
        Update::InsertAfter { line, text } => source.insert_after(*line, text),
    }
}

/// Edits that change the same lines. Regions that only share context may overlap.
fn overlaps(spots: &[(&Edit, Spot)]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (at, (edit, spot)) in spots.iter().enumerate() {
        let collides = |(_, other): &&(&Edit, Spot)| {
            let apart = spot.region.end <= other.region.start || other.region.end <= spot.region.start;
            let both = !apart || spot.region == other.region;
            both && spot.splices.iter().any(|splice| other.splices.iter().any(|other| splice.collides(other)))
        };
        if let Some((other, _)) = spots[..at].iter().find(collides) {
            reasons.push(reason(edit, Why::Overlap { other: other.line }));
        }
    }
    reasons
}

fn overlooked(tier: Tier) -> String {
    leniency(tier, super::words::NAMES)
}

/// Every occurrence, to the byte.
fn everywhere(bytes: &[u8], old: &str, new: &str) -> Result<Vec<u8>, Refusal> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(Refusal::ForeignEncoding) };
    if bytes.contains(&0) {
        return Err(Refusal::Binary);
    }
    let ends = if line_ends(bytes) == LineEnds::Crlf { LineEnds::Crlf } else { LineEnds::Lf };
    let (old, new) = (with_line_ends(old, ends), with_line_ends(new, ends));
    if old == new {
        return Err(Refusal::NothingToChange);
    }
    if text.contains(&old) { Ok(text.replace(&old, &new).into_bytes()) } else { Err(Refusal::Absent(None)) }
}

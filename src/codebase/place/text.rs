//! Edits of text to the byte, as JSON tools write them: the old text may begin and end within a line.

use super::{Found, Hint, OwnedLine, Refusal, Source, Splice, Spot, Tier, Want, ambiguous, locate};
use crate::codebase::text::lines;

/// Places `old` exactly where it stands once; otherwise as lines, in the lenient tiers.
pub fn locate_text(source: &Source<'_>, old: &str, new: &str, hint: &Hint) -> Result<Found, Refusal> {
    let plain = |text: &str| text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (old, new) = (plain(old), plain(new));
    if old.is_empty() {
        return Err(Refusal::EmptyOldText);
    }
    if old == new {
        return Err(Refusal::NothingToChange);
    }
    if source.is_binary {
        return Err(Refusal::Binary);
    }
    let norm = Normal::of(source);
    let found = occurrences(&norm.bytes, old.as_bytes());
    if let Some(at) = already_applied(&norm.bytes, &old, &new, &found) {
        return Ok(Found::AlreadyApplied { line: norm.line_at(at) + 1 });
    }
    if !source.is_utf8 && new.chars().any(|c| !c.is_ascii() && !old.contains(c)) {
        return Err(Refusal::ForeignEncoding);
    }
    match norm.preferred(&found, &old).as_slice() {
        [at] => Ok(Found::Spot(exact(source, &norm, *at, &old, &new))),
        [] => locate(source, &[Want::of(&old, &new)], hint),
        many => Err(ambiguous(many.iter().map(|at| norm.line_at(*at) + 1))),
    }
}

/// The file with LF line ends, and where each line starts in it.
struct Normal {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Normal {
    fn of(source: &Source<'_>) -> Self {
        let mut normal = Self { bytes: Vec::new(), starts: Vec::new() };
        for line in &source.own {
            normal.starts.push(normal.bytes.len());
            normal.bytes.extend_from_slice(line.text);
            if !line.end.is_empty() {
                normal.bytes.push(b'\n');
            }
        }
        normal
    }

    fn line_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.bytes.len())
    }

    /// Where several lines are named, a place of whole lines is meant rather than one that begins within a line.
    fn preferred(&self, found: &[usize], old: &str) -> Vec<usize> {
        let whole = |at: &&usize| {
            let end = **at + old.len();
            let begins = self.starts.binary_search(*at).is_ok();
            begins && (old.ends_with('\n') || self.bytes.get(end).is_none_or(|byte| *byte == b'\n'))
        };
        let aligned: Vec<usize> = found.iter().filter(whole).copied().collect();
        if old.trim_end_matches('\n').contains('\n') && aligned.len() == 1 { aligned } else { found.to_vec() }
    }
}

/// Overlapping occurrences count, because each would be a different edit.
fn occurrences(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

/// Where the new text stands, if the old text stands only inside it or is gone.
fn already_applied(bytes: &[u8], old: &str, new: &str, old_at: &[usize]) -> Option<usize> {
    if new.is_empty() {
        return None;
    }
    let new_at = occurrences(bytes, new.as_bytes());
    let first = *new_at.first()?;
    if old_at.is_empty() {
        // A lone bracket or a blank line stands in every file and proves nothing.
        let telling = new.chars().filter(|c| c.is_alphanumeric()).count() >= 8;
        return telling.then_some(first);
    }
    let inside = |at: &usize| new_at.iter().any(|start| start <= at && at + old.len() <= start + new.len());
    (new.contains(old) && old_at.iter().all(inside)).then_some(first)
}

fn exact(source: &Source<'_>, norm: &Normal, at: usize, old: &str, new: &str) -> Spot {
    let end = at + old.len();
    let first = norm.line_at(at);
    let head = &norm.bytes[norm.start(first)..at];
    let whole_lines = old.ends_with('\n');
    let joins = whole_lines && !new.ends_with('\n') && !(head.is_empty() && new.is_empty()) && end < norm.bytes.len();
    // Where lines are joined, the line after the old text is part of the region too.
    let after = norm.line_at(if joins { end } else { end - 1 }) + 1;
    let tail = &norm.bytes[end..norm.start(after).max(end)];
    let wanted = [head, new.as_bytes(), tail].concat();
    let wanted = lines(&wanted);
    let same = |own: usize, new: usize| {
        let (own, new) = (source.own[own], wanted[new]);
        own.text == new.text && own.end.is_empty() == new.end.is_empty()
    };
    // Only lines that differ are replaced, so that edits next to each other don't collide.
    let most = (after - first).min(wanted.len());
    let above = (0..most).take_while(|line| same(first + line, *line)).count();
    let below = (0..most - above).take_while(|line| same(after - 1 - line, wanted.len() - 1 - line)).count();
    let range = first + above..after - below;
    let with = wanted[above..wanted.len() - below].iter().enumerate().map(|(number, line)| {
        let end: &[u8] = if line.end.is_empty() { b"" } else { source.end_at((range.start + number).min(after - 1)) };
        OwnedLine { text: line.text.to_vec(), end: end.to_vec() }
    });
    let splices = vec![Splice { with: with.collect(), lines: range.clone(), literal: true }];
    Spot { tier: Tier::Exact, region: first..after, splices }
}

//! Changes to a file as lines to replace, and the file that comes of them.

use std::ops::Range;

use super::Source;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedLine {
    pub text: Vec<u8>,
    pub end: Vec<u8>,
}

/// Lines of the file (from 0) and what stands there instead. An empty range inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    pub lines: Range<usize>,
    pub with: Vec<OwnedLine>,
    /// The edit said where its text ends to the byte, so the final newline is as it says.
    pub literal: bool,
}

impl Splice {
    /// Whether two changes cannot both be made, or only in an order that nobody gave.
    pub fn collides(&self, other: &Self) -> bool {
        let (a, b) = (&self.lines, &other.lines);
        if a.is_empty() || b.is_empty() {
            return a.start <= b.end && b.start <= a.end;
        }
        a.start < b.end && b.start < a.end
    }
}

/// The file with the splices, which are in ascending order and don't collide. A file without a final newline stays so,
/// and one with it too, unless `final_newline` or a literal splice says otherwise.
pub fn assemble(source: &Source<'_>, splices: &[Splice], final_newline: Option<bool>) -> Vec<u8> {
    let mut lines: Vec<(&[u8], &[u8])> = Vec::with_capacity(source.own.len());
    let mut next = 0;
    for splice in splices {
        lines.extend(source.own[next..splice.lines.start].iter().map(|line| (line.text, line.end)));
        lines.extend(splice.with.iter().map(|line| (line.text.as_slice(), line.end.as_slice())));
        next = splice.lines.end;
    }
    lines.extend(source.own[next..].iter().map(|line| (line.text, line.end)));
    let literal = splices.last().is_some_and(|splice| splice.literal && splice.lines.end == source.own.len());
    if !literal && !splices.is_empty() {
        let end = source.end_at(source.own.len());
        let terminated = final_newline.unwrap_or(!source.is_unterminated());
        let last = lines.len().saturating_sub(1);
        for (number, line) in lines.iter_mut().enumerate() {
            if number == last && !terminated {
                line.1 = b"";
            } else if line.1.is_empty() {
                line.1 = end;
            }
        }
    }
    let mut out = source.mark.to_vec();
    for (text, end) in lines {
        out.extend_from_slice(text);
        out.extend_from_slice(end);
    }
    out
}

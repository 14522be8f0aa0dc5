//! A file prepared for placing edits: its lines as bytes and as text, its line ends, its byte order mark.

use std::borrow::Cow;

use super::{Found, OwnedLine, Refusal, Splice, Spot, Tier};
use crate::codebase::text::{Line, LineEnds, is_binary, line_ends, lines};

const BOM: &[u8] = "\u{feff}".as_bytes();

#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The byte order mark, or nothing. It belongs to no line, so that no edit of the first line loses it.
    pub(super) mark: &'a [u8],
    pub(super) own: Vec<Line<'a>>,
    /// The lines as text, lossy where they are not UTF-8.
    pub(super) shown: Vec<Cow<'a, str>>,
    pub(super) ends: LineEnds,
    pub(super) is_utf8: bool,
    pub(super) is_binary: bool,
}

impl<'a> Source<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let own = lines(body);
        Self {
            mark: &bytes[..bytes.len() - body.len()],
            shown: own.iter().map(|line| String::from_utf8_lossy(line.text)).collect(),
            own,
            ends: line_ends(body),
            is_utf8: std::str::from_utf8(body).is_ok(),
            is_binary: is_binary(bytes),
        }
    }

    pub fn is_binary(&self) -> bool {
        self.is_binary
    }

    pub fn line_count(&self) -> usize {
        self.own.len()
    }

    /// New lines after a 1-based line, or at the start after line 0.
    pub fn insert_after(&self, line: usize, text: &str) -> Result<Found, Refusal> {
        if self.is_binary {
            return Err(Refusal::Binary);
        }
        if line > self.own.len() {
            return Err(Refusal::Absent(None));
        }
        if !self.is_utf8 && !text.is_ascii() {
            return Err(Refusal::ForeignEncoding);
        }
        let end = self.end_at(line);
        let with = text.lines().map(|text| OwnedLine { text: text.as_bytes().to_vec(), end: end.to_vec() }).collect();
        let splices = vec![Splice { lines: line..line, with, literal: false }];
        Ok(Found::Spot(Spot { tier: Tier::Exact, region: line..line, splices }))
    }

    /// The end that new lines get at this line: their neighbour's, which matters in a file of mixed line ends.
    pub(super) fn end_at(&self, line: usize) -> &'a [u8] {
        let before = line.checked_sub(1).and_then(|line| self.own.get(line));
        let neighbours = [self.own.get(line), before];
        let found = neighbours.into_iter().flatten().map(|line| line.end).find(|end| !end.is_empty());
        found.unwrap_or(if self.ends == LineEnds::Crlf { b"\r\n" } else { b"\n" })
    }

    /// Whether the last line has no end.
    pub(super) fn is_unterminated(&self) -> bool {
        self.own.last().is_some_and(|line| line.end.is_empty())
    }
}

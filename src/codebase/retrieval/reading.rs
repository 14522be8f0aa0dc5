//! The windows worth reading, packed into a budget of tokens: first one of each good file, then the next ones.

use super::evidence::{Evidence, Group};
use super::lexical::Lexical;
use super::scan::BLOCK_LINES;
use super::tree::Reader;

/// Bytes of program text that make about one token.
const BYTES_A_TOKEN: usize = 4;
/// Tokens of a window's heading.
const HEADING: usize = 12;

/// Some lines of a file, numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub path: String,
    pub first: usize,
    pub last: usize,
    /// Untrusted text of the checkout; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Estimated.
    pub tokens: usize,
}

/// Packs windows of the files `rows` (best first). The result is by rank, then line.
pub(super) fn pack(
    evidence: &Evidence<'_>,
    group: &Group,
    rows: &[usize],
    reader: &mut dyn Reader,
    budget: usize,
) -> Vec<Window> {
    let lexical = Lexical { query: &evidence.query, statistics: &group.statistics };
    let wanted: Vec<Vec<u16>> = rows
        .iter()
        .map(|row| {
            let best = group.hits.get(*row).map(|hits| lexical.best_windows(hits)).unwrap_or_default();
            let mut blocks: Vec<u16> = best.into_iter().map(|(_, block)| block).collect();
            if blocks.is_empty() {
                // A companion may hold none of the words: its head says what it is.
                blocks.push(0);
            }
            blocks
        })
        .collect();
    let mut spent = 0;
    let mut taken: Vec<(usize, Window)> = Vec::new();
    let mut bytes = Vec::new();
    for round in 0..3 {
        for (rank, (row, blocks)) in rows.iter().zip(&wanted).enumerate() {
            let (Some(block), Some(file)) = (blocks.get(round), group.files.get(*row)) else { continue };
            if spent >= budget || !reader.read(*file, &mut bytes) {
                continue;
            }
            let path = evidence.paths.get(*file).cloned().unwrap_or_default();
            let window = cut(path, &bytes, usize::from(*block) * BLOCK_LINES, 2 * BLOCK_LINES);
            if window.tokens > 0 && spent + window.tokens <= budget {
                spent += window.tokens;
                taken.push((rank, window));
            }
        }
    }
    taken.sort_by_key(|(rank, window)| (*rank, window.first));
    taken.into_iter().map(|(_, window)| window).collect()
}

fn cut(path: String, bytes: &[u8], skip: usize, lines: usize) -> Window {
    let text: Vec<String> = bytes
        .split(|byte| *byte == b'\n')
        .skip(skip)
        .take(lines)
        .map(|line| String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
        .collect();
    let last = skip + text.len();
    let text = text.join("\n");
    let tokens = if text.trim().is_empty() { 0 } else { text.len().div_ceil(BYTES_A_TOKEN) + HEADING };
    Window { path, first: skip + 1, last, text, tokens }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_cut_with_its_numbers_and_its_estimate() {
        let text: String = (1..=60).map(|line| format!("line {line}\r\n")).collect::<Vec<_>>().concat();
        let window = cut("a.rs".into(), text.as_bytes(), 50, 50);
        assert_eq!((window.first, window.last), (51, 61));
        assert!(window.text.starts_with("line 51\nline 52") && window.tokens > HEADING);
        assert_eq!(cut("a.rs".into(), b"", 0, 50).tokens, 0);
        assert!(cut("a.rs".into(), b"\xff = 1", 0, 50).text.contains('\u{fffd}'));
    }
}

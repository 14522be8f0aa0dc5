//! A process's output with its beginning and its end kept: however much it prints, memory stays small.

use std::collections::VecDeque;

use crate::domain::secret::Redactor;

/// The first bytes tell what was run, the last ones what went wrong: more is kept of the end.
const HEAD: usize = 16 * 1024;
const TAIL: usize = 48 * 1024;

#[derive(Debug, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Capture {
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = HEAD - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        bytes = &rest[rest.len().saturating_sub(TAIL)..];
        let excess = (self.tail.len() + bytes.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend(bytes);
    }

    /// The text, redacted. Bytes that are not UTF-8 are shown as the replacement character.
    pub(super) fn into_text(self, redactor: &Redactor) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let tail: Vec<u8> = self.tail.into();
        if kept == self.total {
            let all = [self.head, tail].concat();
            return redactor.redact(&String::from_utf8_lossy(&all));
        }
        // A secret that the cut goes through would no longer be known by its value: cut at line ends, or drop as much
        // as the longest secret has.
        let longest = redactor.values().iter().map(String::len).max().unwrap_or(0);
        let head = match self.head.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => &self.head[..=end],
            None => &self.head[..self.head.len().saturating_sub(longest)],
        };
        let tail = match tail.iter().position(|byte| *byte == b'\n').filter(|end| *end + 1 < tail.len()) {
            Some(end) => &tail[end + 1..],
            None => &tail[longest.min(tail.len())..],
        };
        let left_out = self.total - (head.len() + tail.len()) as u64;
        let (head, tail) = (String::from_utf8_lossy(head), String::from_utf8_lossy(tail));
        format!("{}{}{}", redactor.redact(&head), note_left_out(&head, left_out), redactor.redact(&tail))
    }
}

/// The line in the middle of a cut output.
fn note_left_out(head: &str, bytes: u64) -> String {
    let newline = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    format!("{newline}[… {bytes} bytes left out …]\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(chunks: &[&[u8]], redactor: &Redactor) -> String {
        let mut capture = Capture::default();
        for chunk in chunks {
            capture.push(chunk);
            assert!(capture.head.len() <= HEAD && capture.tail.len() <= TAIL);
        }
        capture.into_text(redactor)
    }

    #[test]
    fn short_output_is_whole() {
        assert_eq!(captured(&[b"one\n", b"tw\xff"], &Redactor::default()), "one\ntw\u{fffd}");
        let exact = vec![b'x'; HEAD + TAIL];
        assert_eq!(captured(&[&exact], &Redactor::default()).len(), HEAD + TAIL);
    }

    #[test]
    fn long_output_keeps_both_ends_in_whole_lines() {
        let lines: Vec<u8> = (0..100_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let chunks: Vec<&[u8]> = lines.chunks(7_777).collect();
        let text = captured(&chunks, &Redactor::default());
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 99998\nline 99999\n"));
        let at = text.find("[… ").unwrap();
        let note: Vec<&str> = text[at..].lines().take(2).collect();
        let left: usize = note[0].split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(text.len() - note[0].len() - 1 + left, lines.len());
        assert!(text[..at].ends_with('\n') && note[1].starts_with("line "));
    }

    #[test]
    fn a_secret_at_the_cut_is_not_half_shown() {
        let secret = "s3cr3t-s3cr3t-s3cr3t".to_owned();
        let redactor = Redactor::new([secret.clone()]);
        // One endless line, with the secret across the end of the head and across the beginning of the tail.
        let mut line = vec![b'x'; HEAD - 10];
        line.extend(secret.bytes());
        line.extend(vec![b'y'; 200_000]);
        line.extend(secret.bytes());
        line.extend(vec![b'z'; TAIL - 10]);
        let text = captured(&[&line], &redactor);
        assert!(!text.contains("s3cr") && !text.contains("cr3t"), "half a secret is left");
    }
}

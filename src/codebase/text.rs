//! Bytes of a file as lines, without losing a byte: line ends, encoding and the final newline are known and kept.

/// How a file's lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    Lf,
    Crlf,
    Mixed,
}

impl LineEnds {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::Crlf => "CRLF",
            Self::Mixed => "mixed LF and CRLF",
        }
    }
}

/// A line without its end, and the end (`\n`, `\r\n`, or nothing on the last line).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line<'a> {
    pub text: &'a [u8],
    pub end: &'a [u8],
}

/// The lines of a file. An empty file has none.
pub fn lines(bytes: &[u8]) -> Vec<Line<'_>> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|raw| {
            let text = raw.strip_suffix(b"\n").unwrap_or(raw);
            let text = if text.len() < raw.len() { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
            Line { text, end: &raw[text.len()..] }
        })
        .collect()
}

/// A file without line breaks counts as LF.
pub fn line_ends(bytes: &[u8]) -> LineEnds {
    let (mut lf, mut crlf) = (false, false);
    for line in lines(bytes) {
        match line.end {
            b"\n" => lf = true,
            b"\r\n" => crlf = true,
            _ => {}
        }
    }
    match (lf, crlf) {
        (_, false) => LineEnds::Lf,
        (false, true) => LineEnds::Crlf,
        (true, true) => LineEnds::Mixed,
    }
}

/// Git's own test: a NUL among the first 8,000 bytes.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(8_000).any(|byte| *byte == 0)
}

/// The text with every line ending as `ends` says; mixed files get LF.
pub fn with_line_ends(text: &str, ends: LineEnds) -> String {
    let unix = text.replace("\r\n", "\n");
    if ends == LineEnds::Crlf { unix.replace('\n', "\r\n") } else { unix }
}

/// A line for display: lossy where it is not UTF-8, cut after `most` characters with a note.
pub fn shown(text: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some((cut, _)) => format!("{}… [{} more characters]", &text[..cut], text[cut..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_every_byte() {
        let bytes = b"a\r\nb\n\r\nc\rd\xff";
        let lines = lines(bytes);
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.text).collect();
        assert_eq!(texts, [b"a".as_slice(), b"b", b"", b"c\rd\xff"]);
        let whole: Vec<u8> = lines.iter().flat_map(|line| [line.text, line.end].concat()).collect();
        assert_eq!(whole, bytes);
    }

    #[test]
    fn line_ends_are_told_apart() {
        assert_eq!(line_ends(b"a"), LineEnds::Lf);
        assert_eq!(line_ends(b"a\nb"), LineEnds::Lf);
        assert_eq!(line_ends(b"a\r\nb\r\n"), LineEnds::Crlf);
        assert_eq!(line_ends(b"a\r\nb\n"), LineEnds::Mixed);
        assert_eq!(with_line_ends("a\r\nb\n", LineEnds::Crlf), "a\r\nb\r\n");
    }

    #[test]
    fn long_and_foreign_lines_are_shown_safely() {
        assert_eq!(shown(b"caf\xe9", 10), "caf\u{fffd}");
        assert_eq!(shown("ééééé".as_bytes(), 2), "éé… [3 more characters]");
    }
}

//! Lists of files and windows into files, as text for the model: numbered, capped, and open about what was left out.

use std::fmt::Write as _;

use globset::GlobMatcher;

use super::index::{FileClass, Index};
use super::text::{is_binary, line_ends, lines, shown};
use crate::domain::change::RepoPath;

pub const MAX_LISTED: usize = 200;
pub const MAX_WINDOW_LINES: usize = 200;
pub const MAX_LINE_CHARS: usize = 500;
pub const MAX_WINDOW_BYTES: usize = 32 * 1024;

/// The files that match, one a line, at most [`MAX_LISTED`].
pub fn list_files(index: &Index, glob: &GlobMatcher) -> String {
    let matching: Vec<_> = index.files.iter().filter(|file| glob.is_match(file.path.as_str())).collect();
    if matching.is_empty() {
        return "no file matches; globs are relative to the repository's root, `**` crosses folders".into();
    }
    let mut out = format!("{} of {} files match\n", matching.len(), index.files.len());
    for file in matching.iter().take(MAX_LISTED) {
        let note = match file.class {
            FileClass::Source => String::new(),
            other => format!(", {}", other.name()),
        };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{} ({} bytes{note})", file.path, file.size);
    }
    if matching.len() > MAX_LISTED {
        let _ = writeln!(out, "… {} more; use a narrower glob", matching.len() - MAX_LISTED);
    }
    out
}

/// Lines `start` to `end` (1-based, inclusive) of a file, numbered. Without bounds the first [`MAX_WINDOW_LINES`] lines.
/// The error says in words why there is nothing to show.
pub fn window(path: &RepoPath, bytes: &[u8], start: Option<u64>, end: Option<u64>) -> Result<String, String> {
    if is_binary(bytes) {
        return Err(format!("`{path}` is a binary file of {} bytes; it cannot be shown or edited", bytes.len()));
    }
    let lines = lines(bytes);
    if lines.is_empty() {
        return Ok(format!("{path} is empty\n"));
    }
    let index = |line: u64| usize::try_from(line).unwrap_or(usize::MAX);
    let first = start.map_or(1, index).max(1);
    if first > lines.len() {
        return Err(format!("`{path}` has {} lines; line {first} is beyond its end", lines.len()));
    }
    let wanted = end.map_or(first.saturating_add(MAX_WINDOW_LINES - 1), index);
    if wanted < first {
        return Err(format!("the window ends at line {wanted} before it starts at line {first}"));
    }
    let capped = wanted.min(first.saturating_add(MAX_WINDOW_LINES - 1)).min(lines.len());
    let mut body = String::new();
    let mut last = first;
    for (offset, line) in lines[first - 1..capped].iter().enumerate() {
        let text = shown(line.text, MAX_LINE_CHARS);
        if offset > 0 && body.len() + text.len() > MAX_WINDOW_BYTES {
            break;
        }
        last = first + offset;
        let _ = writeln!(body, "{last:>5}  {text}");
    }
    let mut out = format!("{path} lines {first}-{last} of {}{}\n{body}", lines.len(), traits(bytes));
    if last < lines.len() {
        let _ = writeln!(out, "… {} more lines; read on with start_line {}", lines.len() - last, last + 1);
    }
    Ok(out)
}

/// What an editor must know of a file: line ends, encoding, a missing final newline.
fn traits(bytes: &[u8]) -> String {
    let ends = line_ends(bytes);
    let mut notes = Vec::new();
    if ends != super::text::LineEnds::Lf {
        notes.push(format!("line ends: {}, kept by edits", ends.name()));
    }
    if std::str::from_utf8(bytes).is_err() {
        notes.push("not UTF-8, undecodable bytes are shown as \u{fffd}".into());
    }
    if !bytes.ends_with(b"\n") {
        notes.push("no newline at the end".into());
    }
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::super::index::{Index, path_glob};
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    fn path() -> RepoPath {
        "a.txt".parse().unwrap()
    }

    #[test]
    fn windows_are_numbered_and_say_where_they_stand() {
        let shown = window(&path(), b"one\ntwo\nthree\n", Some(2), Some(2)).unwrap();
        assert_eq!(shown, "a.txt lines 2-2 of 3\n    2  two\n… 1 more lines; read on with start_line 3\n");
    }

    #[test]
    fn crlf_and_foreign_bytes_are_shown_plainly() {
        let shown = window(&path(), b"caf\xe9\r\nx", None, None).unwrap();
        let note = "line ends: CRLF, kept by edits; not UTF-8, undecodable bytes are shown as \u{fffd}; \
                    no newline at the end";
        assert_eq!(shown, format!("a.txt lines 1-2 of 2 ({note})\n    1  caf\u{fffd}\n    2  x\n"));
    }

    #[test]
    fn windows_are_capped_in_lines_and_bytes() {
        let many = "x\n".repeat(1000);
        assert!(window(&path(), many.as_bytes(), None, Some(999)).unwrap().starts_with("a.txt lines 1-200 of 1000"));
        let wide = format!("{}\n", "y".repeat(400)).repeat(150);
        let shown = window(&path(), wide.as_bytes(), None, None).unwrap();
        assert!(shown.len() < MAX_WINDOW_BYTES + 2000 && shown.contains("read on with start_line"));
        assert!(window(&path(), "z".repeat(100_000).as_bytes(), None, None).unwrap().contains("99500 more characters"));
    }

    #[test]
    fn windows_that_show_nothing_say_why() {
        assert!(window(&path(), b"a\0b", None, None).unwrap_err().contains("binary"));
        assert!(window(&path(), b"a\n", Some(9), None).unwrap_err().contains("has 1 lines"));
        assert!(window(&path(), b"a\nb\n", Some(2), Some(1)).unwrap_err().contains("before it starts"));
        assert_eq!(window(&path(), b"", None, None).unwrap(), "a.txt is empty\n");
        assert!(window(&path(), b"a\n", Some(u64::MAX), Some(u64::MAX)).is_err());
    }

    #[tokio::test]
    async fn lists_are_capped_and_counted() {
        let names: Vec<String> = (0..250).map(|i| format!("src/f{i:03}.rs")).collect();
        let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
        files.push(("README.md", b"hello"));
        let index = Index::of(&FakeCheckout::new(&files)).await.unwrap();
        let listed = list_files(&index, &path_glob("src/").unwrap());
        assert!(listed.starts_with("250 of 251 files match\nsrc/f000.rs (1 bytes)\n"));
        assert!(listed.ends_with("… 50 more; use a narrower glob\n"));
        assert_eq!(list_files(&index, &path_glob("*.md").unwrap()), "1 of 251 files match\nREADME.md (5 bytes, doc)\n");
        assert!(list_files(&index, &path_glob("*.py").unwrap()).starts_with("no file matches"));
    }
}

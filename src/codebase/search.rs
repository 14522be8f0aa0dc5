//! Search over the files as they stand: which files and how often first, then the matching lines, capped.

use std::fmt::Write as _;

use globset::GlobMatcher;
use regex::{Regex, RegexBuilder};

use super::index::Index;
use super::text::{is_binary, lines, shown};
use crate::domain::change::RepoPath;
use crate::ports::checkout::{Checkout, CheckoutError};

pub const MAX_PATTERN_BYTES: usize = 1_000;
pub const MAX_FILES: usize = 40;
pub const MAX_LINES: usize = 60;
pub const MAX_LINES_A_FILE: usize = 10;
pub const MAX_LINE_CHARS: usize = 240;

/// What to look for: a regular expression, or the text itself where it is not one.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    literal: bool,
}

impl Pattern {
    /// An empty pattern is refused. Expressions are bounded in size and run in linear time.
    pub fn new(written: &str) -> Result<Self, String> {
        if written.is_empty() {
            return Err("the pattern is empty".into());
        }
        if written.len() > MAX_PATTERN_BYTES {
            return Err(format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes"));
        }
        let build = |pattern: &str| RegexBuilder::new(pattern).size_limit(1 << 20).build();
        if let Ok(regex) = build(written) {
            return Ok(Self { regex, literal: false });
        }
        build(&regex::escape(written))
            .map(|regex| Self { regex, literal: true })
            .map_err(|_| "the pattern is too long".into())
    }
}

/// One file's matching lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHits {
    pub path: RepoPath,
    pub count: usize,
    /// 1-based number and text of the first lines.
    pub lines: Vec<(usize, String)>,
}

/// All files with matches, most matches first, then by path. Vendored, generated, binary and huge files are left out.
pub async fn search(
    checkout: &dyn Checkout,
    index: &Index,
    pattern: &Pattern,
    glob: Option<&GlobMatcher>,
) -> Result<Vec<FileHits>, CheckoutError> {
    let mut found = Vec::new();
    for file in &index.files {
        let wanted = glob.is_none_or(|glob| glob.is_match(file.path.as_str()));
        if !wanted || !file.class.is_searched() {
            continue;
        }
        // A file that became unreadable since it was listed is no reason to fail the search.
        let Ok(Some(bytes)) = checkout.read(&file.path).await else { continue };
        if is_binary(&bytes) {
            continue;
        }
        let mut hits = FileHits { path: file.path.clone(), count: 0, lines: Vec::new() };
        for (number, line) in lines(&bytes).iter().enumerate() {
            if pattern.regex.is_match(&String::from_utf8_lossy(line.text)) {
                hits.count += 1;
                if hits.lines.len() < MAX_LINES_A_FILE {
                    hits.lines.push((number + 1, shown(line.text, MAX_LINE_CHARS)));
                }
            }
        }
        if hits.count > 0 {
            found.push(hits);
        }
    }
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.path.cmp(&b.path)));
    Ok(found)
}

/// The answer for the model.
pub fn render(pattern: &Pattern, hits: &[FileHits]) -> String {
    let literal = if pattern.literal { " (not a valid regular expression, so searched as plain text)" } else { "" };
    if hits.is_empty() {
        return format!("no line matches{literal}\n");
    }
    let total: usize = hits.iter().map(|file| file.count).sum();
    let mut out = format!("{total} lines in {} files match{literal}\n", hits.len());
    for file in hits.iter().take(MAX_FILES) {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{}: {}", file.path, file.count);
    }
    if hits.len() > MAX_FILES {
        let _ = writeln!(out, "… {} more files; use a glob or a narrower pattern", hits.len() - MAX_FILES);
    }
    out.push('\n');
    let lines = hits.iter().flat_map(|file| file.lines.iter().map(move |(number, text)| (&file.path, number, text)));
    let mut left_out = total;
    for (path, number, text) in lines.take(MAX_LINES) {
        let _ = writeln!(out, "{path}:{number}: {text}");
        left_out -= 1;
    }
    if left_out > 0 {
        let _ = writeln!(out, "… {left_out} more lines");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::index::path_glob;
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    async fn answer(checkout: &FakeCheckout, pattern: &str, glob: Option<&str>) -> String {
        let index = Index::of(checkout).await.unwrap();
        let pattern = Pattern::new(pattern).unwrap();
        let glob = glob.map(|glob| path_glob(glob).unwrap());
        render(&pattern, &search(checkout, &index, &pattern, glob.as_ref()).await.unwrap())
    }

    #[tokio::test]
    async fn files_with_counts_come_first() {
        let checkout = FakeCheckout::new(&[
            ("a.rs", b"fn wrap() {}\nlet x = 1;\n"),
            ("b.rs", b"wrap();\nwrap();\r\n"),
            ("vendor/c.rs", b"wrap();\n"),
            ("bin.rs", b"wrap\0"),
        ]);
        assert_eq!(
            answer(&checkout, r"wrap\(", None).await,
            "3 lines in 2 files match\nb.rs: 2\na.rs: 1\n\nb.rs:1: wrap();\nb.rs:2: wrap();\na.rs:1: fn wrap() {}\n"
        );
        assert!(answer(&checkout, "wrap", Some("a.*")).await.starts_with("1 lines in 1 files match"));
        assert_eq!(answer(&checkout, "nothing", None).await, "no line matches\n");
    }

    #[tokio::test]
    async fn what_is_no_expression_is_searched_as_text() {
        let checkout = FakeCheckout::new(&[("a.rs", b"fn wrap(\n")]);
        assert!(answer(&checkout, "wrap(", None).await.contains("searched as plain text"));
        assert!(Pattern::new("").is_err());
        assert!(Pattern::new(&"(".repeat(2_000)).is_err());
    }

    #[tokio::test]
    async fn answers_are_capped_and_foreign_bytes_shown() {
        let many = "match caf\u{e9}\n".repeat(500);
        let mut bytes = many.into_bytes();
        bytes.extend_from_slice(b"match \xff\n");
        let checkout = FakeCheckout::new(&[("a.rs", &bytes)]);
        let text = answer(&checkout, "match", None).await;
        assert!(text.starts_with("501 lines in 1 files match"));
        assert!(text.ends_with("… 491 more lines\n"));
        assert!(answer(&checkout, "match \u{fffd}", None).await.contains("a.rs:501"));
    }
}

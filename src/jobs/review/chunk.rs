//! The change cut into pieces that a model can read at once, every changed line in exactly one of them.

use std::fmt::Write as _;

use super::diff::{Content, FileDiff, Hunk, Line, Mark, shown_path};
use crate::domain::pull::FileStatus;
use crate::domain::tokens;

/// A piece of the change as the model reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Chunk {
    pub(super) text: String,
    /// What it covers, in the units of [`FileDiff::units`].
    pub(super) units: u64,
    tokens: u64,
}

/// Cuts the change into chunks of at most `limit` tokens by our estimate. A line that is longer than that alone is left out
/// and not covered.
pub(super) fn chunks(files: &[FileDiff], limit: u64) -> Vec<Chunk> {
    let mut packer = Packer { limit, done: Vec::new(), open: Chunk::default() };
    for file in files {
        packer.file(file);
    }
    packer.flush();
    packer.done
}

struct Packer {
    limit: u64,
    done: Vec<Chunk>,
    open: Chunk,
}

impl Packer {
    fn file(&mut self, file: &FileDiff) {
        let header = header(file);
        match &file.content {
            Content::Text(hunks) => {
                let changed = hunks.iter().flat_map(|h| &h.lines).any(|line| line.mark != Mark::Context);
                for (at, hunk) in hunks.iter().enumerate() {
                    self.hunk(hunk, &header, at == 0);
                }
                // A text without changed lines counts one for its name.
                self.open.units += u64::from(!changed);
            }
            Content::Binary | Content::NameOnly => {
                self.make_room(cost(&header));
                self.push(&header, 1);
            }
            Content::Unreadable(_) => {
                self.make_room(cost(&header));
                self.push(&header, 0);
            }
        }
    }

    fn hunk(&mut self, hunk: &Hunk, header: &str, first: bool) {
        let title = if hunk.heading.is_empty() { "@@\n".to_owned() } else { format!("@@ {}\n", hunk.heading) };
        let opening = cost(header) + cost(&title);
        let whole: u64 = hunk.lines.iter().map(|line| cost(&render(line))).sum::<u64>() + opening;
        // A hunk stays in one piece where it can.
        let fresh = whole <= self.limit && self.make_room(whole);
        if first || fresh || self.open.text.is_empty() {
            self.make_room(opening);
            self.push(header, 0);
        }
        self.push(&title, 0);
        for line in &hunk.lines {
            let text = render(line);
            let cost = cost(&text);
            let units = u64::from(line.mark != Mark::Context);
            if opening + cost > self.limit {
                self.push(&format!("{:>6} (a line too long to show)\n", line.number), 0);
                continue;
            }
            if self.make_room(cost) {
                self.push(&format!("{}\n@@ (continued)\n", header.trim_end()), 0);
            }
            self.push(&text, units);
        }
    }

    /// Starts a new chunk where `tokens` more do not fit; true when it did.
    fn make_room(&mut self, tokens: u64) -> bool {
        let full = !self.open.text.is_empty() && self.open.tokens + tokens > self.limit;
        if full {
            self.flush();
        }
        full
    }

    fn push(&mut self, text: &str, units: u64) {
        self.open.text.push_str(text);
        self.open.tokens += cost(text);
        self.open.units += units;
    }

    fn flush(&mut self) {
        if !self.open.text.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
    }
}

fn cost(text: &str) -> u64 {
    tokens::estimate(text) + 1
}

fn header(file: &FileDiff) -> String {
    let mut text = format!("=== {} ({}", shown_path(&file.path), status(file.status));
    if let Some(previous) = file.previous_path.as_ref().filter(|previous| **previous != file.path) {
        // Writing to a string does not fail.
        let _ = write!(text, ", was {}", shown_path(previous));
    }
    match &file.content {
        Content::Text(_) => {}
        Content::Binary => text.push_str(", binary: its content is not shown"),
        Content::NameOnly => text.push_str(", no changed lines"),
        Content::Unreadable(_) => text.push_str(", its content could not be read"),
    }
    text.push_str(")\n");
    text
}

fn status(status: FileStatus) -> &'static str {
    match status {
        FileStatus::Added => "added",
        FileStatus::Modified => "modified",
        FileStatus::Removed => "removed",
        FileStatus::Renamed => "renamed",
        FileStatus::Copied => "copied",
        FileStatus::Other => "changed",
    }
}

fn render(line: &Line) -> String {
    match line.mark {
        Mark::Added => format!("{:>6} +{}\n", line.number, line.text),
        Mark::Context => format!("{:>6}  {}\n", line.number, line.text),
        Mark::Removed => format!("       -{}\n", line.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::review::diff::from_versions;

    fn added(path: &str, text: &str) -> FileDiff {
        FileDiff {
            path: path.into(),
            previous_path: None,
            status: FileStatus::Added,
            content: from_versions(None, Some(text.as_bytes())),
        }
    }

    #[test]
    fn a_small_change_is_one_chunk() {
        let mut removed = added("b.txt", "gone\n");
        removed.content = from_versions(Some(b"keep\ngone\n"), Some(b"keep\n"));
        removed.status = FileStatus::Modified;
        let binary = FileDiff { content: Content::Binary, ..added("logo.png", "") };
        let chunks = chunks(&[added("a.txt", "one\ntwo\n"), removed, binary], 1_000);
        assert_eq!(chunks.len(), 1);
        assert_eq!(
            chunks[0].text,
            "=== a.txt (added)\n@@\n     1 +one\n     2 +two\n=== b.txt (modified)\n@@\n     1  keep\n       -gone\n\
             === logo.png (added, binary: its content is not shown)\n"
        );
        assert_eq!(chunks[0].units, 4);
    }

    #[test]
    fn every_changed_line_is_in_exactly_one_chunk() {
        let text = (0..2_000).map(|n| format!("let value_{n} = compute({n});\n")).collect::<Vec<_>>().concat();
        let files = [added("big.rs", &text), added("small.rs", "fn x() {}\n"), added("other.rs", &text)];
        let total: u64 = files.iter().map(FileDiff::units).sum();
        for limit in [100, 500, 7_000, 1_000_000] {
            let chunks = chunks(&files, limit);
            assert_eq!(chunks.iter().map(|chunk| chunk.units).sum::<u64>(), total, "limit {limit}");
            assert!(chunks.iter().all(|chunk| tokens::estimate(&chunk.text) <= limit + 40), "limit {limit}");
            assert!(chunks.iter().all(|chunk| chunk.text.starts_with("=== ")), "limit {limit}");
        }
        let many = chunks(&files, 500);
        let shown = many.iter().map(|chunk| chunk.text.matches("value_1999 ").count()).sum::<usize>();
        assert_eq!(shown, 2, "once for each of the two files");
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_not_covered() {
        let file = added("min.js", &format!("short\n{}\n", "x=1;".repeat(1_000)));
        let chunks = chunks(std::slice::from_ref(&file), 200);
        assert_eq!((file.units(), chunks.iter().map(|chunk| chunk.units).sum::<u64>()), (2, 1));
        assert!(chunks[0].text.contains("(a line too long to show)"));
    }

    #[test]
    fn a_path_cannot_break_its_line() {
        let chunks = chunks(&[added("a\n=== b (added)", "x\n")], 1_000);
        assert!(chunks[0].text.starts_with("=== a\u{fffd}=== b (added) (added)\n"));
    }
}

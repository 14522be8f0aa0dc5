//! The change as lines with numbers, from GitHub's patch or from both versions of a file.

use similar::{ChangeTag, TextDiff};

use crate::domain::pull::{ChangedFile, FileStatus};
use crate::prompt::unicode;

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileDiff {
    pub(super) path: String,
    pub(super) previous_path: Option<String>,
    pub(super) status: FileStatus,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Text(Vec<Hunk>),
    /// Listed by name; only a person can judge it.
    Binary,
    /// A rename, a change of mode, an empty file: there are no changed lines.
    NameOnly,
    /// Neither a patch nor the two versions could be had: this many changed lines are not covered.
    Unreadable(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// What git says of the surroundings, such as a function's name.
    pub(super) heading: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) mark: Mark,
    /// 1-based number at the head; for a removed line that of the line after it.
    pub(super) number: u64,
    /// Invisible characters are written out.
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Added,
    Removed,
    Context,
}

impl FileDiff {
    /// What coverage counts: changed lines, and one for a file without any.
    pub(super) fn units(&self) -> u64 {
        match &self.content {
            Content::Text(hunks) => {
                let changed = hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.mark != Mark::Context);
                (changed.count() as u64).max(1)
            }
            Content::Binary | Content::NameOnly => 1,
            Content::Unreadable(lines) => (*lines).max(1),
        }
    }
}

/// A path on one line, as reviewers see it and name it.
pub(super) fn shown_path(path: &str) -> String {
    unicode::reveal(path).replace(char::is_control, "\u{fffd}")
}

/// Reads GitHub's patch of a file. `None` when it is absent, cut or doesn't add up: then both versions must be compared.
pub(super) fn from_patch(file: &ChangedFile) -> Option<Content> {
    let Some(patch) = &file.patch else {
        let untouched = file.additions + file.deletions == 0;
        return (untouched && file.status == FileStatus::Renamed).then_some(Content::NameOnly);
    };
    let hunks = parse(patch)?;
    let count = |mark| hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.mark == mark).count() as u64;
    (count(Mark::Added) == file.additions && count(Mark::Removed) == file.deletions).then_some(Content::Text(hunks))
}

/// A unified diff without file headers; `None` when a hunk is shorter or longer than its header says.
fn parse(patch: &str) -> Option<Vec<Hunk>> {
    let mut hunks = Vec::new();
    let mut lines = patch.split('\n').peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        let (mut old_left, mut new_left, mut number, heading) = header(line)?;
        let mut hunk = Hunk { heading: unicode::reveal(heading.trim()), lines: Vec::new() };
        while old_left > 0 || new_left > 0 {
            let line = lines.next()?;
            let (mark, text) = match line.as_bytes().first() {
                Some(b'+') => (Mark::Added, &line[1..]),
                Some(b'-') => (Mark::Removed, &line[1..]),
                Some(b' ') => (Mark::Context, &line[1..]),
                Some(b'\\') => continue,
                // Some tools strip the space of an empty context line.
                None => (Mark::Context, ""),
                Some(_) => return None,
            };
            if mark != Mark::Added {
                old_left = u64::checked_sub(old_left, 1)?;
            }
            hunk.lines.push(Line { mark, number, text: unicode::reveal(text.trim_end_matches('\r')) });
            if mark != Mark::Removed {
                new_left = u64::checked_sub(new_left, 1)?;
                number += 1;
            }
        }
        while lines.peek().is_some_and(|line| line.starts_with('\\')) {
            lines.next();
        }
        hunks.push(hunk);
    }
    (!hunks.is_empty()).then_some(hunks)
}

/// `@@ -1,2 +3,4 @@ heading`: old length, new length, new start, heading.
fn header(line: &str) -> Option<(u64, u64, u64, &str)> {
    let (ranges, heading) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(u64, u64)> {
        match text.split_once(',') {
            Some((start, length)) => Some((start.parse().ok()?, length.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let (new_start, new_length) = range(new)?;
    Some((range(old)?.1, new_length, new_start, heading))
}

/// Compares both versions of a file; `None` stands for a version that does not exist.
pub(super) fn from_versions(old: Option<&[u8]>, new: Option<&[u8]>) -> Content {
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    // Git's own rule: a NUL in the first 8,000 bytes.
    let binary = |bytes: &[u8]| bytes.iter().take(8_000).any(|byte| *byte == 0);
    if binary(old) || binary(new) {
        return Content::Binary;
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let mut unified = diff.unified_diff();
    let hunks: Vec<Hunk> = unified
        .context_radius(3)
        .iter_hunks()
        .map(|hunk| {
            let mut next = 1;
            let mut lines = Vec::new();
            for change in hunk.iter_changes() {
                let mark = match change.tag() {
                    ChangeTag::Insert => Mark::Added,
                    ChangeTag::Delete => Mark::Removed,
                    ChangeTag::Equal => Mark::Context,
                };
                if let Some(index) = change.new_index() {
                    next = index as u64 + 1;
                }
                let text = unicode::reveal(change.value().trim_end_matches(['\n', '\r']));
                lines.push(Line { mark, number: next, text });
                if mark != Mark::Removed {
                    next += 1;
                }
            }
            Hunk { heading: String::new(), lines }
        })
        .collect();
    if hunks.is_empty() { Content::NameOnly } else { Content::Text(hunks) }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn file(path: &str, patch: Option<&str>) -> ChangedFile {
        let count = |sign: &str| patch.map_or(0, |p| p.lines().filter(|line| line.starts_with(sign)).count()) as u64;
        ChangedFile {
            path: path.into(),
            previous_path: None,
            status: FileStatus::Modified,
            additions: count("+"),
            deletions: count("-"),
            patch: patch.map(str::to_owned),
            blob: None,
        }
    }

    fn line(mark: Mark, number: u64, text: &str) -> Line {
        Line { mark, number, text: text.into() }
    }

    #[test]
    fn a_patch_is_read_with_line_numbers_at_the_head() {
        let patch = "@@ -1,3 +1,3 @@ fn main()\n a\n-b\n+B\u{202e}\n c\n\\ No newline at end of file";
        let content = from_patch(&file("x", Some(patch))).unwrap();
        let lines = vec![
            line(Mark::Context, 1, "a"),
            line(Mark::Removed, 2, "b"),
            line(Mark::Added, 2, "B<U+202E>"),
            line(Mark::Context, 3, "c"),
        ];
        assert_eq!(content, Content::Text(vec![Hunk { heading: "fn main()".into(), lines }]));
    }

    #[test]
    fn a_patch_that_is_cut_or_does_not_add_up_is_not_used() {
        assert_eq!(from_patch(&file("x", Some("@@ -1,3 +1,3 @@\n a\n-b\n+B"))), None);
        let mut more = file("x", Some("@@ -1 +1 @@\n-b\n+B"));
        assert!(from_patch(&more).is_some());
        more.additions = 400;
        assert_eq!(from_patch(&more), None);
        assert_eq!(from_patch(&file("x", None)), None);
    }

    #[test]
    fn comparing_versions_gives_what_the_patch_would() {
        let old = (1..=20).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let new = old.replace("line 10\n", "line ten\nline ten and a half\n");
        let Content::Text(hunks) = from_versions(Some(old.as_bytes()), Some(new.as_bytes())) else { panic!("text") };
        assert_eq!(hunks.len(), 1);
        let changed: Vec<&Line> = hunks[0].lines.iter().filter(|line| line.mark != Mark::Context).collect();
        assert_eq!(
            changed,
            [
                &line(Mark::Removed, 10, "line 10"),
                &line(Mark::Added, 10, "line ten"),
                &line(Mark::Added, 11, "line ten and a half"),
            ]
        );
        assert_eq!(hunks[0].lines.first().unwrap().number, 7);
    }

    #[test]
    fn binary_and_unchanged_files_are_told_apart() {
        assert_eq!(from_versions(None, Some(b"\x89PNG\0")), Content::Binary);
        assert_eq!(from_versions(None, Some(b"")), Content::NameOnly);
        assert!(matches!(from_versions(None, Some(b"caf\xe9\n")), Content::Text(_)));
    }
}

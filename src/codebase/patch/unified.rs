//! Unified diffs, as git writes them and as models do: with wrong numbers and counts, or none.
//!
//! <https://git-scm.com/docs/diff-format#generate_patch_text_with_p>

use super::fence::Fence;
use super::names::Names;
use super::reply::{Action, Edit, Update};
use super::words::Why;
use crate::codebase::place::{Hint, Want};

/// The first line that begins a file's part.
pub(super) fn start(lines: &[String]) -> Option<usize> {
    (0..lines.len()).find(|line| begins_file(lines, *line) || lines[*line].starts_with("@@ "))
}

fn begins_file(lines: &[String], at: usize) -> bool {
    lines[at].starts_with("diff --git ") || has_names(lines, at)
}

fn has_names(lines: &[String], at: usize) -> bool {
    let begins = |line: Option<&String>, text: &str| line.is_some_and(|line| line.starts_with(text));
    begins(lines.get(at), "--- ") && begins(lines.get(at + 1), "+++ ")
}

pub(super) fn parse(lines: &[String], names: &Names<'_>) -> Result<Vec<Edit>, Why> {
    let mut edits = Vec::new();
    let mut fence: Option<(Fence<'_>, usize)> = None;
    let mut next = 0;
    while next < lines.len() {
        if begins_file(lines, next) {
            let mut file = File { begin: next, ..File::default() };
            next = file.read(lines, next, fence.map(|(fence, _)| fence))?;
            file.edits(names, &mut edits)?;
            continue;
        }
        match fence {
            Some((open, _)) if open.is_closed_by(&lines[next]) => fence = None,
            Some(_) if !lines[next].starts_with("@@ ") => {}
            _ if lines[next].starts_with("@@ ") => return Err(Why::NoName { line: next + 1 }),
            _ => fence = Fence::of(&lines[next]).map(|fence| (fence, next)),
        }
        next += 1;
    }
    match fence {
        Some((_, open)) => Err(Why::Truncated { line: open + 1, missing: "the closing fence" }),
        None => Ok(edits),
    }
}

/// One file's part of a diff.
#[derive(Debug, Default)]
struct File {
    begin: usize,
    old: Option<String>,
    new: Option<String>,
    git: Option<(String, String)>,
    moved: Option<(String, String)>,
    executable: Option<bool>,
    is_new: bool,
    is_deleted: bool,
    hunks: Vec<(usize, Hunk)>,
}

const NOWHERE: &str = "/dev/null";

impl File {
    /// Reads to the first line that is not of this file.
    fn read(&mut self, lines: &[String], begin: usize, fence: Option<Fence<'_>>) -> Result<usize, Why> {
        let mut next = begin;
        if let Some(names) = lines[next].strip_prefix("diff --git ") {
            self.git = names.split_once(" b/").map(|(a, b)| (a.to_owned(), format!("b/{b}")));
            next += 1;
            while next < lines.len() && !has_names(lines, next) && self.extended(&lines[next], next)? {
                next += 1;
            }
        }
        if next < lines.len() && has_names(lines, next) {
            self.old = Some(name(&lines[next][4..]));
            self.new = Some(name(&lines[next + 1][4..]));
            next += 2;
        }
        while next < lines.len() && lines[next].starts_with("@@") {
            let mut hunk = Hunk { hint: Hint { line: numbers(&lines[next]), ..Hint::default() }, ..Hunk::default() };
            let first = next;
            next += 1;
            while next < lines.len() && !ends_hunk(lines, next, fence) {
                hunk.push(&lines[next]);
                next += 1;
            }
            self.hunks.push((first, hunk));
        }
        Ok(next)
    }

    /// Whether the line is one of git's extended headers.
    fn extended(&mut self, line: &str, at: usize) -> Result<bool, Why> {
        let mode = |text: &str| text.trim() == "100755";
        if let Some(text) = line.strip_prefix("new file mode ") {
            (self.is_new, self.executable) = (true, Some(mode(text)));
            if text.trim() == "120000" || text.trim() == "160000" {
                return Err(Why::Malformed { line: at + 1, what: "links and submodules can't be made by an edit" });
            }
        } else if line.starts_with("deleted file mode ") {
            self.is_deleted = true;
        } else if let Some(text) = line.strip_prefix("new mode ") {
            self.executable = Some(mode(text));
        } else if let Some(text) = line.strip_prefix("rename from ") {
            self.moved.get_or_insert_default().0 = name(text);
        } else if let Some(text) = line.strip_prefix("rename to ") {
            self.moved.get_or_insert_default().1 = name(text);
        } else if line.starts_with("Binary files ") || line.starts_with("GIT binary patch") {
            return Err(Why::Malformed { line: at + 1, what: "binary files can't be changed by a diff" });
        } else if line.starts_with("copy ") {
            return Err(Why::Malformed { line: at + 1, what: "copies are not known; add the file with its lines" });
        } else {
            let known = ["old mode ", "index ", "similarity index ", "dissimilarity index "];
            return Ok(known.iter().any(|known| line.starts_with(known)));
        }
        Ok(true)
    }

    fn edits(self, names: &Names<'_>, edits: &mut Vec<Edit>) -> Result<(), Why> {
        let line = self.begin + 1;
        let both = self.old.clone().zip(self.new.clone());
        let (old, new) = both.or_else(|| self.git.clone()).ok_or(Why::NoName { line })?;
        let mut push = |line, path: &str, action| edits.push(Edit { path: path.to_owned(), line, action });
        if self.is_new || old == NOWHERE {
            let path = plain(&new, names);
            let mut text = String::new();
            for (at, hunk) in &self.hunks {
                text.push_str(
                    &hunk
                        .only_new()
                        .ok_or(Why::Malformed { line: at + 1, what: "lines of a new file begin with +" })?,
                );
            }
            push(line, &path, Action::Create { text, executable: self.executable == Some(true) });
            return Ok(());
        }
        let path = plain(&old, names);
        if self.is_deleted || new == NOWHERE {
            push(line, &path, Action::Delete);
            return Ok(());
        }
        if let Some((from, to)) = &self.moved {
            push(line, from, Action::Move { to: to.clone() });
        } else if plain(&new, names) != path {
            return Err(Why::TwoNames { line, old, new });
        }
        if let Some(executable) = self.executable {
            push(line, &path, Action::SetExecutable(executable));
        }
        for (at, hunk) in self.hunks {
            push(at + 1, &path, Action::Update(hunk.update()));
        }
        Ok(())
    }
}

/// A name of a header: without a time after a tab, and without git's quotes around signs that need none here.
fn name(text: &str) -> String {
    let text = text.split('\t').next().unwrap_or_default().trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

/// The path without `a/` or `b/`, unless there is such a folder.
fn plain(name: &str, names: &Names<'_>) -> String {
    let name = name.strip_prefix("./").unwrap_or(name);
    let bare = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
    match bare {
        Some(bare) if names.knows(bare) || !names.knows(name) => bare.to_owned(),
        _ => name.to_owned(),
    }
}

fn ends_hunk(lines: &[String], at: usize, fence: Option<Fence<'_>>) -> bool {
    let line = &lines[at];
    if line.starts_with("@@") || begins_file(lines, at) {
        return true;
    }
    match fence {
        Some(fence) => fence.is_closed_by(line),
        // Without a fence, prose may follow.
        None => Fence::of(line).is_some() || !(line.is_empty() || line.starts_with([' ', '\t', '+', '-', '\\'])),
    }
}

/// The line where the old lines begin, from `@@ -12,3 +12,4 @@`.
pub(super) fn numbers(header: &str) -> Option<usize> {
    let text = header.trim_start_matches('@').trim_start().strip_prefix('-')?;
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|line| *line > 0)
}

/// Lines of a hunk and what the hunk says about its place.
#[derive(Debug, Default)]
pub(super) struct Hunk {
    pub(super) hint: Hint,
    lines: Vec<String>,
}

impl Hunk {
    pub(super) fn push(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    /// Blank lines between a hunk and what follows it belong to neither.
    fn trim(&mut self) {
        while self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
    }

    /// The text of a new file; `None` if there are lines that are not new.
    fn only_new(&self) -> Option<String> {
        let mut text = String::new();
        for line in &self.lines {
            if line.starts_with('\\') {
                text.pop();
            } else {
                text.extend([line.strip_prefix('+')?, "\n"]);
            }
        }
        Some(text)
    }

    /// Context either has its mark, a space, or all of it has none.
    pub(super) fn update(mut self) -> Update {
        self.trim();
        let marked = self.read(|line| line.strip_prefix(' ').unwrap_or(line));
        let bare = self.read(|line| line);
        let mut readings = vec![marked];
        if readings[0] != bare {
            readings.push(bare);
        }
        let final_newline = self.final_newline();
        Update::Lines { readings, hint: self.hint, final_newline }
    }

    fn read(&self, context: fn(&str) -> &str) -> Want {
        let mut want = Want::default();
        for line in &self.lines {
            if let Some(new) = line.strip_prefix('+') {
                want.new.push(new.to_owned());
            } else if let Some(old) = line.strip_prefix('-') {
                want.old.push(old.to_owned());
            } else if !line.starts_with('\\') {
                want.old.push(context(line).to_owned());
                want.new.push(context(line).to_owned());
            }
        }
        want
    }

    /// What `\ No newline at end of file` says, where it is not said of both sides.
    fn final_newline(&self) -> Option<bool> {
        let said_of = |sign: char| {
            self.lines.windows(2).any(|pair| pair[1].starts_with('\\') && pair[0].starts_with([sign, ' ']))
        };
        match (said_of('-'), said_of('+')) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

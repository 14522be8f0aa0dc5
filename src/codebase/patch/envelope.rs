//! `apply_patch` envelopes: `*** Begin Patch`, sections a file, hunks found by their lines and `@@` anchors.
//!
//! <https://github.com/openai/codex/blob/main/codex-rs/apply-patch/apply_patch_tool_instructions.md>

use super::reply::{Action, Edit, Update};
use super::unified::{Hunk, numbers};
use super::words::Why;

pub(super) fn start(lines: &[String]) -> Option<usize> {
    lines.iter().position(|line| line.trim() == BEGIN)
}

const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";

pub(super) fn parse(lines: &[String]) -> Result<Vec<Edit>, Why> {
    let mut edits = Vec::new();
    let mut next = 0;
    while let Some(begin) = (next..lines.len()).find(|line| lines[*line].trim() == BEGIN) {
        let end = (begin + 1..lines.len())
            .find(|line| lines[*line].trim_end() == END || lines[*line].trim() == END)
            .ok_or(Why::Truncated { line: begin + 1, missing: END })?;
        sections(lines, begin + 1, end, &mut edits)?;
        next = end + 1;
    }
    Ok(edits)
}

fn sections(lines: &[String], begin: usize, end: usize, edits: &mut Vec<Edit>) -> Result<(), Why> {
    let mut next = begin;
    while next < end {
        if lines[next].trim().is_empty() {
            next += 1;
            continue;
        }
        let Some((verb, path)) = header(&lines[next]) else {
            return Err(Why::Malformed {
                line: next + 1,
                what: "a section begins with *** Update, Add or Delete File",
            });
        };
        let stop = (next + 1..end).find(|line| header(&lines[*line]).is_some()).unwrap_or(end);
        section(verb, path, lines, next, stop, edits)?;
        next = stop;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Update,
    Add,
    Delete,
}

fn header(line: &str) -> Option<(Verb, &str)> {
    let verbs = [("*** Update File:", Verb::Update), ("*** Add File:", Verb::Add), ("*** Delete File:", Verb::Delete)];
    verbs.into_iter().find_map(|(text, verb)| Some((verb, line.strip_prefix(text)?.trim())))
}

fn section(verb: Verb, path: &str, lines: &[String], at: usize, stop: usize, edits: &mut Vec<Edit>) -> Result<(), Why> {
    let mut edit = |line: usize, action| edits.push(Edit { path: path.to_owned(), line: line + 1, action });
    match verb {
        Verb::Delete => {
            if let Some(line) = (at + 1..stop).find(|line| !lines[*line].trim().is_empty()) {
                return Err(Why::Malformed { line: line + 1, what: "a file that is deleted has no lines" });
            }
            edit(at, Action::Delete);
        }
        Verb::Add => {
            let mut text = String::new();
            for (line, written) in lines.iter().enumerate().take(stop).skip(at + 1) {
                match written.strip_prefix('+') {
                    Some(rest) => text.extend([rest, "\n"]),
                    None if written.is_empty() && line + 1 == stop => {}
                    None => return Err(Why::Malformed { line: line + 1, what: "lines of a new file begin with +" }),
                }
            }
            edit(at, Action::Create { text, executable: false });
        }
        Verb::Update => {
            let mut body = at + 1;
            if let Some(to) = lines.get(body).filter(|_| body < stop).and_then(|line| line.strip_prefix("*** Move to:"))
            {
                edit(at, Action::Move { to: to.trim().to_owned() });
                body += 1;
            }
            for (line, update) in hunks(lines, body, stop)? {
                edit(line, Action::Update(update));
            }
        }
    }
    Ok(())
}

fn hunks(lines: &[String], begin: usize, stop: usize) -> Result<Vec<(usize, Update)>, Why> {
    let mut found = Vec::new();
    let mut hunk = Hunk::default();
    let mut first = begin;
    let mut close = |hunk: &mut Hunk, first: usize| {
        let full = std::mem::take(hunk);
        if !full.is_empty() {
            found.push((first, full.update()));
        }
    };
    for (line, text) in lines.iter().map(String::as_str).enumerate().take(stop).skip(begin) {
        if text == "*** End of File" {
            hunk.hint.at_end = true;
        } else if let Some(anchor) = text.strip_prefix("@@") {
            if !hunk.is_empty() {
                close(&mut hunk, first);
            }
            first = line;
            if let Some(number) = numbers(text) {
                hunk.hint.line = Some(number);
            } else {
                let anchor = anchor.trim().trim_end_matches("@@").trim();
                if !anchor.is_empty() && !anchor.trim_matches('.').is_empty() {
                    hunk.hint.anchors.push(anchor.to_owned());
                }
            }
        } else if text.starts_with("*** ") {
            return Err(Why::Malformed { line: line + 1, what: "this line is not known in a patch" });
        } else {
            hunk.push(text);
        }
    }
    close(&mut hunk, first);
    Ok(found)
}

//! Search/replace blocks: `<<<<<<< SEARCH`, `=======`, `>>>>>>> REPLACE`, as Aider, Cline and Roo have models write them.
//!
//! <https://aider.chat/docs/more/edit-formats.html>

use super::fence::Fence;
use super::names::Names;
use super::reply::{Action, Edit, Update};
use super::words::Why;
use crate::codebase::place::{Hint, Want};

/// The first line that begins a block.
pub(super) fn start(lines: &[String]) -> Option<usize> {
    lines.iter().position(|line| search(line).is_some())
}

pub(super) fn parse(lines: &[String], names: &Names<'_>) -> Result<Vec<Edit>, Why> {
    let mut edits = Vec::new();
    let mut last_name: Option<String> = None;
    let (mut next, mut previous_end) = (0, 0);
    while let Some(begin) = (next..lines.len()).find(|line| search(&lines[*line]).is_some()) {
        let Some(marker) = search(&lines[begin]) else { break };
        let end = (begin + 1..lines.len())
            .find(|line| is_replace(&lines[*line]))
            .ok_or(Why::Truncated { line: begin + 1, missing: ">>>>>>> REPLACE" })?;
        if let Some(second) = (begin + 1..end).find(|line| search(&lines[*line]).is_some()) {
            return Err(Why::Malformed {
                line: second + 1,
                what: "a block begins before the one above it has ended with >>>>>>> REPLACE",
            });
        }
        let name =
            name_above(&lines[previous_end..begin], names).or(last_name).ok_or(Why::NoName { line: begin + 1 })?;
        edits.push(block(&lines[begin + 1..end], begin, marker, &name)?);
        last_name = Some(name);
        previous_end = end + 1;
        next = end + 1;
    }
    Ok(edits)
}

/// How a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marker {
    indent: usize,
    width: usize,
}

fn search(line: &str) -> Option<Marker> {
    let text = line.trim();
    let indent = line.len() - line.trim_start_matches(' ').len();
    ['<', '-'].iter().find_map(|sign| {
        let word = text.trim_start_matches(*sign);
        let width = text.len() - word.len();
        let named = matches!(word.trim().trim_end_matches('>'), "SEARCH" | "ORIGINAL");
        ((5..=9).contains(&width) && named).then_some(Marker { indent, width })
    })
}

fn is_replace(line: &str) -> bool {
    let text = line.trim();
    ['>', '+'].iter().any(|sign| {
        let word = text.trim_start_matches(*sign);
        (5..=9).contains(&(text.len() - word.len())) && matches!(word.trim(), "REPLACE" | "UPDATED")
    })
}

fn is_divider(line: &str, marker: Marker, any: bool) -> bool {
    let text = line.trim_end();
    let bare = text.trim_start_matches(' ');
    let fits = if any { (5..=9).contains(&bare.len()) } else { bare.len() == marker.width };
    fits && text.len() - bare.len() <= marker.indent && bare.bytes().all(|byte| byte == b'=')
}

/// The nearest line above that is a file name; fences and blank lines in between don't count.
fn name_above(lines: &[String], names: &Names<'_>) -> Option<String> {
    let mut looked_at = 0;
    for line in lines.iter().rev() {
        if let Some(fence) = Fence::of(line) {
            let in_fence = fence.info.split(|c: char| c.is_whitespace() || c == ':').find(|word| names.knows(word));
            if let Some(name) = in_fence {
                return Some(name.to_owned());
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        if let Some(name) = names.in_line(line) {
            return Some(name);
        }
        looked_at += 1;
        if looked_at == 3 {
            break;
        }
    }
    None
}

fn block(body: &[String], begin: usize, marker: Marker, name: &str) -> Result<Edit, Why> {
    let space = " ".repeat(marker.indent);
    let moved = marker.indent > 0 && body.iter().all(|line| line.trim().is_empty() || line.starts_with(&space));
    let mut body: Vec<String> = body.to_vec();
    if moved {
        for line in &mut body {
            *line = line.get(marker.indent..).unwrap_or_default().to_owned();
        }
    }
    let mut hint = Hint::default();
    // Roo writes the line where the block begins first, under a rule.
    if let Some(number) = body.first().and_then(|line| line.trim().strip_prefix(":start_line:")) {
        hint.line = number.trim().parse().ok();
        let rule = body.iter().take(3).position(|line| line.trim() == "-------");
        body.drain(..=rule.unwrap_or(0));
    }
    let mut dividers: Vec<usize> = (0..body.len()).filter(|line| is_divider(&body[*line], marker, false)).collect();
    if dividers.is_empty() {
        dividers = (0..body.len()).filter(|line| is_divider(&body[*line], marker, true)).collect();
    }
    let want = |at: usize| Want { old: body[..at].to_vec(), new: body[at + 1..].to_vec() };
    // The text itself may have such lines, as headings have in some markup: then likely the same number on both sides.
    let readings: Vec<Want> = match dividers.len() {
        0 => return Err(Why::Malformed { line: begin + 1, what: "the block has no ======= line" }),
        count if count % 2 == 1 => vec![want(dividers[count / 2])],
        count => vec![want(dividers[count / 2]), want(dividers[count / 2 - 1])],
    };
    let empty = |want: &Want| want.old.iter().all(|line| line.trim().is_empty());
    let action = match readings.as_slice() {
        [only] if empty(only) => Action::Create { text: terminated(&only.new), executable: false },
        _ => Action::Update(Update::Lines { readings, hint, final_newline: None }),
    };
    Ok(Edit { path: name.to_owned(), line: begin + 1, action })
}

fn terminated(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

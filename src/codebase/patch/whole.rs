//! Whole files in fences, each named on the line above its fence or in the fence's own line.

use super::fence::Fence;
use super::names::Names;
use super::reply::{Action, Edit};
use super::words::Why;

pub(super) fn parse(lines: &[String], names: &Names<'_>) -> Result<Vec<Edit>, Why> {
    let mut edits = Vec::new();
    let mut next = 0;
    while next < lines.len() {
        let Some(fence) = Fence::of(&lines[next]) else {
            next += 1;
            continue;
        };
        let named = in_fence(&fence, names).or_else(|| above(&lines[..next], names));
        let close = close(lines, next, fence).ok_or(Why::Truncated { line: next + 1, missing: "the closing fence" })?;
        if let Some(path) = named {
            let text = lines[next + 1..close].iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            edits.push(Edit { path, line: next + 1, action: Action::Write { text } });
        }
        next = close + 1;
    }
    Ok(edits)
}

/// As in "```rust src/a.rs" and "```python:src/a.py".
fn in_fence(fence: &Fence<'_>, names: &Names<'_>) -> Option<String> {
    let words = fence.info.split([' ', ':', '=']).map(|word| word.trim_matches(['"', '\'', '{', '}']));
    words.filter(|word| word.contains(['/', '.']) || names.knows(word)).find_map(|word| names.in_line(word))
}

fn above(lines: &[String], names: &Names<'_>) -> Option<String> {
    let line = lines.iter().rev().take(2).find(|line| !line.trim().is_empty())?;
    names.in_line(line)
}

/// Where the fence closes; fences inside it that say what they hold are closed first.
fn close(lines: &[String], open: usize, fence: Fence<'_>) -> Option<usize> {
    let mut inner = 0;
    for (at, line) in lines.iter().enumerate().skip(open + 1) {
        if fence.is_closed_by(line) {
            if inner == 0 {
                return Some(at);
            }
            inner -= 1;
        } else if Fence::of(line).is_some_and(|found| !found.info.is_empty()) {
            inner += 1;
        }
    }
    None
}

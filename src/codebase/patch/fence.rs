//! Markdown fences around edits.

/// An opening or closing fence: its indentation, its signs, and what is written after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence<'a> {
    pub(super) indent: usize,
    sign: char,
    count: usize,
    pub(super) info: &'a str,
}

impl<'a> Fence<'a> {
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let sign = text.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
        let info = text.trim_start_matches(sign);
        let count = text.len() - info.len();
        (count >= 3 && !(sign == '`' && info.contains('`'))).then(|| Self {
            indent: line.len() - text.len(),
            sign,
            count,
            info: info.trim(),
        })
    }

    pub(super) fn is_closed_by(&self, line: &str) -> bool {
        Fence::of(line)
            .is_some_and(|other| other.sign == self.sign && other.count >= self.count && other.info.is_empty())
    }
}

/// The reply's lines. Where a fence is indented, as in a list, and all its lines with it, the indentation is taken off.
pub(super) fn dedented(reply: &str) -> Vec<String> {
    let mut lines: Vec<String> = reply.lines().map(ToOwned::to_owned).collect();
    let mut next = 0;
    while next < lines.len() {
        let Some((indent, close)) = indented(&lines, next) else {
            next += 1;
            continue;
        };
        for line in &mut lines[next..=close] {
            *line = line.get(indent..).unwrap_or_default().to_owned();
        }
        next = close + 1;
    }
    lines
}

/// The indentation of the fence that opens at `open`, and the line that closes it, if all lines between have it too.
fn indented(lines: &[String], open: usize) -> Option<(usize, usize)> {
    let fence = Fence::of(&lines[open]).filter(|fence| fence.indent > 0)?;
    let close = (open + 1..lines.len()).find(|line| fence.is_closed_by(&lines[*line]))?;
    let space = " ".repeat(fence.indent);
    let deep = |line: &String| line.trim().is_empty() || line.starts_with(&space);
    lines[open..=close].iter().all(deep).then_some((fence.indent, close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_told_from_text() {
        let fence = Fence::of("  ````rust src/a.rs").unwrap();
        assert_eq!((fence.indent, fence.count, fence.info), (2, 4, "rust src/a.rs"));
        assert!(fence.is_closed_by("````") && !fence.is_closed_by("```") && !fence.is_closed_by("```` x"));
        assert_eq!(Fence::of("``` `x` ```"), None);
        assert_eq!(Fence::of("`x`"), None);
    }

    #[test]
    fn fences_in_lists_are_moved_to_the_margin() {
        let lines = dedented("1. See:\n\n   ```\n   a\n\n     b\n   ```\n  ```\nx\n  ```\n");
        assert_eq!(lines, ["1. See:", "", "```", "a", "", "  b", "```", "  ```", "x", "  ```"]);
    }
}

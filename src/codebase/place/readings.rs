//! Other ways to read an edit whose lines stand nowhere as written: line numbers copied along, HTML escapes.

use std::sync::LazyLock;

use regex::Regex;

use super::keys::is_blank;
use super::{Source, Want};

pub(super) fn derived(want: &Want) -> Vec<Want> {
    [without_numbers(want), unescaped(want)].into_iter().flatten().collect()
}

static NUMBERED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*([0-9]{1,7})(?: ?[|│] ?|: ?|→|\t)(.*)$").ok());

/// Every old line begins with its number, one more than the line before.
fn without_numbers(want: &Want) -> Option<Want> {
    let numbered = NUMBERED.as_ref()?;
    let split = |line: &str| {
        let found = numbered.captures(line)?;
        Some((found.get(1)?.as_str().parse::<u64>().ok()?, found.get(2)?.as_str().to_owned()))
    };
    let old: Vec<(u64, String)> = want.old.iter().map(|line| split(line)).collect::<Option<_>>()?;
    if old.windows(2).any(|pair| pair[1].0 != pair[0].0 + 1) {
        return None;
    }
    let plain = |line: &String| split(line).map_or_else(|| line.clone(), |(_, text)| text);
    Some(Want { new: want.new.iter().map(plain).collect(), old: old.into_iter().map(|(_, text)| text).collect() })
}

/// Without the blank lines at the edges that both texts have.
pub(super) fn without_edges(want: &Want) -> Option<Want> {
    let (mut old, mut new) = (want.old.as_slice(), want.new.as_slice());
    while let ([a, old_rest @ ..], [b, new_rest @ ..]) = (old, new)
        && is_blank(a)
        && is_blank(b)
    {
        (old, new) = (old_rest, new_rest);
    }
    while let ([old_rest @ .., a], [new_rest @ .., b]) = (old, new)
        && is_blank(a)
        && is_blank(b)
    {
        (old, new) = (old_rest, new_rest);
    }
    (old.len() < want.old.len()).then(|| Want { old: old.to_vec(), new: new.to_vec() })
}

/// A new line with HTML escapes where a model likely escaped all of its text: it has no bare sign, the file has no escape.
pub(super) fn escaped_line(want: &Want, source: &Source<'_>) -> Option<String> {
    let is_escaped = |line: &str| ESCAPES.iter().any(|escape| line.contains(escape));
    let new = want.new.iter().find(|line| is_escaped(line) && !want.old.contains(line))?;
    let bare = |line: &str| ESCAPES.iter().fold(line.to_owned(), |line, e| line.replace(e, "")).contains(SIGNS);
    let all = want.old.iter().chain(&want.new);
    if all.clone().any(|line| bare(line)) || want.old.iter().any(|line| is_escaped(line)) {
        return None;
    }
    let file = &source.shown;
    (!file.iter().any(|line| is_escaped(line)) && file.iter().any(|line| line.contains(SIGNS))).then(|| new.clone())
}

const SIGNS: [char; 3] = ['<', '>', '&'];
const ESCAPES: [&str; 3] = ["&lt;", "&gt;", "&amp;"];

fn unescaped(want: &Want) -> Option<Want> {
    let escaped = |line: &String| ["&lt;", "&gt;", "&amp;"].iter().any(|escape| line.contains(escape));
    if !want.old.iter().chain(&want.new).any(escaped) {
        return None;
    }
    let bare = |line: &String| {
        let rest = ["&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#x27;"].iter();
        rest.fold(line.clone(), |line, escape| line.replace(escape, "")).contains(['<', '>', '&'])
    };
    // One bare sign says that nothing was escaped.
    if want.old.iter().chain(&want.new).any(bare) {
        return None;
    }
    let plain = |line: &String| {
        let line = line.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        line.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&")
    };
    let read = Want { old: want.old.iter().map(plain).collect(), new: want.new.iter().map(plain).collect() };
    read.old.iter().any(|line| !is_blank(line)).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_line_numbers_are_dropped_when_they_count() {
        let read = derived(&Want::of("    9 | a\n   10 |   b\n", "    9 | a\n   10 |   c\nd\n"));
        assert_eq!(read, [Want::of("a\n  b\n", "a\n  c\nd\n")]);
        assert_eq!(derived(&Want::of("  9: a\n  9: b\n", "x")), []);
        assert_eq!(derived(&Want::of("a: 1\n", "x")), []);
    }

    #[test]
    fn html_escapes_are_read_when_nothing_stands_bare() {
        let read = derived(&Want::of("if a &lt; b &amp;&amp; c\n", "if a &gt; b\n"));
        assert_eq!(read, [Want::of("if a < b && c\n", "if a > b\n")]);
        assert_eq!(derived(&Want::of("<b>&lt;</b>\n", "x\n")), []);
    }
}

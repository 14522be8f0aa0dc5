//! Where an edit belongs in a file: exactly one place, or a refusal that helps to try again.
//!
//! The tiers go from strict to lenient, and each must be unique. The *difference* between old and new text is projected on
//! the file's own lines, so bytes that the edit does not name stay as they are.

use std::borrow::Cow;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::text::{Line, LineEnds, is_binary, line_ends, lines, shown};

/// How leniently the old text was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    Exact,
    TrailingSpace,
    Unicode,
    /// All lines are indented by the same amount more, or less, than in the old text, or with tabs instead of spaces.
    Indentation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// The file's new bytes, and the 1-based line where the edit begins.
    Changed { bytes: Vec<u8>, tier: Tier, line: usize },
    /// The new text stands there already and the old text does not.
    AlreadyApplied { line: usize },
}

/// Why an edit has no place. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    EmptyOldText,
    NothingToChange,
    Binary,
    /// 1-based lines where the old text begins, the first ten.
    Ambiguous {
        count: usize,
        lines: Vec<usize>,
    },
    Absent(Option<Nearest>),
    /// The file is not UTF-8 and the edit would write characters whose bytes are unknown in its encoding.
    ForeignEncoding,
}

/// The place that is most like the old text, and the first line that differs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    pub line: usize,
    pub in_file: String,
    pub in_old_text: String,
}

pub fn place(file: &[u8], old: &str, new: &str) -> Result<Placed, Refusal> {
    let (old, new) = (old.replace("\r\n", "\n"), new.replace("\r\n", "\n"));
    if old.is_empty() {
        return Err(Refusal::EmptyOldText);
    }
    if old == new {
        return Err(Refusal::NothingToChange);
    }
    if is_binary(file) {
        return Err(Refusal::Binary);
    }
    let own = lines(file);
    let norm = Normal::of(&own);
    let found = occurrences(&norm.bytes, old.as_bytes());
    if let Some(at) = already_applied(&norm.bytes, &old, &new, &found) {
        return Ok(Placed::AlreadyApplied { line: norm.line_at(at) + 1 });
    }
    if std::str::from_utf8(file).is_err() && new.chars().any(|c| !c.is_ascii() && !old.contains(c)) {
        return Err(Refusal::ForeignEncoding);
    }
    match found.as_slice() {
        [at] => Ok(exact(&own, &norm, *at, &old, &new, line_ends(file))),
        [] => lenient(&own, &old, &new, line_ends(file)),
        many => Err(ambiguous(many.iter().map(|at| norm.line_at(*at) + 1))),
    }
}

/// The file with LF line ends, and where each line starts in it.
struct Normal {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Normal {
    fn of(own: &[Line<'_>]) -> Self {
        let mut normal = Self { bytes: Vec::new(), starts: Vec::new() };
        for line in own {
            normal.starts.push(normal.bytes.len());
            normal.bytes.extend_from_slice(line.text);
            if !line.end.is_empty() {
                normal.bytes.push(b'\n');
            }
        }
        normal
    }

    fn line_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.bytes.len())
    }
}

/// Overlapping occurrences count, because each would be a different edit.
fn occurrences(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

/// Where the new text stands, if the old text stands only inside it or is gone.
fn already_applied(bytes: &[u8], old: &str, new: &str, old_at: &[usize]) -> Option<usize> {
    if new.is_empty() {
        return None;
    }
    let new_at = occurrences(bytes, new.as_bytes());
    let first = *new_at.first()?;
    if old_at.is_empty() {
        // A lone bracket or a blank line stands in every file and proves nothing.
        let telling = new.chars().filter(|c| c.is_alphanumeric()).count() >= 8;
        return telling.then_some(first);
    }
    let inside = |at: &usize| new_at.iter().any(|start| start <= at && at + old.len() <= start + new.len());
    (new.contains(old) && old_at.iter().all(inside)).then_some(first)
}

fn exact(own: &[Line<'_>], norm: &Normal, at: usize, old: &str, new: &str, ends: LineEnds) -> Placed {
    let end = at + old.len();
    let first = norm.line_at(at);
    let head = &norm.bytes[norm.start(first)..at];
    let whole_lines = old.ends_with('\n');
    let joins = whole_lines && !new.ends_with('\n') && !(head.is_empty() && new.is_empty()) && end < norm.bytes.len();
    // Where lines are joined, the line after the old text is part of the region too.
    let after = norm.line_at(if joins { end } else { end - 1 }) + 1;
    let tail = &norm.bytes[end..norm.start(after).max(end)];
    let wanted = [head, new.as_bytes(), tail].concat();
    let before = norm.bytes[norm.start(first)..norm.start(after)].to_vec();
    let region = project(&own[first..after], &lines(&before), &lines(&wanted), ends);
    Placed::Changed { bytes: splice(own, first, after, &region), tier: Tier::Exact, line: first + 1 }
}

fn lenient(own: &[Line<'_>], old: &str, new: &str, ends: LineEnds) -> Result<Placed, Refusal> {
    let wanted: Vec<&str> = old.lines().collect();
    if wanted.iter().all(|line| line.trim().is_empty()) {
        return Err(Refusal::Absent(None));
    }
    let shown: Vec<Cow<'_, str>> = own.iter().map(|line| String::from_utf8_lossy(line.text)).collect();
    for tier in [Tier::TrailingSpace, Tier::Unicode, Tier::Indentation] {
        let file_keys: Vec<String> = shown.iter().map(|line| key(line, tier)).collect();
        let old_keys: Vec<String> = wanted.iter().map(|line| key(line, tier)).collect();
        let places: Vec<(usize, Shift)> = file_keys
            .windows(old_keys.len())
            .enumerate()
            .filter(|(_, window)| *window == old_keys)
            .filter_map(|(at, _)| Some((at, shift(&shown[at..at + wanted.len()], &wanted, tier)?)))
            .collect();
        let (at, shift) = match places.as_slice() {
            [] => continue,
            [place] => place,
            many => return Err(ambiguous(many.iter().map(|(at, _)| at + 1))),
        };
        let mut moved = Vec::new();
        for (number, line) in new.lines().enumerate() {
            let kept = wanted.get(number) == Some(&line);
            match shift.apply(line) {
                Some(line) => moved.push(line),
                None if kept => moved.push(line.to_owned()),
                None => return Err(Refusal::Absent(nearest(&shown, &wanted))),
            }
        }
        let expected: Vec<String> = wanted.iter().map(|line| shift.apply(line).unwrap_or_default()).collect();
        let (from, to) = (terminated(&expected), terminated(&moved));
        let mut region = project(&own[*at..at + wanted.len()], &from, &to, ends);
        if own.len() == at + wanted.len() && own.last().is_some_and(|line| line.end.is_empty()) {
            without_final_newline(&mut region, ends);
        }
        // Written back, the replacement character would destroy the bytes that it stands for.
        if region.iter().any(|line| String::from_utf8_lossy(&line.0).contains('\u{fffd}') && line.1 == Origin::New) {
            return Err(Refusal::ForeignEncoding);
        }
        return Ok(Placed::Changed { bytes: splice(own, *at, at + wanted.len(), &region), tier, line: at + 1 });
    }
    Err(Refusal::Absent(nearest(&shown, &wanted)))
}

/// The region's end is the file's, which has no final newline: nor shall it have one now, though its lines may be others.
fn without_final_newline(region: &mut [(Vec<u8>, Origin)], ends: LineEnds) {
    let end: &[u8] = if ends == LineEnds::Crlf { b"\r\n" } else { b"\n" };
    let Some(((last, _), before)) = region.split_last_mut() else { return };
    for (line, _) in before.iter_mut().filter(|(line, _)| !line.ends_with(b"\n")) {
        line.extend_from_slice(end);
    }
    let keep = lines(last).first().map_or(0, |line| line.text.len());
    last.truncate(keep);
}

fn terminated(lines: &[String]) -> Vec<Line<'_>> {
    lines.iter().map(|line| Line { text: line.as_bytes(), end: b"\n" }).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    File,
    New,
}

/// The region's lines after the edit: the file's own bytes where old and new agree, new bytes elsewhere.
fn project(own: &[Line<'_>], from: &[Line<'_>], to: &[Line<'_>], ends: LineEnds) -> Vec<(Vec<u8>, Origin)> {
    let default: &[u8] = if ends == LineEnds::Crlf { b"\r\n" } else { b"\n" };
    let mut out = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, from, to) {
        let (old, new) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            out.extend(own[old].iter().map(|line| ([line.text, line.end].concat(), Origin::File)));
            continue;
        }
        // New lines end as their neighbour does, which matters in a file of mixed line ends.
        let neighbour = own.get(old.start).or_else(|| own.last()).map_or(default, |line| line.end);
        let end = if neighbour.is_empty() { default } else { neighbour };
        for line in &to[new] {
            let end = if line.end.is_empty() { b"" } else { end };
            out.push(([line.text, end].concat(), Origin::New));
        }
    }
    out
}

/// The whole file with lines `first..after` replaced.
fn splice(own: &[Line<'_>], first: usize, after: usize, region: &[(Vec<u8>, Origin)]) -> Vec<u8> {
    let raw = |lines: &[Line<'_>]| lines.iter().flat_map(|line| [line.text, line.end].concat()).collect::<Vec<u8>>();
    let mut out = raw(&own[..first]);
    out.extend(region.iter().flat_map(|(line, _)| line));
    out.extend(raw(&own[after..]));
    out
}

/// What leniency a tier has, as a text under which equal lines are equal.
fn key(line: &str, tier: Tier) -> String {
    let folded = || {
        let mut out = String::with_capacity(line.len());
        for c in line.chars() {
            match c {
                '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => out.push(' '),
                '\u{200b}' | '\u{feff}' => {}
                '‘' | '’' | '‚' => out.push('\''),
                '“' | '”' | '„' => out.push('"'),
                '‐' | '‑' | '‒' | '–' | '—' | '−' => out.push('-'),
                '…' => out.push_str("..."),
                other => out.push(other),
            }
        }
        out
    };
    match tier {
        Tier::Exact => line.to_owned(),
        Tier::TrailingSpace => line.trim_end().to_owned(),
        Tier::Unicode => folded().trim_end().to_owned(),
        Tier::Indentation => folded().trim().to_owned(),
    }
}

/// How new lines are moved to the file's indentation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shift {
    None,
    Add(String),
    Strip(String),
    /// Every leading tab becomes so many spaces.
    TabsToSpaces(usize),
    /// Every so many leading spaces become a tab.
    SpacesToTabs(usize),
}

impl Shift {
    /// `None` when the line does not have the indentation that would be stripped.
    fn apply(&self, line: &str) -> Option<String> {
        match self {
            _ if line.trim().is_empty() => Some(line.to_owned()),
            Self::None => Some(line.to_owned()),
            Self::Add(space) => Some(format!("{space}{line}")),
            Self::Strip(space) => line.strip_prefix(space.as_str()).map(ToOwned::to_owned),
            Self::TabsToSpaces(width) => Some(indent(line).replace('\t', &" ".repeat(*width)) + line.trim_start()),
            Self::SpacesToTabs(width) => {
                let spaces = indent(line).chars().filter(|c| *c == ' ').count();
                Some("\t".repeat(spaces / width) + &" ".repeat(spaces % width) + line.trim_start())
            }
        }
    }
}

/// The one shift that turns the old text's indentation into the file's, if there is one.
fn shift(file: &[Cow<'_, str>], old: &[&str], tier: Tier) -> Option<Shift> {
    if tier != Tier::Indentation {
        return Some(Shift::None);
    }
    let pairs: Vec<(&str, &str)> = file
        .iter()
        .zip(old)
        .filter(|(_, old)| !old.trim().is_empty())
        .map(|(file, old)| (indent(file), indent(old)))
        .collect();
    let (file, old) = pairs.first()?;
    let moved = if let Some(more) = file.strip_suffix(old) {
        Some(Shift::Add(more.to_owned()))
    } else {
        old.strip_suffix(file).map(|less| Shift::Strip(less.to_owned()))
    };
    let retabbed = (1..=8).flat_map(|width| [Shift::TabsToSpaces(width), Shift::SpacesToTabs(width)]);
    // A letter stands for the rest of the line, so that an indentation alone is not taken for a blank line.
    let fits =
        |shift: &Shift| pairs.iter().all(|(file, old)| shift.apply(&format!("{old}x")) == Some(format!("{file}x")));
    moved.into_iter().chain(retabbed).find(fits)
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn ambiguous(places: impl Iterator<Item = usize>) -> Refusal {
    let lines: Vec<usize> = places.collect();
    Refusal::Ambiguous { count: lines.len(), lines: lines.into_iter().take(10).collect() }
}

/// The alignment in which most lines agree, and its first difference. Bounded: huge files get none.
fn nearest(file: &[Cow<'_, str>], old: &[&str]) -> Option<Nearest> {
    if file.len().saturating_mul(old.len()) > 4_000_000 {
        return None;
    }
    let same = |at: usize, k: usize| file.get(at + k).is_some_and(|line| line.trim() == old[k].trim());
    let agreeing = |at: usize| (0..old.len()).filter(|k| !old[*k].trim().is_empty() && same(at, *k)).count();
    let best =
        (0..file.len()).map(|at| (agreeing(at), at)).max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)))?;
    let (at, differs) = if best.0 > 0 {
        (best.1, (0..old.len()).find(|k| !same(best.1, *k)).unwrap_or(0))
    } else {
        // No line agrees: the line that looks most like the first one of the old text.
        let first = old.iter().position(|line| !line.trim().is_empty())?;
        let likeness = |line: &str| similar::TextDiff::from_chars(line.trim(), old[first].trim()).ratio();
        let ratios = file.iter().take(5_000).map(|line| likeness(&shown(line.as_bytes(), 200)));
        let (at, ratio) = ratios.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        if ratio < 0.5 {
            return None;
        }
        return Some(Nearest {
            line: at + 1,
            in_file: shown(file[at].as_bytes(), 200),
            in_old_text: shown(old[first].as_bytes(), 200),
        });
    };
    let in_file = file.get(at + differs).map_or_else(|| "(end of file)".into(), |line| shown(line.as_bytes(), 200));
    Some(Nearest { line: at + differs + 1, in_file, in_old_text: shown(old[differs].as_bytes(), 200) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(file: &[u8], old: &str, new: &str) -> (Vec<u8>, Tier) {
        match place(file, old, new) {
            Ok(Placed::Changed { bytes, tier, .. }) => (bytes, tier),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(file: &str, old: &str, new: &str, expected: &str, tier: Tier) {
        let (bytes, seen) = changed(file.as_bytes(), old, new);
        assert_eq!((String::from_utf8(bytes).unwrap().as_str(), seen), (expected, tier));
    }

    #[test]
    fn exact_text_is_replaced_within_and_across_lines() {
        check("let a = 1;\n", "1", "2", "let a = 2;\n", Tier::Exact);
        check("a\nb\nc\n", "b\n", "B\nB2\n", "a\nB\nB2\nc\n", Tier::Exact);
        check("a\nb\nc\n", "b\n", "", "a\nc\n", Tier::Exact);
        check("a\nb\nc\n", "a\nb", "x", "x\nc\n", Tier::Exact);
        check("a(\n  b)\n", "(\n  b", "(b", "a(b)\n", Tier::Exact);
        check("ab\ncd\n", "b\n", "", "acd\n", Tier::Exact);
        check("a\nb\nc\n", "b\n", "B", "a\nBc\n", Tier::Exact);
        check("a\nb\n", "a\nb\n", "", "", Tier::Exact);
        check("a\nb\nc", "c", "d\ne", "a\nb\nd\ne", Tier::Exact);
        check("a\nb", "b", "b\n", "a\nb\n", Tier::Exact);
        check("x\n\n\ny\n", "x\n\n", "x\n", "x\n\ny\n", Tier::Exact);
    }

    #[test]
    fn every_exact_edit_equals_plain_replacement() {
        let file = "one\ntwo three\n\nfour\n  five\nsix";
        for start in 0..file.len() {
            for end in start + 1..=file.len() {
                let old = &file[start..end];
                if file.matches(old).count() != 1 {
                    continue;
                }
                for new in ["", "N", "N\n", "\n", "N\nM", "two N\n\nM\n"] {
                    if let Ok(Placed::Changed { bytes, .. }) = place(file.as_bytes(), old, new) {
                        let expected = file.replacen(old, new, 1);
                        assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{old:?} -> {new:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn crlf_files_keep_crlf_when_edited_with_lf_text() {
        check("a\r\nb\r\nc\r\n", "a\nb\n", "a\nx\ny\n", "a\r\nx\r\ny\r\nc\r\n", Tier::Exact);
        check("a\r\nb", "b", "c\nd", "a\r\nc\r\nd", Tier::Exact);
        check("a\nb\r\nc\n", "b\nc", "b\nd", "a\nb\r\nd\n", Tier::Exact);
        check("a\nb\r\nc\n", "b", "b1\nb2", "a\nb1\r\nb2\r\nc\n", Tier::Exact);
        check("a\r\nb\r\n", "a\r\n", "z\r\n", "z\r\nb\r\n", Tier::Exact);
    }

    #[test]
    fn a_missing_final_newline_stays_missing() {
        check("a\nlast", "last\n", "new\n", "a\nnew", Tier::TrailingSpace);
        check("a\nlast", "a\n", "b\n", "b\nlast", Tier::Exact);
        check("a  \nlast", "a\nlast\n", "a\nlast\nmore\n", "a  \nlast\nmore", Tier::TrailingSpace);
    }

    #[test]
    fn trailing_space_of_untouched_lines_is_kept() {
        check("a  \nb\t\nc\n", "a\nb\n", "a\nx\n", "a  \nx\nc\n", Tier::TrailingSpace);
    }

    #[test]
    fn typographic_signs_are_matched_and_kept() {
        check(
            "say “hi”\nx\u{a0}= 1\n",
            "say \"hi\"\nx = 1\n",
            "say \"hi\"\nx = 2\n",
            "say “hi”\nx = 2\n",
            Tier::Unicode,
        );
    }

    #[test]
    fn a_uniform_difference_of_indentation_is_carried_over() {
        check("  if x:\n    a\n    b\n", "if x:\n  a\n", "if x:\n  z\n", "  if x:\n    z\n    b\n", Tier::Indentation);
        check(
            "if x:\n  a\nb\n",
            "    if x:\n      a\n",
            "    if x:\n      c\n\n      d\n",
            "if x:\n  c\n\n  d\nb\n",
            Tier::Indentation,
        );
        assert!(matches!(place(b"if x:\n a\n", "if x:\n  a\n", "if x:\n  b\n"), Err(Refusal::Absent(Some(_)))));
    }

    #[test]
    fn tabs_and_spaces_are_taken_for_each_other_at_one_width() {
        check("if x:\n\ta\n", "if x:\n  a\n", "if x:\n  a\n    b\n", "if x:\n\ta\n\t\tb\n", Tier::Indentation);
        check(
            "if x:\n    a\n",
            "if x:\n\ta\n",
            "if x:\n\tif y:\n\t\tb\n",
            "if x:\n    if y:\n        b\n",
            Tier::Indentation,
        );
        assert!(matches!(place(b"\ta\n\t\tb\n", "  a\n   b\n", "c\n"), Err(Refusal::Absent(Some(_)))));
    }

    #[test]
    fn several_places_are_refused_with_their_lines() {
        let refused = place(b"x = 1\ny\nx = 1\n", "x = 1", "x = 2");
        assert_eq!(refused, Err(Refusal::Ambiguous { count: 2, lines: vec![1, 3] }));
        let refused = place(b"x = 1 \ny\nx = 1  \n", "x = 1\n", "x = 2\n");
        assert_eq!(refused, Err(Refusal::Ambiguous { count: 2, lines: vec![1, 3] }));
    }

    #[test]
    fn absent_text_names_the_nearest_line() {
        let Err(Refusal::Absent(Some(near))) =
            place(b"fn a() {\n    one();\n    two();\n}\n", "    one();\n    three();\n", "x")
        else {
            panic!("refused")
        };
        assert_eq!((near.line, near.in_file.as_str(), near.in_old_text.as_str()), (3, "    two();", "    three();"));
        let Err(Refusal::Absent(Some(near))) = place(b"aaa\nlet count = 10;\n", "let count = 11;", "x") else {
            panic!("refused")
        };
        assert_eq!(near.line, 2);
        assert_eq!(place(b"aaa\n", "zzzz", "x"), Err(Refusal::Absent(None)));
        assert_eq!(place(b"", "zzzz", "x"), Err(Refusal::Absent(None)));
    }

    #[test]
    fn what_is_applied_already_is_not_applied_twice() {
        assert_eq!(
            place(b"fn new_name() {}\n", "fn old_name() {}", "fn new_name() {}"),
            Ok(Placed::AlreadyApplied { line: 1 })
        );
        assert_eq!(place(b"z\na\nb\n", "a\n", "a\nb\n"), Ok(Placed::AlreadyApplied { line: 2 }));
        assert_eq!(place(b"}\n", "x", "}"), Err(Refusal::Absent(None)));
    }

    #[test]
    fn bytes_that_are_not_utf8_survive() {
        assert_eq!(changed(b"caf\xe9 = 1\nb\n", " = 1", " = 2"), (b"caf\xe9 = 2\nb\n".to_vec(), Tier::Exact));
        let (bytes, _) = changed(b"caf\xe9\nb\n", "caf\u{fffd}\nb\n", "caf\u{fffd}\nc\n");
        assert_eq!(bytes, b"caf\xe9\nc\n");
        assert_eq!(place(b"caf\xe9\nb\n", "caf\u{fffd}\n", "cof\u{fffd}\n"), Err(Refusal::ForeignEncoding));
        assert_eq!(place(b"caf\xe9\nb\n", "b", "\u{fc}"), Err(Refusal::ForeignEncoding));
        assert_eq!(place(b"a\0b", "a", "b"), Err(Refusal::Binary));
    }

    #[test]
    fn empty_and_equal_texts_are_refused() {
        assert_eq!(place(b"a", "", "b"), Err(Refusal::EmptyOldText));
        assert_eq!(place(b"a", "a\r\n", "a\n"), Err(Refusal::NothingToChange));
    }
}

//! Where an edit belongs in a file: exactly one place, or a refusal that helps to try again.
//!
//! The tiers go from strict to lenient, and each must be unique. The *difference* between old and new lines is projected on
//! the file's own lines, so bytes that the edit does not name stay as they are.

mod align;
mod anchor;
mod drift;
mod elide;
mod indent;
mod keys;
mod locate;
mod nearest;
mod project;
mod readings;
mod source;
mod splice;
mod text;
mod words;

pub use elide::{elides, is_elision};
pub use locate::locate;
pub use nearest::Nearest;
pub use source::Source;
pub use splice::{OwnedLine, Splice, assemble};
pub use text::locate_text;
pub use words::{Names, leniency, refused};

use std::ops::Range;

/// How leniently the old text was matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    Exact,
    TrailingSpace,
    Unicode,
    /// The same lines with other indentation.
    Indentation,
    /// The same lines with other blank lines between them.
    BlankLines,
    /// Up to two lines of context, away from every change, are not as the file has them.
    Drift,
}

/// Lines to find, and the lines to have instead. Without line ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Want {
    pub old: Vec<String>,
    pub new: Vec<String>,
}

impl Want {
    pub fn of(old: &str, new: &str) -> Self {
        let owned = |text: &str| text.lines().map(ToOwned::to_owned).collect();
        Self { old: owned(old), new: owned(new) }
    }
}

/// What the edit says about its place beyond the lines themselves. It only decides between places that match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hint {
    /// The 1-based line where the old lines begin.
    pub line: Option<usize>,
    /// Lines that stand before the place, outermost first.
    pub anchors: Vec<String>,
    /// The place is at the end of the file.
    pub at_end: bool,
}

/// A place and what changes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    pub tier: Tier,
    /// The lines of the file, from 0, that the old lines stand for.
    pub region: Range<usize>,
    /// In ascending order; empty where old and new are the same.
    pub splices: Vec<Splice>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Spot(Spot),
    /// The new text stands there already (1-based line) and the old text does not.
    AlreadyApplied {
        line: usize,
    },
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
    /// The place is known but not what becomes of lines there that the edit leaves out (1-based line).
    Undecidable {
        line: usize,
    },
    /// The new text leaves code out ("... existing code ...") where the old text does not.
    ElidedReplacement {
        text: String,
    },
    /// The new text has HTML escapes as if all of it were escaped; the file has none.
    Escaped {
        text: String,
    },
    /// The file is not UTF-8 and the edit would write characters whose bytes are unknown in its encoding.
    ForeignEncoding,
}

/// Replaces `old` by `new` where it stands exactly once, in a file's bytes.
pub fn place(file: &[u8], old: &str, new: &str) -> Result<Placed, Refusal> {
    let source = Source::of(file);
    match locate_text(&source, old, new, &Hint::default())? {
        Found::AlreadyApplied { line } => Ok(Placed::AlreadyApplied { line }),
        Found::Spot(spot) => {
            let line = spot.splices.first().map_or(spot.region.start, |_| spot.region.start) + 1;
            Ok(Placed::Changed { bytes: assemble(&source, &spot.splices, None), tier: spot.tier, line })
        }
    }
}

fn ambiguous(places: impl Iterator<Item = usize>) -> Refusal {
    let lines: Vec<usize> = places.collect();
    Refusal::Ambiguous { count: lines.len(), lines: lines.into_iter().take(10).collect() }
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
        check("a\nlast", "last\n", "new\n", "a\nnew", Tier::Exact);
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
        check("if x:\n\ta\n", "if x:\n  a\n", "if x:\n  b\n    c\n", "if x:\n\tb\n\t\tc\n", Tier::Indentation);
        let unruly = place(b"a\n   b\n c\n", "a\n b\n  c\n", "a\n b\n     d\n");
        assert_eq!(unruly, Err(Refusal::Undecidable { line: 3 }));
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
        assert!(place(b"\ta\n\t\tb\n", "  a\n   b\n", "c\n").is_err());
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

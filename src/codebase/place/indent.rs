//! Moving new lines to the file's indentation, learnt from the lines that matched.

use std::collections::BTreeMap;

use super::keys::{indent, is_blank};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reindent {
    Same,
    Add(String),
    Strip(String),
    /// The old text writes so many spaces for a tab of the file.
    ToTabs(usize),
    /// The old text writes a tab for so many spaces of the file.
    ToSpaces(usize),
    /// No rule, only the indentations that were seen.
    Seen(BTreeMap<String, Option<String>>),
}

impl Reindent {
    /// Pairs of lines: as written, and as the file has them.
    pub(super) fn learn<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs: Vec<(&str, &str)> = pairs
            .filter(|(old, own)| !is_blank(old) && !is_blank(own))
            .map(|(old, own)| (indent(old), indent(own)))
            .collect();
        if pairs.iter().all(|(old, own)| old == own) {
            return Self::Same;
        }
        uniform(&pairs).or_else(|| to_tabs(&pairs)).or_else(|| to_spaces(&pairs)).unwrap_or_else(|| {
            let mut seen: BTreeMap<String, Option<String>> = BTreeMap::new();
            for (old, own) in pairs {
                let known = seen.entry(old.to_owned()).or_insert_with(|| Some(own.to_owned()));
                if known.as_deref() != Some(own) {
                    *known = None;
                }
            }
            Self::Seen(seen)
        })
    }

    /// `None` when it isn't known how the file would indent this line.
    pub(super) fn apply(&self, line: &str) -> Option<String> {
        let (space, text) = line.split_at(indent(line).len());
        if is_blank(line) {
            return Some(line.to_owned());
        }
        match self {
            Self::Same => Some(line.to_owned()),
            Self::Add(more) => Some(format!("{more}{line}")),
            Self::Strip(less) => line.strip_prefix(less.as_str()).map(ToOwned::to_owned),
            Self::ToTabs(width) => {
                let columns = columns(space, *width);
                Some(format!("{}{}{text}", "\t".repeat(columns / width), " ".repeat(columns % width)))
            }
            Self::ToSpaces(width) => Some(format!("{}{text}", " ".repeat(columns(space, *width)))),
            Self::Seen(seen) => Some(format!("{}{text}", seen.get(space)?.as_deref()?)),
        }
    }
}

fn uniform(pairs: &[(&str, &str)]) -> Option<Reindent> {
    let one = |(old, own): &(&str, &str)| {
        if let Some(more) = own.strip_suffix(old) {
            Some(Reindent::Add(more.to_owned()))
        } else {
            old.strip_suffix(own).map(|less| Reindent::Strip(less.to_owned()))
        }
    };
    let first = one(pairs.first()?)?;
    pairs.iter().all(|pair| one(pair).as_ref() == Some(&first)).then_some(first)
}

fn to_tabs(pairs: &[(&str, &str)]) -> Option<Reindent> {
    let plain = pairs.iter().all(|(old, _)| !old.contains('\t'));
    let fits = |width: &usize| pairs.iter().all(|(old, own)| columns(own, *width) == old.len());
    (plain && pairs.iter().any(|(_, own)| own.contains('\t')))
        .then(|| WIDTHS.into_iter().find(fits).map(Reindent::ToTabs))
        .flatten()
}

fn to_spaces(pairs: &[(&str, &str)]) -> Option<Reindent> {
    let plain = pairs.iter().all(|(_, own)| !own.contains('\t'));
    let fits = |width: &usize| pairs.iter().all(|(old, own)| columns(old, *width) == own.len());
    (plain && pairs.iter().any(|(old, _)| old.contains('\t')))
        .then(|| WIDTHS.into_iter().find(fits).map(Reindent::ToSpaces))
        .flatten()
}

/// The usual widths first.
const WIDTHS: [usize; 8] = [4, 2, 8, 3, 1, 5, 6, 7];

/// The width of white space where each tab counts the same, wherever it stands.
fn columns(space: &str, tab: usize) -> usize {
    space.chars().map(|c| if c == '\t' { tab } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(pairs: &[(&str, &str)]) -> Reindent {
        Reindent::learn(pairs.iter().copied())
    }

    #[test]
    fn one_shift_for_all_lines_is_added_or_stripped() {
        let more = learn(&[("if x:", "  if x:"), ("", "   "), ("  a", "    a")]);
        assert_eq!(more, Reindent::Add("  ".into()));
        assert_eq!(more.apply("    b"), Some("      b".into()));
        let less = learn(&[("    if x:", "if x:"), ("    \ta", "\ta")]);
        assert_eq!(less, Reindent::Strip("    ".into()));
        assert_eq!(
            (less.apply("    c"), less.apply("  c"), less.apply("")),
            (Some("c".into()), None, Some(String::new()))
        );
    }

    #[test]
    fn tabs_and_spaces_are_converted() {
        let tabs = learn(&[("a", "a"), ("    b", "\tb"), ("     * c", "\t * c")]);
        assert_eq!(tabs, Reindent::ToTabs(4));
        assert_eq!(tabs.apply("        d").unwrap(), "\t\td");
        let spaces = learn(&[("a", "a"), ("\tb", "  b")]);
        assert_eq!(spaces, Reindent::ToSpaces(2));
        assert_eq!(spaces.apply("\t\td").unwrap(), "    d");
    }

    #[test]
    fn without_a_rule_only_what_was_seen_is_known() {
        let seen = learn(&[("a", "  a"), ("b", "  b"), (" c", "      c"), ("  d", " d"), ("  e", "    e")]);
        assert_eq!(seen.apply("x").unwrap(), "  x");
        assert_eq!(seen.apply(" x").unwrap(), "      x");
        assert_eq!((seen.apply("  x"), seen.apply("   x")), (None, None));
    }
}

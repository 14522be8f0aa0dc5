//! File names as models write them around their edits.

use std::collections::BTreeSet;

use crate::domain::change::RepoPath;

/// The names that are known: files of the commit, and files that the model has seen or made.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    tracked: BTreeSet<&'a str>,
    shown: &'a BTreeSet<RepoPath>,
}

impl<'a> Names<'a> {
    pub fn new(tracked: impl Iterator<Item = &'a RepoPath>, shown: &'a BTreeSet<RepoPath>) -> Self {
        Self { tracked: tracked.map(RepoPath::as_str).collect(), shown }
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.tracked.contains(name) || self.shown.iter().any(|path| path.as_str() == name)
    }

    /// The one shown file whose path ends so, for a model that writes only the last part.
    pub(super) fn ending(&self, name: &str) -> Option<&'a RepoPath> {
        let tail = format!("/{name}");
        let mut found = self.shown.iter().filter(|path| path.as_str().ends_with(&tail));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The file name in a line of a reply, without what decorates it; `None` for prose.
    pub(super) fn in_line(&self, line: &str) -> Option<String> {
        let (name, quoted) = bare(line);
        let shaped = name.contains(['/', '\\', '.']) && !name.contains("://") && !name.ends_with("...");
        let one_word = !name.contains(char::is_whitespace);
        let fits = !name.is_empty() && name.len() <= 1024 && (self.knows(&name) || quoted || (shaped && one_word));
        fits.then_some(name)
    }
}

/// Drops list marks, headings, labels, quotes and a final colon.
fn bare(line: &str) -> (String, bool) {
    const LABELS: [&str; 6] = ["file:", "filename:", "path:", "file name:", "file path:", "filepath:"];
    let mut name = line.trim();
    for comment in ["//", "<!--", "--"] {
        name = name.strip_prefix(comment).map_or(name, str::trim);
    }
    name = name.strip_suffix("-->").map_or(name, str::trim);
    name = name.trim_start_matches('#').trim();
    for mark in ["- ", "* ", "+ "] {
        name = name.strip_prefix(mark).map_or(name, str::trim);
    }
    if let Some((number, rest)) = name.split_once(['.', ')'])
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && rest.starts_with(' ')
    {
        name = rest.trim();
    }
    let mut quoted = false;
    loop {
        let before = name;
        name = name.strip_suffix(':').map_or(name, str::trim_end);
        let lower = name.to_lowercase();
        for label in LABELS {
            if lower.starts_with(label) {
                name = name[label.len()..].trim();
                break;
            }
        }
        for quote in ["**", "`", "\"", "'"] {
            if let Some(inner) = name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote)) {
                quoted |= quote == "`";
                name = inner.trim();
            }
        }
        if name == before {
            break;
        }
    }
    // `./` names the checkout itself; more of the path's shape is for the path policy to judge.
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    (name.to_owned(), quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_decoration_and_not_in_prose() {
        let shown = ["a b.txt", "Makefile", "src/lib.rs", "x/lib.rs", "x/only.rs"].map(|path| path.parse().unwrap());
        let shown = shown.into_iter().collect();
        let names = Names::new(std::iter::empty(), &shown);
        for line in [
            "src/x.py",
            "`src/x.py`",
            "**src/x.py**",
            "src/x.py:",
            "File: src/x.py",
            "### src/x.py",
            "./src/x.py",
            "`src/x.py`:",
            "1. `src/x.py`",
            "- src/x.py",
            "// src/x.py",
            "**`src/x.py`**:",
            "### File: `src/x.py`",
        ] {
            assert_eq!(names.in_line(line).as_deref(), Some("src/x.py"), "{line}");
        }
        assert_eq!(names.in_line("a b.txt").as_deref(), Some("a b.txt"));
        assert_eq!(names.in_line("Makefile").as_deref(), Some("Makefile"));
        assert_eq!(names.in_line("C:\\evil.txt").as_deref(), Some("C:\\evil.txt"));
        assert_eq!(names.in_line("../up.txt").as_deref(), Some("../up.txt"));
        for prose in ["I changed the code.", "Done", "see https://example.org/x", "And so on...", ""] {
            assert_eq!(names.in_line(prose), None, "{prose}");
        }
        assert_eq!(names.ending("only.rs").map(RepoPath::as_str), Some("x/only.rs"));
        assert_eq!(names.ending("lib.rs"), None);
    }
}

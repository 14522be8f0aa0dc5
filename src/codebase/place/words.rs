//! What came of placing an edit, in words that help to try again.

use super::{Refusal, Tier};
use crate::domain::change::RepoPath;

/// What the reply's format calls the two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    pub old: &'static str,
    pub new: &'static str,
}

/// Why nothing was written.
pub fn refused(path: &RepoPath, refusal: &Refusal, names: Names) -> String {
    let Names { old, new } = names;
    match refusal {
        Refusal::EmptyOldText => format!("{old} is empty; give the text to replace, or use write_file for a new file"),
        Refusal::NothingToChange => format!("{old} and {new} are the same; nothing was written"),
        Refusal::Binary => format!("`{path}` is a binary file; it can't be edited"),
        Refusal::Ambiguous { count, lines } => {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            format!(
                "{old} stands {count} times in `{path}` (lines {}); add lines around it until it is unique",
                lines.join(", ")
            )
        }
        Refusal::Absent(None) => format!("{old} does not stand in `{path}`; read the file again"),
        Refusal::Absent(Some(near)) => format!(
            "{old} does not stand in `{path}`; the nearest place differs first at line {}:\nfile:     {}\n{old}: {}",
            near.line, near.in_file, near.in_old_text
        ),
        Refusal::Undecidable { line } => format!(
            "{old} leaves out lines that `{path}` has at line {line}, so it is not known where {new} goes; \
             copy the lines there exactly"
        ),
        Refusal::ElidedReplacement { text } => {
            format!("{new} leaves code out (`{}`); write the whole text", text.trim())
        }
        Refusal::Escaped { text } => format!(
            "{new} has HTML escapes (`{}`), which `{path}` has nowhere; write <, > and & as they are, \
             or the whole file where the escapes are meant",
            text.trim()
        ),
        Refusal::ForeignEncoding => format!(
            "`{path}` is not UTF-8; {new} may hold only ASCII there, and {old} no undecodable signs that change"
        ),
    }
}

/// What the match overlooked, to be added to the good news.
pub fn leniency(tier: Tier, names: Names) -> String {
    let Names { old, new } = names;
    match tier {
        Tier::Exact => String::new(),
        Tier::TrailingSpace => format!(" ({old} matched except for trailing white space)"),
        Tier::Unicode => format!(" ({old} matched except for typographic signs; the file's own were kept)"),
        Tier::Indentation => format!(" ({old} matched with other indentation; {new} was moved to the file's)"),
        Tier::BlankLines => format!(" ({old} matched except for blank lines; the file's own were kept)"),
        Tier::Drift => format!(" ({old} matched except for lines of context; the file's own were kept)"),
    }
}

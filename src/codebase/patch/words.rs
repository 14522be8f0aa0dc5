//! Why a reply was refused, in words that a model can act on.

use std::fmt;

use crate::codebase::place::{self, Refusal};
use crate::domain::change::RepoPath;

/// A whole reply that was refused. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The file, as the reply names it.
    pub path: Option<String>,
    /// The 1-based line of the reply where the edit begins.
    pub line: Option<usize>,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    NoEdits,
    NoName {
        line: usize,
    },
    TwoNames {
        line: usize,
        old: String,
        new: String,
    },
    Truncated {
        line: usize,
        missing: &'static str,
    },
    Malformed {
        line: usize,
        what: &'static str,
    },
    /// The path leaves the checkout or is git's own.
    Outside {
        name: String,
    },
    /// A link on the way, a folder, or whatever is no regular file.
    Unusable {
        reason: String,
    },
    NotShown,
    Missing,
    Exists,
    TooLarge {
        bytes: usize,
        most: u64,
    },
    /// A whole file that leaves code out.
    Lazy {
        text: String,
    },
    /// Two edits of the reply change the same lines.
    Overlap {
        other: usize,
    },
    /// Edits of one file that can't go together, like deleting it and changing it.
    Conflict,
    Place {
        path: RepoPath,
        refusal: Refusal,
    },
}

pub(super) const NAMES: place::Names = place::Names { old: "the old text", new: "the new text" };

impl fmt::Display for Refused {
    /// One paragraph an edit, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was written, because not all edits can be made:")?;
        for reason in &self.reasons {
            write!(f, "\n- {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => write!(f, "`{}` (line {line} of the reply): ", one_line(path))?,
            (Some(path), None) => write!(f, "`{}`: ", one_line(path))?,
            (None, _) => {}
        }
        write!(f, "{}", self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEdits => f.write_str("the reply holds no edit in a known format"),
            Self::NoName { line } => write!(f, "line {line}: the edit names no file; write its path on the line above"),
            Self::TwoNames { line, old, new } => {
                write!(f, "line {line}: the edit names two files, `{}` and `{}`", one_line(old), one_line(new))
            }
            Self::Truncated { line, missing } => {
                write!(f, "line {line}: the edit that begins here is cut off, {missing} is missing; write it whole")
            }
            Self::Malformed { line, what } => write!(f, "line {line}: {what}"),
            Self::Outside { name } => {
                write!(f, "`{}` is no path inside the repository (relative, without `..`, not in .git)", one_line(name))
            }
            Self::Unusable { reason } => f.write_str(reason),
            Self::NotShown => f.write_str("the file was not read yet; read it before editing it"),
            Self::Missing => f.write_str("there is no such file; look for the right path"),
            Self::Exists => f.write_str("the file exists already; give the text to replace"),
            Self::TooLarge { bytes, most } => {
                write!(f, "the file would have {bytes} bytes; at most {most} are allowed")
            }
            Self::Lazy { text } => write!(f, "the text leaves code out (`{}`); write the whole file", one_line(text)),
            Self::Overlap { other } => {
                write!(f, "it changes the same lines as the edit at line {other} of the reply; write one edit for both")
            }
            Self::Conflict => {
                f.write_str("the reply has other edits of this file that can't go together with this one")
            }
            Self::Place { path, refusal } => f.write_str(&place::refused(path, refusal, NAMES)),
        }
    }
}

/// Names come from the reply, so they are shown without control signs.
fn one_line(name: &str) -> String {
    name.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

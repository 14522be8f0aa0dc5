//! What a reply says, in one shape for all formats. Nothing is looked up yet.

use super::names::Names;
use super::words::Why;
use super::{blocks, envelope, json, unified, whole};
use crate::codebase::place::{Hint, Want};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    SearchReplace,
    UnifiedDiff,
    ApplyPatch,
    Json,
    WholeFile,
}

/// Everything that a reply wants changed, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub format: Format,
    pub edits: Vec<Edit>,
}

/// A file as the reply names it, which may be outside the checkout, and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub path: String,
    /// The 1-based line of the reply where the edit begins.
    pub line: usize,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Update(Update),
    /// A new file; refused where there is one.
    Create {
        text: String,
        executable: bool,
    },
    /// A whole file, new or not.
    Write {
        text: String,
    },
    Delete,
    /// To another path, and to another mode where one is given. Content that changes too is an update of the old path.
    Move {
        to: String,
    },
    SetExecutable(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// Ways to read the same edit, the likeliest first.
    Lines {
        readings: Vec<Want>,
        hint: Hint,
        /// Whether the file shall end with a newline, where the edit reaches its end and says so.
        final_newline: Option<bool>,
    },
    /// Text to the byte.
    Text { old: String, new: String, everywhere: bool },
    /// New lines after this 1-based line; 0 is the start.
    InsertAfter { line: usize, text: String },
}

/// Reads a reply. `names` tells file names from prose.
pub fn parse(reply: &str, names: &Names<'_>) -> Result<Parsed, Why> {
    let reply = reply.replace("\r\n", "\n");
    if let Some(edits) = json::parse(&reply)? {
        return Ok(Parsed { format: Format::Json, edits });
    }
    let lines = super::fence::dedented(&reply);
    let starts = [
        (blocks::start(&lines), Format::SearchReplace),
        (envelope::start(&lines), Format::ApplyPatch),
        (unified::start(&lines), Format::UnifiedDiff),
    ];
    let first = starts.into_iter().filter_map(|(line, format)| Some((line?, format))).min_by_key(|(line, _)| *line);
    let (format, edits) = match first.map(|(_, format)| format) {
        Some(Format::SearchReplace) => (Format::SearchReplace, blocks::parse(&lines, names)?),
        Some(Format::ApplyPatch) => (Format::ApplyPatch, envelope::parse(&lines)?),
        Some(_) => (Format::UnifiedDiff, unified::parse(&lines, names)?),
        None => (Format::WholeFile, whole::parse(&lines, names)?),
    };
    if edits.is_empty() { Err(Why::NoEdits) } else { Ok(Parsed { format, edits }) }
}

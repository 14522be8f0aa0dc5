//! What all edits of one file come to.

use std::collections::BTreeSet;

use super::plan::{Limits, PlannedFile, reason};
use super::reply::{Action, Edit};
use super::resolve::{inside, seen};
use super::update::updated;
use super::words::{Reason, Why};
use crate::codebase::place::elides;
use crate::codebase::text::{LineEnds, is_binary, line_ends, with_line_ends};
use crate::domain::change::RepoPath;
use crate::ports::checkout::{Checkout, CheckoutError};

/// A file as it is before the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    bytes: Option<Vec<u8>>,
    executable: bool,
    /// Where it moves, to a path where nothing is.
    to: Option<RepoPath>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outcome {
    pub(super) files: Vec<PlannedFile>,
    pub(super) notes: Vec<String>,
}

impl Target {
    pub(super) async fn load(
        path: &RepoPath,
        edits: &[&Edit],
        checkout: &dyn Checkout,
        shown: &BTreeSet<RepoPath>,
    ) -> Result<Result<Self, Why>, CheckoutError> {
        let bytes = match regular(checkout, path).await? {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(why)),
        };
        // Making a file that is there already has a better refusal.
        let makes = edits.iter().all(|edit| matches!(edit.action, Action::Create { .. }));
        if let Err(why) = seen(path, bytes.is_some() && !makes, shown) {
            return Ok(Err(why));
        }
        let moves = edits.iter().find_map(|edit| match &edit.action {
            Action::Move { to } => Some(inside(to)),
            _ => None,
        });
        let to = match moves.transpose() {
            Ok(to) => to,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(to) = &to {
            match regular(checkout, to).await? {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(Err(Why::Exists)),
                Err(why) => return Ok(Err(why)),
            }
        }
        let executable = bytes.is_some() && checkout.is_executable(path).await?;
        Ok(Ok(Self { bytes, executable, to }))
    }
}

/// The file's bytes. A path that the checkout doesn't let us use is the model's to correct; a checkout that fails is not.
async fn regular(checkout: &dyn Checkout, path: &RepoPath) -> Result<Result<Option<Vec<u8>>, Why>, CheckoutError> {
    match checkout.read(path).await {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error @ CheckoutError::Path { .. }) => Ok(Err(Why::Unusable { reason: error.to_string() })),
        Err(error) => Err(error),
    }
}

pub(super) fn outcome(
    path: &RepoPath,
    target: &Target,
    edits: &[&Edit],
    limits: Limits,
) -> Result<Outcome, Vec<Reason>> {
    let mut notes = Vec::new();
    let mut executable = target.executable;
    let refuse = |edit: &Edit, why| Err(vec![reason(edit, why)]);
    let mut updates = Vec::new();
    let mut after = None;
    for edit in edits {
        match &edit.action {
            Action::Update(update) => updates.push((*edit, update)),
            Action::Move { .. } | Action::SetExecutable(_) | Action::Delete if target.bytes.is_none() => {
                return refuse(edit, Why::Missing);
            }
            Action::Move { .. } => {}
            Action::SetExecutable(set) => executable = *set,
            _ if edits.len() > 1 => return refuse(edit, Why::Conflict),
            Action::Create { text, executable: set } => {
                executable |= set;
                match &target.bytes {
                    Some(bytes) if !bytes.is_empty() && bytes != text.as_bytes() => return refuse(edit, Why::Exists),
                    _ => after = Some(text.clone().into_bytes()),
                }
            }
            Action::Write { text } => match written(target.bytes.as_deref(), text) {
                Ok(bytes) => after = Some(bytes),
                Err(why) => return refuse(edit, why),
            },
            Action::Delete => {
                let note = format!("deletes `{path}`");
                return Ok(Outcome { files: vec![gone(path, target)], notes: vec![note] });
            }
        }
    }
    if let (Some((first, _)), None) = (updates.first(), &target.bytes) {
        return refuse(first, Why::Missing);
    }
    if let (Some(bytes), None) = (&target.bytes, &after) {
        after = Some(updated(path, bytes, &updates, &mut notes)?);
    }
    let after = after.unwrap_or_default();
    if after.len() as u64 > limits.max_bytes {
        return refuse(edits[0], Why::TooLarge { bytes: after.len(), most: limits.max_bytes });
    }
    let mode_changes = target.bytes.is_some() && executable != target.executable;
    let file =
        PlannedFile { path: path.clone(), before: target.bytes.clone(), after: Some(after), executable, mode_changes };
    let files = match &target.to {
        None => vec![file],
        Some(to) => {
            notes.push(format!("moves `{path}` to `{to}`"));
            let moved = PlannedFile { path: to.clone(), before: None, mode_changes: executable, ..file };
            vec![gone(path, target), moved]
        }
    };
    Ok(Outcome { files, notes })
}

fn gone(path: &RepoPath, target: &Target) -> PlannedFile {
    let before = target.bytes.clone();
    PlannedFile { path: path.clone(), before, after: None, executable: false, mode_changes: false }
}

/// A whole file with the line ends and the byte order mark that it had.
fn written(before: Option<&[u8]>, text: &str) -> Result<Vec<u8>, Why> {
    const BOM: &[u8] = "\u{feff}".as_bytes();
    let Some(before) = before else { return Ok(text.as_bytes().to_vec()) };
    if is_binary(before) || std::str::from_utf8(before).is_err() {
        return Err(Why::Unusable { reason: "the file is no UTF-8 text, so it can't be rewritten whole".into() });
    }
    if let Some(line) = elides(text)
        && !String::from_utf8_lossy(before).contains(line)
    {
        return Err(Why::Lazy { text: line.trim().to_owned() });
    }
    let crlf = line_ends(before) == LineEnds::Crlf;
    let mut text = if crlf { with_line_ends(text, LineEnds::Crlf) } else { text.to_owned() };
    if !before.is_empty() && !before.ends_with(b"\n") {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    let mark = before.starts_with(BOM) && !text.as_bytes().starts_with(BOM);
    Ok([if mark { BOM } else { b"" }, text.as_bytes()].concat())
}

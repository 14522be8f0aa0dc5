//! What a reply would do to the checkout: all of it, or a refusal. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Target, outcome};
use super::names::Names;
use super::reply::{Action, Edit, Parsed, parse};
use super::resolve::{inside, resolve};
use super::words::{Reason, Refused, Why};
use crate::domain::change::{ChangeSet, FileChange, FileContent, RepoPath};
use crate::domain::ids::Digest;
use crate::ports::checkout::{Checkout, CheckoutError};

/// Bounds of what a reply may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a file may have afterwards.
    pub max_bytes: u64,
}

/// Everything that a reply changes, placed and not yet written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned {
    /// Sorted by path; empty when all of the reply is applied already.
    pub files: Vec<PlannedFile>,
    /// A line an edit, for the model: where it went and what the match overlooked.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    pub path: RepoPath,
    /// `None` for a new file.
    pub before: Option<Vec<u8>>,
    /// `None` for a file that is deleted.
    pub after: Option<Vec<u8>>,
    pub executable: bool,
    /// Whether `executable` is another than before.
    pub mode_changes: bool,
}

impl PlannedFile {
    fn changes(&self) -> bool {
        self.before != self.after || self.mode_changes
    }
}

impl Planned {
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn change_set(&self) -> ChangeSet {
        let change = |file: &PlannedFile| FileChange {
            path: file.path.clone(),
            before: file.before.as_ref().map(Digest::of),
            after: file.after.as_ref().map(|bytes| FileContent { bytes: bytes.clone(), executable: file.executable }),
        };
        ChangeSet { files: self.files.iter().map(change).collect() }
    }
}

/// Reads a reply and finds the place of each of its edits in the checkout as it is now. Existing files are edited only if
/// they are among `shown`, the files that the model has read or written.
pub async fn plan(
    reply: &str,
    checkout: &dyn Checkout,
    shown: &BTreeSet<RepoPath>,
    limits: Limits,
) -> Result<Result<Planned, Refused>, CheckoutError> {
    let tracked = checkout.tracked().await?;
    let names = Names::new(tracked.iter().map(|file| &file.path), shown);
    let parsed = match parse(reply, &names) {
        Ok(parsed) => parsed,
        Err(why) => return Ok(Err(Refused { reasons: vec![Reason { path: None, line: None, why }] })),
    };
    let targets = match targets(&parsed, &names) {
        Ok(targets) => targets,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut files = BTreeMap::new();
    let (mut notes, mut reasons) = (Vec::new(), Vec::new());
    for (path, edits) in &targets {
        let outcome = match Target::load(path, edits, checkout, shown).await? {
            Ok(target) => outcome(path, &target, edits, limits),
            Err(why) => Err(vec![reason(edits[0], why)]),
        };
        match outcome {
            Ok(outcome) => {
                notes.extend(outcome.notes);
                for file in outcome.files {
                    // Two parts of the reply make the same file.
                    if files.insert(file.path.clone(), file).is_some() {
                        reasons.push(reason(edits[0], Why::Conflict));
                    }
                }
            }
            Err(found) => reasons.extend(found),
        }
    }
    let files = files.into_values().filter(|file: &PlannedFile| file.changes()).collect();
    Ok(if reasons.is_empty() { Ok(Planned { files, notes }) } else { Err(Refused { reasons }) })
}

pub(super) fn reason(edit: &Edit, why: Why) -> Reason {
    Reason { path: Some(edit.path.clone()), line: Some(edit.line), why }
}

/// The edits by file, the same edit only once. All paths are judged before any file is looked at.
fn targets<'p>(parsed: &'p Parsed, names: &Names<'_>) -> Result<BTreeMap<RepoPath, Vec<&'p Edit>>, Refused> {
    let mut targets: BTreeMap<RepoPath, Vec<&Edit>> = BTreeMap::new();
    let mut reasons = Vec::new();
    for edit in &parsed.edits {
        let to = match &edit.action {
            Action::Move { to } => inside(to).map(|_| ()),
            _ => Ok(()),
        };
        match to.and_then(|()| resolve(edit, names)) {
            Ok(path) => {
                let edits = targets.entry(path).or_default();
                if !edits.iter().any(|known| known.action == edit.action) {
                    edits.push(edit);
                }
            }
            Err(why) => reasons.push(reason(edit, why)),
        }
    }
    if reasons.is_empty() { Ok(targets) } else { Err(Refused { reasons }) }
}

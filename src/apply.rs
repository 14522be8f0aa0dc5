//! The back door: performs a guarded plan, writing the ledger before and after.
//!
//! Idempotency has its one home here: every action has a key, is looked for before it is written, is written once, and is
//! looked for again when the answer did not come.

mod settle;

use std::time::Duration;

pub use settle::settle;

use serde::Serialize;

use crate::domain::ids::Digest;
use crate::ledger::record::{Entry, OutcomeResult, Subject};
use crate::ledger::{Ledger, LedgerError, Signature};
use crate::plan::Action;
use crate::plan::guard::{GuardedAction, GuardedPlan};
use crate::ports::clock::Clock;
use crate::ports::forge::{Effect, ForgeError, ForgeRead, ForgeWrite};
use crate::ports::ledger_store::LedgerStore;

/// Times that a lost append is tried again on top of what the winner wrote.
const APPEND_TRIES: u32 = 5;

/// Everything the back door needs.
pub struct BackDoor<'a> {
    pub read: &'a dyn ForgeRead,
    pub write: &'a dyn ForgeWrite,
    pub store: &'a dyn LedgerStore,
    pub clock: &'a dyn Clock,
    pub signature: Signature,
    /// Pauses between the looks after a write whose outcome is unknown; the published ones are [`LOOKS`].
    pub looks: &'a [Duration],
}

/// When to look after a write whose outcome is unknown.
pub const LOOKS: &[Duration] =
    &[Duration::ZERO, Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];

/// An action that stands now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Done {
    pub name: &'static str,
    pub key: String,
    pub effect: Effect,
}

/// How far a plan came.
#[derive(Debug, Default)]
pub struct Applied {
    pub done: Vec<Done>,
    /// The action that could not be performed, and why. Nothing after it was tried.
    pub stopped: Option<(String, Stopped)>,
}

impl Applied {
    /// The effect of the first action with this policy name.
    pub fn effect(&self, name: &str) -> Option<&Effect> {
        self.done.iter().find(|done| done.name == name).map(|done| &done.effect)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Somebody else was first: not an error.
    #[error("{0}")]
    LostRace(String),
    #[error("{0}")]
    Refused(ForgeError),
    #[error("the outcome is unknown after looking: {0}")]
    Unknown(ForgeError),
    #[error("{0}")]
    Unavailable(ForgeError),
}

#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("another run is doing the same (it wrote the ledger first)")]
    AnotherRun,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Performs what the guard let through, in order, and stops at the first action that cannot be performed.
pub async fn apply(plan: &GuardedPlan, ledger: &mut Ledger, door: &BackDoor<'_>) -> Result<Applied, ApplyError> {
    settle(ledger, door).await?;
    let mut before: Vec<Entry> = plan.actions().iter().filter_map(intent).collect();
    before.extend(plan.held().iter().map(|held| Entry::Held {
        key: held.action.key(),
        action: held.action.name().to_owned(),
        subject: Subject::of(&held.action),
        reason: serde_json::to_string(&held.reason).unwrap_or_default(),
    }));
    let fence = before.iter().any(|entry| matches!(entry, Entry::Intent { .. }));
    if fence {
        append(ledger, door, before, OnLoss::StopIfSame).await?;
    }
    let mut applied = Applied::default();
    let mut after = Vec::new();
    for guarded in plan.actions() {
        let action = guarded.action();
        if let Action::Note(note) = action {
            after.push(Entry::Note { note: note.clone() });
            continue;
        }
        let (result, effect, stopped) = perform(guarded, door).await;
        let reason = match (&stopped, action) {
            (Some(stopped), _) => Some(stopped.to_string()),
            (None, Action::DeleteBranch { reason, .. }) => Some(reason.clone()),
            (None, _) => None,
        };
        after.push(outcome(action, result, effect.as_ref(), reason));
        if let Some(effect) = effect {
            applied.done.push(Done { name: action.name(), key: action.key(), effect });
        }
        if let Some(stopped) = stopped {
            applied.stopped = Some((action.key(), stopped));
            break;
        }
    }
    if applied.stopped.is_some() {
        after.extend(unreached(plan, &after));
    }
    append(ledger, door, after, OnLoss::Repeat).await?;
    Ok(applied)
}

fn intent(guarded: &GuardedAction) -> Option<Entry> {
    let action = guarded.action();
    if matches!(action, Action::Note(_)) {
        return None;
    }
    let payload = Digest::of(serde_json::to_vec(action).unwrap_or_default());
    let (key, name) = (action.key(), action.name().to_owned());
    Some(Entry::Intent { key, action: name, subject: Subject::of(action), payload })
}

fn outcome(action: &Action, result: OutcomeResult, effect: Option<&Effect>, reason: Option<String>) -> Entry {
    Entry::Outcome {
        key: action.key(),
        action: action.name().to_owned(),
        subject: Subject::of(action),
        result,
        number: effect.and_then(|effect| effect.number),
        sha: effect.and_then(|effect| effect.sha.clone()),
        reason,
    }
}

/// Intents behind the action that stopped the plan were never tried: their outcome is certain. Notes about money and
/// verdicts stay true all the same.
fn unreached(plan: &GuardedPlan, after: &[Entry]) -> Vec<Entry> {
    plan.actions()
        .iter()
        .skip(after.len())
        .map(|guarded| match guarded.action() {
            Action::Note(note) => Entry::Note { note: note.clone() },
            action => outcome(action, OutcomeResult::Abandoned, None, None),
        })
        .collect()
}

async fn perform(guarded: &GuardedAction, door: &BackDoor<'_>) -> (OutcomeResult, Option<Effect>, Option<Stopped>) {
    match door.write.find(guarded).await {
        Ok(Some(effect)) => return (OutcomeResult::Already, Some(Effect { already: true, ..effect }), None),
        Ok(None) => {}
        Err(error) => return (OutcomeResult::Abandoned, None, Some(Stopped::Unavailable(error))),
    }
    match door.write.perform(guarded).await {
        Ok(effect) if effect.already => (OutcomeResult::Already, Some(effect), None),
        Ok(effect) => (OutcomeResult::Done, Some(effect), None),
        Err(error) if error.outcome_unknown() => look(guarded, door, error).await,
        Err(ForgeError::Conflict { what, message }) => {
            (OutcomeResult::Refused, None, Some(Stopped::LostRace(format!("{what}: {message}"))))
        }
        Err(error @ ForgeError::RateLimited { .. }) => {
            (OutcomeResult::Refused, None, Some(Stopped::Unavailable(error)))
        }
        Err(error) => (OutcomeResult::Refused, None, Some(Stopped::Refused(error))),
    }
}

/// A write whose answer did not come: look, do not repeat.
async fn look(
    guarded: &GuardedAction,
    door: &BackDoor<'_>,
    error: ForgeError,
) -> (OutcomeResult, Option<Effect>, Option<Stopped>) {
    for pause in door.looks {
        tokio::time::sleep(*pause).await;
        if let Ok(Some(effect)) = door.write.find(guarded).await {
            return (OutcomeResult::Done, Some(Effect { already: false, ..effect }), None);
        }
    }
    (OutcomeResult::Unknown, None, Some(Stopped::Unknown(error)))
}

/// What to do when somebody else appended first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnLoss {
    /// Intents: stop when the winner means to do one of the same things.
    StopIfSame,
    /// Outcomes: they have happened and must be written.
    Repeat,
}

async fn append(
    ledger: &mut Ledger,
    door: &BackDoor<'_>,
    entries: Vec<Entry>,
    on_loss: OnLoss,
) -> Result<(), ApplyError> {
    let mut tries = 0;
    loop {
        let written = ledger.append(door.store, &door.signature, door.clock.now(), entries.clone()).await;
        let error = match written {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let moved = matches!(&error, LedgerError::Forge(ForgeError::Conflict { .. }));
        let unknown = matches!(&error, LedgerError::Forge(error) if error.outcome_unknown());
        tries += 1;
        if !(moved || unknown) || tries >= APPEND_TRIES {
            return Err(error.into());
        }
        let known = ledger.records().len();
        *ledger = Ledger::load(door.store).await?;
        let news = ledger.records().get(known..).unwrap_or_default();
        // After an answer that did not come, our own entries may stand there already.
        if unknown && news.iter().any(|record| record.run == door.signature.run && entries.contains(&record.entry)) {
            return Ok(());
        }
        let same = |entry: &Entry| match entry {
            Entry::Intent { key, .. } => {
                entries.iter().any(|own| matches!(own, Entry::Intent { key: k, .. } if k == key))
            }
            _ => false,
        };
        if on_loss == OnLoss::StopIfSame && news.iter().any(|record| same(&record.entry)) {
            return Err(ApplyError::AnotherRun);
        }
    }
}

//! Intents without an outcome, left by a process that died: settled by looking at GitHub, never by doing them again.

use super::{ApplyError, BackDoor, OnLoss, append};
use crate::domain::ids::CommitSha;
use crate::ledger::record::{Entry, OutcomeResult, Record, Run, Subject};
use crate::ledger::{Ledger, replay};
use crate::ports::forge::ForgeError;

/// An intent of a laptop's run is taken for dead after this time: it has no run id to ask for.
const LAPTOP_LEASE_MINUTES: i64 = 60;

/// Writes the outcomes of intents whose run has ended.
pub async fn settle(ledger: &mut Ledger, door: &BackDoor<'_>) -> Result<(), ApplyError> {
    let open: Vec<Record> = replay::dangling(ledger.records()).into_iter().cloned().collect();
    let mut outcomes = Vec::new();
    let mut alive: Vec<(Run, bool)> = Vec::new();
    for record in open {
        let Entry::Intent { key, action, subject, .. } = &record.entry else { continue };
        let lives = if let Some((_, lives)) = alive.iter().find(|(run, _)| *run == record.run) {
            *lives
        } else {
            let lives = is_alive(&record, door).await?;
            alive.push((record.run, lives));
            lives
        };
        if lives {
            continue;
        }
        let (result, number, sha) = look(action, subject, door).await?;
        outcomes.push(Entry::Outcome {
            key: key.clone(),
            action: action.clone(),
            subject: subject.clone(),
            result,
            number,
            sha,
            reason: Some("settled by looking: the run that meant to do it had ended".to_owned()),
        });
    }
    if outcomes.is_empty() {
        return Ok(());
    }
    append(ledger, door, outcomes, OnLoss::Repeat).await
}

/// Whether the run that wrote the intent may still be at work. Our own run's earlier attempt is not.
async fn is_alive(record: &Record, door: &BackDoor<'_>) -> Result<bool, ApplyError> {
    if record.run.id == door.signature.run.id && record.run.id.is_some() {
        return Ok(false);
    }
    match record.run.id {
        Some(id) => match door.read.workflow_run(id).await {
            Ok(run) => Ok(run.is_some_and(|run| !run.completed)),
            // Without `actions: read` the age decides, as on a laptop.
            Err(ForgeError::Denied { .. }) => Ok(is_young(record, door)),
            Err(error) => Err(ApplyError::Ledger(error.into())),
        },
        None => Ok(door.signature.run.id.is_some() && is_young(record, door)),
    }
}

fn is_young(record: &Record, door: &BackDoor<'_>) -> bool {
    (door.clock.now() - record.t).num_minutes() < LAPTOP_LEASE_MINUTES
}

type Seen = (OutcomeResult, Option<u64>, Option<CommitSha>);

/// What GitHub shows of the intent. Actions that can be looked for only with their whole text are given up here: whoever
/// wants them again looks by their key before writing.
async fn look(action: &str, subject: &Subject, door: &BackDoor<'_>) -> Result<Seen, ApplyError> {
    let read = door.read;
    let seen = match (action, subject) {
        ("branch.create", Subject { branch: Some(branch), .. }) => {
            let found = read.branch(branch).await.map_err(ledger)?;
            found.map(|branch| (OutcomeResult::Already, None, Some(branch.sha)))
        }
        ("branch.commit", Subject { branch: Some(branch), base: Some(parent), .. }) => {
            let tip = read.branch(branch).await.map_err(ledger)?;
            match tip {
                Some(tip) if tip.sha != *parent => {
                    let commit = read.commit(&tip.sha).await.map_err(ledger)?;
                    let ours = commit.parents == [parent.clone()];
                    ours.then_some((OutcomeResult::Already, None, Some(tip.sha)))
                }
                _ => None,
            }
        }
        ("branch.delete", Subject { branch: Some(branch), .. }) => {
            let found = read.branch(branch).await.map_err(ledger)?;
            found.is_none().then_some((OutcomeResult::Already, None, None))
        }
        ("pr.open", Subject { branch: Some(branch), .. }) => {
            let pulls = read.pulls_of_branch(branch).await.map_err(ledger)?;
            pulls.first().map(|pull| (OutcomeResult::Already, Some(pull.number.0), Some(pull.head.sha.clone())))
        }
        ("pr.merge", Subject { pull: Some(pull), head: Some(head), .. }) => {
            let merged = read.is_merged(*pull).await.map_err(ledger)?;
            let pull = read.pull(*pull).await.map_err(ledger)?;
            (merged && pull.head.sha == *head).then_some((
                OutcomeResult::Already,
                Some(pull.number.0),
                pull.merge_commit,
            ))
        }
        _ => None,
    };
    Ok(seen.unwrap_or((OutcomeResult::Abandoned, None, None)))
}

fn ledger(error: ForgeError) -> ApplyError {
    ApplyError::Ledger(error.into())
}

//! `audit show` and `audit verify`: the ledger for people.

use std::fmt::Write as _;

use serde_json::json;

use super::desk::ledger_failure;
use super::failures;
use super::outcome::Ended;
use super::session::Session;
use crate::ledger::record::{Entry, Record};
use crate::ledger::{BRANCH, chain, segments_in_order};
use crate::outcome::Failure;
use crate::plan::action::Note;
use crate::ports::ledger_store::LedgerStore as _;

pub(super) async fn show(session: &Session) -> Result<Ended, Failure> {
    let records = read(session).await?.records;
    let text = if records.is_empty() {
        format!("the ledger ({BRANCH}) has no records yet")
    } else {
        records.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let reason = format!("{} records", records.len());
    Ended::text("audit show", "shown", &reason, text).with_json(&records)
}

pub(super) async fn verify(session: &Session) -> Result<Ended, Failure> {
    let chain = read(session).await?;
    let (count, tip) = (chain.records.len(), chain.tip);
    let text = match count {
        0 => format!("the ledger ({BRANCH}) has no records yet"),
        _ => format!("the ledger is whole: {count} records, the last with hash {tip}"),
    };
    Ended::sentence("audit verify", "whole", &text).with_json(&json!({ "records": count, "tip": tip }))
}

async fn read(session: &Session) -> Result<chain::Chain, Failure> {
    let files = session.forge.load().await.map_err(|error| failures::forge(&error))?;
    chain::read(&segments_in_order(files.segments)).map_err(|damage| ledger_failure(&damage.into()))
}

fn line(record: &Record) -> String {
    let mut line = format!("{:>6}  {}  {:<24}", record.seq, record.t.format("%Y-%m-%d %H:%M:%S"), record.actor.login);
    let written = match &record.entry {
        Entry::Intent { key, .. } => write!(line, "  intent   {key}"),
        Entry::Outcome { key, result, reason: None, .. } => write!(line, "  outcome  {key}: {}", word(result)),
        Entry::Outcome { key, result, reason: Some(reason), .. } => {
            write!(line, "  outcome  {key}: {} ({reason})", word(result))
        }
        Entry::Held { key, reason, .. } => write!(line, "  held     {key}: {reason}"),
        Entry::Note { note } => write!(line, "  note     {}", note_line(note)),
    };
    // Writing to a string does not fail.
    let _ = written;
    line
}

fn note_line(note: &Note) -> String {
    match note {
        Note::Verdict(verdict) => format!(
            "{} says {} of #{} at {}, score {}, {} of {} lines",
            verdict.role.name(),
            word(&verdict.result),
            verdict.pull,
            verdict.head.short(),
            verdict.score,
            verdict.coverage.reviewed,
            verdict.coverage.total,
        ),
        Note::Approval { issue, spec, approved_by } => {
            format!("#{issue} was approved by {approved_by} as {}", spec.short())
        }
        Note::Spend { role, model, usage, .. } => {
            format!("{} spent {} on {model} ({} tokens)", role.name(), usage.cost, usage.tokens())
        }
        Note::GaveUp { issue, reason } => format!("gave up #{issue}: {reason}"),
    }
}

/// The word under which a unit value is serialised.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

//! What the scripted model was asked and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::desk::Desk;

/// A view of the scripted model's log; cheap to clone, live while the server runs.
#[derive(Debug, Clone)]
pub struct ModelLog(pub(super) Arc<Mutex<Desk>>);

/// One request, in the order of arrival.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `engineer`, the schema's name, or `chat`; empty when the request was refused before it was understood.
    pub role: String,
    pub dialect: Dialect,
    pub outcome: Outcome,
    /// Tokens as they were reported in the answer; zero when there was none.
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    /// The request's body, without headers: no key stands in it.
    pub request: Value,
}

/// The wire protocol of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    ChatCompletions,
    Messages,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The role's turn with this number (from 1) was played.
    Played { turn: usize },
    /// Nobody wrote a turn for it, or the turn expected another prompt.
    Unscripted { reason: String },
    /// The request broke the protocol; the provider would refuse it too.
    Refused { status: u16, reason: String },
    /// The script asks for the refusal: another key, or a parameter that this "model" does not take.
    Declined { status: u16, reason: String },
}

impl ModelLog {
    /// Every request so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.desk().entries.clone()
    }

    /// How many requests nobody scripted, broken ones included. A test run fails on a non-zero count.
    pub fn unscripted(&self) -> usize {
        self.complaints().len()
    }

    /// Each unscripted or broken request in words.
    pub fn complaints(&self) -> Vec<String> {
        self.desk().entries.iter().enumerate().filter_map(|(at, entry)| complaint(at + 1, entry)).collect()
    }

    /// Scripted turns that nobody asked for, as `role: turn N`. A turn that repeats is never left over.
    pub fn leftover(&self) -> Vec<String> {
        self.desk().leftover()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn complaint(number: usize, entry: &Entry) -> Option<String> {
    match &entry.outcome {
        Outcome::Played { .. } | Outcome::Declined { .. } => None,
        Outcome::Unscripted { reason } => Some(format!("request {number}: {reason}")),
        Outcome::Refused { status, reason } => Some(format!("request {number}: refused with {status}: {reason}")),
    }
}

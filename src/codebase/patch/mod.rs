//! A model's whole reply into a change set: every format that models write edits in, all of its edits or none.
//!
//! First what the reply says ([`parse`]), then whether it may ([`plan()`]: paths, links, files that were shown), then where each
//! edit goes (`place`), and only then bytes are written ([`Planned::write`]).

mod blocks;
mod envelope;
mod fence;
mod file;
mod json;
mod names;
mod plan;
mod reply;
mod resolve;
mod unified;
mod update;
mod whole;
mod words;
mod write;

pub use plan::{Limits, Planned, PlannedFile, plan};
pub use reply::{Action, Edit, Format, Parsed, Update, parse};
pub use words::{Reason, Refused, Why};

#[cfg(test)]
mod tests;

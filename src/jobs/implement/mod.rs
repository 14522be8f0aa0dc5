//! Implements the next approved issue: pick, claim, brief, change, verify, propose.

mod approval;
mod claim;
mod pick;
mod sweep;
mod texts;

#[cfg(test)]
mod testing;

pub use approval::Approval;
pub use claim::{claim_plan, void_plan};
pub use pick::{Nothing, Pick, Picked, SkipReason, Skipped, pick, ranking, still_approved};
pub use sweep::{Found, Swept, sweep};

//! Implements the next approved issue: sweep, pick, claim, brief, change, verify, propose.
//!
//! [`sweep()`] and [`pick()`] read GitHub and decide; [`engineer()`] works in a checkout; the functions that end in `_plan` say
//! what should leave. Nothing in here writes to GitHub.

mod agent;
mod approval;
mod brief;
mod claim;
mod context;
mod engineer;
mod give_up;
mod guard;
mod pick;
mod progress;
mod proposal;
mod related;
mod sweep;
mod texts;
mod tools;
mod turn;
mod verify;

pub use approval::Approval;
pub use claim::{claim_plan, void_plan};
pub use context::{Context, Likely, context};
pub use engineer::{Cause, EngineerInput, GaveUp, Interrupted, Spend, Why, Worked, engineer};
pub use give_up::{give_up_plan, reason, release_plan};
pub use pick::{Nothing, Pick, Picked, SkipReason, Skipped, approval_lapsed, pick, ranking, still_approved};
pub use progress::{Progress, Report};
pub use proposal::{Proposal, proposal_plan, pull_body};
pub use sweep::{Found, Swept, sweep};
pub use verify::{Compared, Effect};

#[cfg(test)]
mod testing;

//! One folder a command: gather, decide, plan.

pub mod implement;
pub mod merge;
pub mod review;

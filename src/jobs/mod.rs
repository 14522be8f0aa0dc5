//! One folder a command: gather, decide, plan.

pub mod merge;

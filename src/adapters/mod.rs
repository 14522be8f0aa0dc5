//! The only rooms that know a wire format.

pub mod checks;
pub mod git;

//! The only rooms that know a wire format.

pub mod actions;
pub mod checks;
pub mod clock;
pub mod git;
pub mod github;
mod http;
pub mod model;
pub mod recorder;

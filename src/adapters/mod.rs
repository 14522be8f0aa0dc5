//! The only rooms that know a wire format.

pub mod github;
mod http;
pub mod recorder;

//! The only rooms that know a wire format.

pub mod clock;
pub mod github;
mod http;
pub mod recorder;
mod http;
pub mod model;
pub mod actions;

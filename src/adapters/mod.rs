//! The only rooms that know a wire format.

mod http;
pub mod model;

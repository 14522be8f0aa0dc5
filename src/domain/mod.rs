//! The words of the house: plain values, no I/O and no wire formats.

pub mod change;
pub mod check;
pub mod finding;
pub mod ids;
pub mod issue;
pub mod money;
pub mod pull;
pub mod secret;
pub mod tokens;
pub mod user;
pub mod verification;

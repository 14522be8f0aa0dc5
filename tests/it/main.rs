//! The one integration binary: scenarios against the embedded GitHub, one file a job.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod checks;
mod config;
mod house;
mod published;
mod sandbox;
mod sandbox_faults;
mod sandbox_graphql;

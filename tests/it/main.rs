//! The one integration binary: scenarios against the embedded GitHub, one file a job.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod bad_input;
mod checks;
mod config;
mod conversation;
mod demo;
mod demo_data;
mod doors;
mod forge;
mod house;
mod merge;
mod plans;
mod post_mortem;
mod published;
mod race;
mod real_package;
mod relative;
mod review;
mod run;
mod sandbox;
mod sandbox_faults;
mod sandbox_graphql;
mod scene;

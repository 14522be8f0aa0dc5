//! An embedded GitHub over a real bare git repository, and a scripted model, over HTTP on loopback.
pub mod model;

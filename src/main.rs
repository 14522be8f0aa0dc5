//! The front step: run, then exit code.

fn main() {}

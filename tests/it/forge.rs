//! GitHub behind the ports, against the embedded GitHub: every read, every effect found, done once, and found again.

mod bench;
mod ledger;
mod lost;
mod merge;
mod reads;
mod writes;

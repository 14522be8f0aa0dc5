//! `autonomy`: facts in, a plan out, one back door.
//!
//! Read the modules in this order. A floor imports only from floors below it; `tests/it/house.rs` holds that.
//!
//! | floor | rooms | may import |
//! |---|---|---|
//! | 8 | `main`, `lib` | `cli`, `run` |
//! | 7 | `run` | everything below |
//! | 6 | `jobs`, `apply` | `plan`, `ports`, `ledger` (apply only), `backlog`, `codebase`, `prompt`, `report`, `config`, `domain` |
//! | 5 | `ledger`, `adapters`, `codebase`, `cli` | `ports`, `plan`, `config`, `outcome`, `domain` |
//! | 4 | `ports` | `plan`, `domain` |
//! | 3 | `plan`, `backlog`, `prompt`, `report` | `config`, `domain` |
//! | 2 | `config`, `outcome`, `sandbox` | `domain` |
//! | 1 | `domain` | nothing |

pub mod domain;

pub mod config;
pub mod outcome;
pub mod sandbox;

pub mod backlog;
pub mod plan;
pub mod prompt;
pub mod report;

pub mod ports;

pub mod adapters;
pub mod cli;
pub mod codebase;
pub mod ledger;

pub mod apply;
pub mod jobs;

pub mod run;

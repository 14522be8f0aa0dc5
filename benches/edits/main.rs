//! How the edit engine does on a corpus of replies: right, refused or wrong, by a byte comparison of the whole tree.
//!
//! `AUTONOMY_EDITS_CORPUS=DIR cargo bench --bench edits` reads `DIR/corpus.jsonl` and `DIR/blobs/`. Around each tree lies a
//! canary that no edit may touch. With `AUTONOMY_EDITS_SHOW=N` the first N replies that were not right are printed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its table")]

mod baselines;
mod corpus;
mod stage;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use corpus::{Expect, Record};
use stage::{Stage, Verdict};
use table::Table;

fn main() -> ExitCode {
    let Some(folder) = std::env::var_os("AUTONOMY_EDITS_CORPUS").map(PathBuf::from) else {
        eprintln!("set AUTONOMY_EDITS_CORPUS to a folder with corpus.jsonl and blobs/; nothing was measured");
        return ExitCode::SUCCESS;
    };
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let records = corpus::read(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut show: usize = std::env::var("AUTONOMY_EDITS_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    // Two programs started for each diff take longer than all the rest.
    let compare = std::env::var_os("AUTONOMY_EDITS_BASELINES").is_none_or(|value| value != "0");
    let mut product = Table::default();
    let mut others: Vec<(&str, Table)> = baselines::ALL.iter().map(|(name, _)| (*name, Table::default())).collect();
    let mut seconds = 0.0;
    for record in &records {
        let stage = Stage::set(folder, record)?;
        let begin = Instant::now();
        let said = runtime.block_on(stage.edit(record))?;
        seconds += begin.elapsed().as_secs_f64();
        let verdict = stage.judge(record, said.is_ok())?;
        product.count(record, verdict);
        if verdict != Verdict::Right && show > 0 {
            show -= 1;
            println!(
                "--- {} {}:{} {verdict:?}\n{}\n",
                record.id,
                record.format,
                record.kind,
                said.unwrap_or_else(|why| why)
            );
        }
        for ((_, table), (_, baseline)) in others.iter_mut().zip(baselines::ALL).filter(|_| compare) {
            if let Some(verdict) = baseline(folder, record)? {
                table.count(record, verdict);
            }
        }
    }
    println!("{product}");
    println!("{} records in {seconds:.1} s of planning and writing", records.len());
    for (name, table) in others.iter().filter(|_| compare) {
        println!("baseline {name}: {}", table.totals());
    }
    let baselines: serde_json::Map<String, serde_json::Value> =
        others.iter().map(|(name, table)| ((*name).to_owned(), table.json())).collect();
    let json = serde_json::json!({ "bench": "edits", "records": records.len(), "seconds": seconds,
        "product": product.json(), "baselines": baselines });
    println!("{json}");
    Ok(())
}

/// What a record counts as in the totals.
fn group(record: &Record) -> &'static str {
    match record.expect {
        Expect::Refuse => "refuse",
        Expect::Noop => "no-op",
        Expect::Apply if record.lenient => "lenient",
        Expect::Apply => "strict",
    }
}

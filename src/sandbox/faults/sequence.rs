//! The requests of a recorded run, so that a fault or a step can be placed before each of them.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::sandbox::exchange::{Exchange, Kind};

/// A place in a run: just before one of its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The number to give as `on.request`, from 1.
    pub request: u64,
    /// `METHOD path` of the request after the gap.
    pub before: String,
    /// Whether that request writes.
    pub writes: bool,
}

/// The gaps of an undisturbed run, from the exchanges of its sandbox.
pub fn gaps(exchanges: &[Exchange]) -> Vec<Gap> {
    let counted = exchanges.iter().filter(|e| matches!(e.kind, Kind::Rest | Kind::Graphql));
    counted.zip(1..).map(|(e, number)| gap(number, &e.method, &e.path, &e.request_body)).collect()
}

/// The gaps of a run from its record, one exchange a line.
pub fn gaps_of_record(file: &Path) -> anyhow::Result<Vec<Gap>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading the record {}", file.display()))?;
    let mut gaps = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let exchange: Value =
            serde_json::from_str(line).with_context(|| format!("{}, line {}", file.display(), at + 1))?;
        let part = |name: &str| exchange.get(name).and_then(Value::as_str).unwrap_or_default();
        if matches!(part("kind"), "rest" | "graphql") {
            let body = exchange.get("request_body").unwrap_or(&Value::Null);
            gaps.push(gap(gaps.len() as u64 + 1, part("method"), part("path"), body));
        }
    }
    Ok(gaps)
}

fn gap(request: u64, method: &str, path: &str, body: &Value) -> Gap {
    let query = body.get("query").and_then(Value::as_str);
    let writes = match query.filter(|_| path == "/graphql") {
        Some(query) => query.trim_start().starts_with("mutation"),
        None => method != "GET",
    };
    Gap { request, before: format!("{method} {path}"), writes }
}

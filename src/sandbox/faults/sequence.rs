//! The requests of a recorded run, so that a fault or a step can be placed before each of them.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::plan::{FaultPlan, PlanError, parse};
use crate::sandbox::exchange::{Exchange, Kind};

/// A place in a run: just before one of its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The number of the request, from 1. It is the same in another run only where requests come one after another.
    pub request: u64,
    pub method: String,
    /// A regular expression of the path, in which any commit id fits: the ids differ from run to run.
    pub path: String,
    /// For GraphQL, the beginning of the query, as a regular expression.
    pub query: Option<String>,
    /// Which request with this method, path and query it is, from 1.
    pub nth: u64,
    /// Whether the request writes.
    pub writes: bool,
}

impl Gap {
    /// A plan of one effect at this place, written as in a plan's file: `drop: after`, `answer: {status: 502}`,
    /// `moves: [{move_base: {}}]`. Steps are taken before the request. Install it before the run begins: it counts the
    /// requests of its kind from then on.
    ///
    /// # Errors
    /// When the effect is not understood.
    pub fn plan(&self, effect: &str) -> Result<FaultPlan, PlanError> {
        let invalid = |problem| PlanError::Invalid { name: format!("`{effect}`"), problem };
        let mut fault: Value = parse(effect).map_err(invalid)?;
        let mut on = json!({"method": self.method, "path": self.path, "nth": self.nth});
        if let Some(query) = &self.query {
            on["body"] = json!(query);
        }
        if let Some(fault) = fault.as_object_mut() {
            fault.insert("on".to_owned(), on);
        }
        serde_json::from_value(json!({"faults": [fault]})).map_err(|e| invalid(e.to_string()))
    }
}

/// The gaps of an undisturbed run, from the exchanges of its sandbox.
pub fn gaps(exchanges: &[Exchange]) -> Vec<Gap> {
    let counted = exchanges.iter().filter(|e| matches!(e.kind, Kind::Rest | Kind::Graphql));
    of(counted.map(|e| (e.method.as_str(), e.path.as_str(), &e.request_body)))
}

/// The gaps of a run from its record, one exchange a line.
pub fn gaps_of_record(file: &Path) -> anyhow::Result<Vec<Gap>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading the record {}", file.display()))?;
    let mut exchanges: Vec<Value> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let exchange = serde_json::from_str(line).with_context(|| format!("{}, line {}", file.display(), at + 1))?;
        exchanges.push(exchange);
    }
    let part =
        |exchange: &'_ Value, name: &str| exchange.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let counted = exchanges.iter().filter(|e| matches!(part(e, "kind").as_str(), "rest" | "graphql"));
    let parts: Vec<(String, String, &Value)> =
        counted.map(|e| (part(e, "method"), part(e, "path"), e.get("request_body").unwrap_or(&Value::Null))).collect();
    Ok(of(parts.iter().map(|(method, path, body)| (method.as_str(), path.as_str(), *body))))
}

fn of<'a>(requests: impl Iterator<Item = (&'a str, &'a str, &'a Value)>) -> Vec<Gap> {
    let mut seen: HashMap<(String, String, Option<String>), u64> = HashMap::new();
    requests
        .zip(1..)
        .map(|((method, path, body), request)| {
            let query = body.get("query").and_then(Value::as_str).filter(|_| path == "/graphql");
            let writes = query.map_or(method != "GET", |query| query.trim_start().starts_with("mutation"));
            // The first word or two of a query name it; the body is JSON, so the text is matched as it stands there.
            let query = query.map(|query| regex::escape(query.split(['(', '{']).next().unwrap_or_default().trim()));
            let (method, path) = (method.to_owned(), pattern(path));
            let nth = seen.entry((method.clone(), path.clone(), query.clone())).or_default();
            *nth += 1;
            Gap { request, method, path, query, nth: *nth, writes }
        })
        .collect()
}

/// A path as a regular expression, in which any commit id fits.
fn pattern(path: &str) -> String {
    let is_sha = |part: &str| part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let mut out = String::from("^");
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        out.push_str(&if is_sha(word) { "[0-9a-f]{40}".to_owned() } else { regex::escape(word) });
        word.clear();
    };
    for letter in path.chars() {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
        } else {
            flush(&mut word, &mut out);
            out.push_str(&regex::escape(&letter.to_string()));
        }
    }
    flush(&mut word, &mut out);
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_apart_and_found_again_in_another_run() {
        let (one, two) = ("a".repeat(40), "b".repeat(40));
        let (none, query) = (Value::Null, json!({"query": "mutation append($i: X!) { f }"}));
        let first = format!("/repos/o/r/compare/main...{one}");
        let requests = [("GET", first.as_str(), &none), ("POST", "/graphql", &query), ("GET", first.as_str(), &none)];
        let gaps = of(requests.into_iter());
        assert_eq!(
            gaps.iter().map(|g| (g.request, g.nth, g.writes)).collect::<Vec<_>>(),
            [(1, 1, false), (2, 1, true), (3, 2, false)]
        );
        let pattern = regex::Regex::new(&gaps[0].path).unwrap();
        assert!(pattern.is_match(&format!("/repos/o/r/compare/main...{two}")));
        assert!(!pattern.is_match("/repos/o/r/compare/main...dev"));
        assert_eq!(gaps[1].query.as_deref(), Some("mutation append"));
        assert!(gaps[1].plan("drop: after").is_ok());
        assert!(gaps[1].plan("drops: after").unwrap_err().to_string().contains("unknown field `drops`"));
    }
}

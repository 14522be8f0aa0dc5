//! Verdicts counted by format and kind.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::corpus::Record;
use crate::group;
use crate::stage::Verdict;

#[derive(Debug, Default)]
pub(crate) struct Table {
    kinds: BTreeMap<(&'static str, String, String), Counts>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    right: u32,
    refused: u32,
    wrong: u32,
}

impl Counts {
    fn all(self) -> u32 {
        self.right + self.refused + self.wrong
    }

    fn share(self, part: u32) -> f64 {
        100.0 * f64::from(part) / f64::from(self.all().max(1))
    }

    fn json(self) -> Value {
        json!({ "right": self.right, "refused": self.refused, "wrong": self.wrong })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { right, refused, wrong } = *self;
        let shares = [right, refused, wrong].map(|part| self.share(part));
        write!(f, "{:>6}  {right:>6} {refused:>6} {wrong:>6}  ", self.all())?;
        write!(f, "{:>6.2} / {:>5.2} / {:>5.2} %", shares[0], shares[1], shares[2])
    }
}

impl Table {
    pub(crate) fn count(&mut self, record: &Record, verdict: Verdict) {
        let key = (group(record), record.format.clone(), record.kind.clone());
        let counts = self.kinds.entry(key).or_default();
        match verdict {
            Verdict::Right => counts.right += 1,
            Verdict::Refused => counts.refused += 1,
            Verdict::Wrong => counts.wrong += 1,
        }
    }

    fn by_group(&self) -> BTreeMap<&'static str, Counts> {
        let mut groups: BTreeMap<&'static str, Counts> = BTreeMap::new();
        for ((group, _, _), counts) in &self.kinds {
            let sum = groups.entry(group).or_default();
            sum.right += counts.right;
            sum.refused += counts.refused;
            sum.wrong += counts.wrong;
        }
        groups
    }

    /// One line: right / refused / wrong a group.
    pub(crate) fn totals(&self) -> String {
        let line = |(group, counts): (&str, Counts)| {
            let shares = [counts.right, counts.refused, counts.wrong].map(|part| counts.share(part));
            format!("{group} {:.2} / {:.2} / {:.2}", shares[0], shares[1], shares[2])
        };
        self.by_group().into_iter().map(line).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn json(&self) -> Value {
        let totals: serde_json::Map<String, Value> =
            self.by_group().into_iter().map(|(group, counts)| (group.to_owned(), counts.json())).collect();
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|((group, format, kind), counts)| {
                json!({ "group": group, "format": format, "kind": kind, "counts": counts.json() })
            })
            .collect();
        json!({ "totals": totals, "kinds": kinds })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<8} {:<6} {:<28} {:>6}  {:>6} {:>6} {:>6}", "", "", "", "all", "right", "refus.", "wrong")?;
        for ((group, format, kind), counts) in &self.kinds {
            writeln!(f, "{group:<8} {format:<6} {kind:<28} {counts}")?;
        }
        writeln!(f)?;
        for (group, counts) in self.by_group() {
            writeln!(f, "{group:<44} {counts}")?;
        }
        Ok(())
    }
}

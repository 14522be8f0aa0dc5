//! The floors table: who may import whom.

use std::collections::BTreeMap;

use super::source::Source;

/// As it stands in the documentation of `src/lib.rs`; a test holds the two equal.
pub(crate) const FLOORS: &str = "\
| floor | rooms | may import |
|---|---|---|
| 8 | `main`, `lib` | `cli`, `run` |
| 7 | `run` | everything below |
| 6 | `jobs`, `apply` | `plan`, `ports`, `ledger` (apply only), `backlog`, `codebase`, `prompt`, `report`, `config`, `domain` |
| 5 | `ledger`, `adapters`, `codebase`, `cli` | `ports`, `plan`, `config`, `outcome`, `domain` |
| 4 | `ports` | `plan`, `domain` |
| 3 | `plan`, `backlog`, `prompt`, `report` | `config`, `domain` |
| 2 | `config`, `outcome`, `sandbox` | `domain` |
| 1 | `domain` | nothing |
";

/// Which rooms a room may import, by room.
#[derive(Debug)]
pub(crate) struct Floors(BTreeMap<String, Vec<String>>);

impl Floors {
    /// Reads the table. `(apply only)` behind a name means that the row's other rooms may not import it.
    pub(crate) fn parse(table: &str) -> Self {
        let rows: Vec<(Vec<String>, &str)> = table.lines().skip(2).map(row).collect();
        let mut allowed = BTreeMap::new();
        for (at, (rooms, imports)) in rows.iter().enumerate() {
            let below = || rows[at + 1..].iter().flat_map(|(rooms, _)| rooms.clone()).collect();
            for room in rooms {
                let may = if imports.trim() == "everything below" { below() } else { named(imports, room) };
                allowed.insert(room.clone(), may);
            }
        }
        Self(allowed)
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is wrong with the imports of one file: a sentence for each.
    pub(crate) fn violations(&self, source: &Source) -> Vec<String> {
        let room = source.room();
        let Some(may) = self.0.get(room) else {
            return vec![format!(
                "{}: `{room}` is not a room of the floors table; give it a floor or move the file",
                source.name
            )];
        };
        let mut found: Vec<String> = source
            .paths()
            .into_iter()
            .filter_map(|(line, path)| Some((line, path.first()?.clone())))
            .filter(|(_, target)| target != room && self.0.contains_key(target) && !may.contains(target))
            .map(|(line, target)| {
                let list = if may.is_empty() { "nothing".to_owned() } else { may.join(", ") };
                format!("{}:{line}: `{room}` imports `{target}`, but a floor imports only from below: `{room}` may import {list}", source.name)
            })
            .collect();
        found.dedup();
        found
    }
}

fn row(line: &str) -> (Vec<String>, &str) {
    let cells: Vec<_> = line.trim_matches('|').split('|').collect();
    let [_, rooms, imports] = cells[..] else { panic!("a row of the floors table has three cells: {line}") };
    (named(rooms, ""), imports)
}

/// Names in backticks; one followed by `(x only)` counts for `x` alone.
fn named(cell: &str, room: &str) -> Vec<String> {
    let parts = cell.split(',').map(str::trim);
    let chosen = parts.filter(|part| !part.ends_with("only)") || part.ends_with(&format!("({room} only)")));
    chosen.filter_map(|part| part.split('`').nth(1)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, text: &str) -> Vec<String> {
        Floors::parse(FLOORS).violations(&Source::new(name, text))
    }

    #[test]
    fn an_import_from_below_is_fine() {
        assert_eq!(
            wrong("src/jobs/merge/mod.rs", "use crate::{plan::Plan, ports::ForgeRead};\nuse super::shared::X;"),
            [""; 0]
        );
        assert_eq!(wrong("src/run.rs", "use crate::{jobs, adapters, sandbox, outcome};"), [""; 0]);
        assert_eq!(wrong("src/apply.rs", "use crate::ledger::Record;"), [""; 0]);
    }

    #[test]
    fn an_import_from_above_or_beside_is_named_with_the_rule() {
        assert_eq!(
            wrong("src/domain/issue.rs", "\nuse crate::config::Config;"),
            [
                "src/domain/issue.rs:2: `domain` imports `config`, but a floor imports only from below: `domain` may import nothing"
            ]
        );
        assert_eq!(
            wrong("src/sandbox/model.rs", "use crate::{domain::ids, adapters::model::Wire};"),
            [
                "src/sandbox/model.rs:1: `sandbox` imports `adapters`, but a floor imports only from below: `sandbox` may import domain"
            ]
        );
        assert_eq!(wrong("src/jobs/review/mod.rs", "use super::super::adapters::x;").len(), 1);
        assert_eq!(wrong("src/jobs/review/mod.rs", "use crate::ledger::Record;").len(), 1, "ledger is for apply only");
    }

    #[test]
    fn a_room_without_a_floor_is_named() {
        assert_eq!(
            wrong("src/utils.rs", ""),
            ["src/utils.rs: `utils` is not a room of the floors table; give it a floor or move the file"]
        );
    }
}

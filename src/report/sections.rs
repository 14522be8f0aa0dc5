//! The tables that several commands show: score, gates, checks, cost, settings.

use super::{Align, Column, Mark, Table, Text};
use crate::config::Setting;
use crate::domain::money::Usage;
use crate::domain::verification::{CheckResult, CheckStatus};

const fn left(name: &'static str) -> Column {
    Column { name, align: Align::Left }
}

const fn right(name: &'static str) -> Column {
    Column { name, align: Align::Right }
}

/// A term of an issue's score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRow<'a> {
    pub name: &'a str,
    pub value: f64,
    pub weight: f64,
    pub points: f64,
    /// May hold strangers' text.
    pub reason: &'a str,
}

/// Why an issue stands where it stands.
pub fn score(total: f64, rows: &[ScoreRow<'_>]) -> Table {
    let mut lines: Vec<Vec<Text>> = rows
        .iter()
        .map(|row| {
            vec![
                Text::ours(row.name),
                Text::ours(number(row.value)),
                Text::ours(number(row.weight)),
                Text::ours(number(row.points)),
                Text::theirs(row.reason),
            ]
        })
        .collect();
    lines.push(vec![
        Text::strong("score"),
        Text::default(),
        Text::default(),
        Text::strong(number(total)),
        Text::default(),
    ]);
    Table {
        columns: vec![left("term"), right("value"), right("weight"), right("points"), left("because")],
        rows: lines,
    }
}

/// One gate of a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateRow<'a> {
    pub name: &'a str,
    pub mark: Mark,
    pub expected: &'a str,
    pub actual: &'a str,
    pub hint: &'a str,
}

/// Every gate with what it wanted and what it saw.
pub fn gates(rows: &[GateRow<'_>]) -> Table {
    let row = |gate: &GateRow<'_>| {
        vec![
            Text::code(gate.name),
            Text::mark(gate.mark),
            Text::theirs(gate.expected),
            Text::theirs(gate.actual),
            Text::theirs(gate.hint),
        ]
    };
    Table {
        columns: vec![left("gate"), left("state"), left("expected"), left("actual"), left("what to do")],
        rows: rows.iter().map(row).collect(),
    }
}

/// The repository's own checks before and after the change, by name.
pub fn checks(before: &[CheckResult], after: &[CheckResult]) -> Table {
    let state = |result: Option<&CheckResult>| result.map_or_else(|| Text::ours("not run"), check_state);
    let mut names: Vec<&str> = after.iter().chain(before).map(|result| result.name.as_str()).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    let of = |results: &'_ [CheckResult], name: &str| results.iter().find(|result| result.name == name).cloned();
    let rows = names.into_iter().map(|name| {
        let after = of(after, name);
        let seconds = after.as_ref().map(|result| seconds(result.millis)).unwrap_or_default();
        vec![Text::code(name), state(of(before, name).as_ref()), state(after.as_ref()), Text::ours(seconds)]
    });
    Table { columns: vec![left("check"), left("before"), left("after"), right("seconds")], rows: rows.collect() }
}

fn check_state(result: &CheckResult) -> Text {
    match &result.status {
        CheckStatus::Passed => Text::mark(Mark::Passed),
        CheckStatus::Failed(Some(code)) => Text::mark(Mark::Failed).then(Text::ours(format!(" (exit code {code})"))),
        CheckStatus::Failed(None) => Text::mark(Mark::Failed).then(Text::ours(" (ended by a signal)")),
        CheckStatus::TimedOut => Text::mark(Mark::Failed).then(Text::ours(" (timed out)")),
        CheckStatus::CouldNotRun(reason) => {
            Text::mark(Mark::Failed).then(Text::ours(" (could not run: ")).then(Text::theirs(reason)).then(")".into())
        }
    }
}

/// Money and tokens by what they were spent on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostRow<'a> {
    pub what: &'a str,
    pub model: &'a str,
    pub usage: Usage,
}

/// What the models cost, with the sum where there is more than one line.
pub fn cost(rows: &[CostRow<'_>]) -> Table {
    let line = |what: Text, model: Text, usage: &Usage| {
        vec![
            what,
            model,
            Text::ours(usage.requests.to_string()),
            Text::ours(usage.input_tokens.to_string()),
            Text::ours(usage.cached_tokens.to_string()),
            Text::ours(usage.output_tokens.to_string()),
            Text::ours(usage.cost.to_string()),
        ]
    };
    let mut lines: Vec<Vec<Text>> =
        rows.iter().map(|row| line(Text::ours(row.what), Text::code(row.model), &row.usage)).collect();
    if rows.len() > 1 {
        let mut sum = Usage::default();
        for row in rows {
            sum += row.usage;
        }
        lines.push(line(Text::strong("together"), Text::default(), &sum));
    }
    Table {
        columns: vec![
            left("for"),
            left("model"),
            right("requests"),
            right("input tokens"),
            right("of these cached"),
            right("output tokens"),
            right("cost"),
        ],
        rows: lines,
    }
}

/// `config show`: every effective value and its source.
pub fn settings(settings: &[Setting]) -> Table {
    let row = |setting: &Setting| {
        let value = setting.value.as_str().map_or_else(|| setting.value.to_string(), str::to_owned);
        vec![Text::theirs(&setting.key), Text::theirs(value), Text::theirs(setting.source.to_string())]
    };
    Table { columns: vec![left("key"), left("value"), left("source")], rows: settings.iter().map(row).collect() }
}

/// At most two decimals, none where there are none.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn seconds(millis: u64) -> String {
    format!("{}.{}", millis / 1000, millis % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::super::terminal::{Colour, render};
    use super::super::{Report, summary};
    use super::*;
    use crate::config::{ConfigFile, Inputs, load};
    use crate::domain::money::Usd;

    fn text(table: Table) -> String {
        render(&Report::default().table(table), Colour::Off)
    }

    fn result(name: &str, status: CheckStatus, millis: u64) -> CheckResult {
        CheckResult { name: name.into(), status, output: String::new(), millis }
    }

    #[test]
    fn a_score_is_told_term_by_term() {
        let rows = [
            ScoreRow { name: "priority", value: 3.0, weight: 5.0, points: 15.0, reason: "high (label P1)" },
            ScoreRow { name: "age", value: 1.0 / 3.0, weight: 1.0, points: 1.0 / 3.0, reason: "30 days" },
        ];
        assert_eq!(
            summary::render(&Report::default().table(score(15.333, &rows))),
            "| term | value | weight | points | because |
|---|---:|---:|---:|---|
| priority | 3 | 5 | 15 | high (label P1) |
| age | 0.33 | 1 | 0.33 | 30 days |
| **score** |  |  | **15\\.33** |  |
"
        );
    }

    #[test]
    fn gates_show_what_they_wanted_and_what_they_saw() {
        let rows = [
            GateRow { name: "not-draft", mark: Mark::Passed, expected: "ready", actual: "ready", hint: "" },
            GateRow {
                name: "reviews",
                mark: Mark::NeedsHuman,
                expected: "no high finding",
                actual: "1 high finding",
                hint: "approve the pull request",
            },
        ];
        assert_eq!(
            text(gates(&rows)),
            "  gate       state          expected         actual          what to do
  not-draft  passed         ready            ready
  reviews    needs a human  no high finding  1 high finding  approve the pull request
"
        );
    }

    #[test]
    fn checks_are_compared_by_name() {
        let before = [result("test", CheckStatus::Failed(Some(1)), 900), result("old", CheckStatus::Passed, 10)];
        let after = [
            result("test", CheckStatus::Passed, 1_250),
            result("lint", CheckStatus::CouldNotRun("no such program".into()), 0),
            result("slow", CheckStatus::TimedOut, 600_000),
        ];
        assert_eq!(
            text(checks(&before, &after)),
            "  check  before                after                                    seconds
  test   failed (exit code 1)  passed                                       1.2
  lint   not run               failed (could not run: no such program)      0.0
  slow   not run               failed (timed out)                         600.0
  old    passed                not run
"
        );
    }

    #[test]
    fn costs_are_summed_exactly() {
        let usage = |cost| Usage { requests: 1, input_tokens: 1000, output_tokens: 50, cached_tokens: 200, cost };
        let rows = [
            CostRow { what: "engineer", model: "m", usage: usage(Usd(100_000)) },
            CostRow { what: "cto", model: "m", usage: usage(Usd(200_000)) },
        ];
        assert_eq!(
            text(cost(&rows)),
            "  for       model  requests  input tokens  of these cached  output tokens      cost
  engineer  m             1          1000              200             50  0.10 USD
  cto       m             1          1000              200             50  0.20 USD
  together                2          2000              400            100  0.30 USD
"
        );
    }

    #[test]
    fn settings_name_their_source() {
        let file = ConfigFile { name: ".autonomy/config.yaml", bytes: b"version: 1\nbudget: {task_usd: 2}\n" };
        let table = text(settings(&load(Some(file), &Inputs::default()).unwrap().settings));
        let lines: Vec<String> =
            table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(lines.contains(&"budget.task_usd 2 .autonomy/config.yaml:2".to_owned()), "{table}");
        assert!(lines.contains(&"merge.method squash default".to_owned()), "{table}");
    }
}

//! Results as reports, step outputs and exit codes.

use std::path::PathBuf;

use super::console::Console;
use super::implement::{self, RunResult};
use super::merge::MergeResult;
use super::outcome::{Ended, json};
use super::review::ReviewResult;
use crate::backlog::Candidate;
use crate::domain::finding::Finding;
use crate::domain::verification::{CheckResult, CheckStatus};
use crate::jobs::implement::{Compared, Pick, Progress};
use crate::outcome::{Exit, Failure, StepOutputs};
use crate::plan::Plan;
use crate::plan::guard::Held;
use crate::plan::verdict::{GateState, ReviewResult as Result_, ReviewVerdict, Verdict};
use crate::report::sections::{self, CostRow, GateRow, ScoreRow};
use crate::report::{Align, Column, Mark, Report, Table, Text};

/// One line of what the engineer is doing.
pub(super) fn progress(console: &Console, progress: &Progress) {
    let line = match progress {
        Progress::Check { name, before, passed, millis } => {
            let when = if *before { "before the change" } else { "on the change" };
            let how = if *passed { "passed" } else { "failed" };
            format!("  check {name} {when}: {how} ({millis} ms)")
        }
        Progress::Ranked { files, scanned } => format!("  looked at {scanned} files; likely: {}", files.join(", ")),
        Progress::Turn { number, of, usage } => format!("  turn {number} of {of} ({} so far)", usage.cost),
        Progress::Tool { name, detail, refused } => {
            let how = if *refused { " (refused)" } else { "" };
            format!("    {name} {}{how}", one_line(detail, 100))
        }
        Progress::Agent { attempt } => format!("  the agent is at work (attempt {attempt})"),
    };
    console.say(&line);
}

pub(super) fn run(result: &RunResult) -> Result<Ended, Failure> {
    let mut report = Report::default().line(Text::theirs(&result.reason));
    if let Some(Pick::Picked(picked)) = &result.pick {
        report = report.heading("Why this issue").table(score(&picked.candidate));
    }
    if let (Some(url), Some(title)) = (&result.pull_url, &result.title) {
        report = report.line(Text::theirs(title).then(Text::ours(" ")).then(Text::theirs(url)));
    }
    if !result.checks.is_empty() {
        report = report.heading("Checks").table(checks(&result.checks));
    }
    if let Some(reviewed) = &result.review {
        report = review_blocks(report, reviewed);
    }
    report = held_blocks(report, &result.held);
    if result.usage.requests > 0 {
        let row = CostRow { what: "this run", model: "", usage: result.usage };
        report = report.heading("Cost").table(sections::cost(&[row]));
    }
    report = plan_blocks(report, result.plan.as_ref(), result.plan_path.as_ref());
    report = report.line(requests(&result.requests));
    let mut ended = Ended::report("run", result.decision, &result.reason, report).with_json(result)?;
    ended.exit = implement::exit(result);
    let outputs = &mut ended.outputs;
    outputs.issue_number = match &result.pick {
        Some(Pick::Picked(picked)) => Some(picked.issue.number.0),
        _ => None,
    };
    outputs.pull_request_number = result.pull.map(|pull| pull.0);
    outputs.pull_request_url.clone_from(&result.pull_url);
    outputs.head_sha = result.head.as_ref().map(ToString::to_string);
    if let Some(reviewed) = &result.review {
        review_outputs(outputs, std::slice::from_ref(reviewed));
    }
    outputs.cost_usd = Some(result.usage.cost.dollars());
    outputs.tokens = Some(result.usage.tokens());
    outputs.plan_path = result.plan_path.as_ref().map(|path| path.display().to_string());
    Ok(ended)
}

pub(super) fn review(results: &[ReviewResult], plan: Option<(Plan, Option<PathBuf>)>) -> Result<Ended, Failure> {
    let blocked = results.iter().any(|result| result.should_block);
    let (decision, reason) = match results {
        [] => ("nothing", "no open pull request of ours: nothing to review".to_owned()),
        [one] => (if blocked { "not-passed" } else { "passed" }, one.reason.clone()),
        many => (if blocked { "not-passed" } else { "passed" }, format!("{} pull requests reviewed", many.len())),
    };
    let mut report = Report::default().line(Text::theirs(&reason));
    for one in results {
        report = review_blocks(report, one);
        report = held_blocks(report, &one.held);
    }
    let (plan, path) = plan.unzip();
    let path = path.flatten();
    report = plan_blocks(report, plan.as_ref(), path.as_ref());
    let mut ended = Ended::report("review", decision, &reason, report).with_json(
        &serde_json::json!({ "decision": decision, "reason": reason, "reviews": json(&results)?, "plan": plan }),
    )?;
    review_outputs(&mut ended.outputs, results);
    ended.outputs.cost_usd =
        Some(results.iter().map(|one| one.usage.cost).sum::<crate::domain::money::Usd>().dollars());
    ended.outputs.tokens = Some(results.iter().map(|one| one.usage.tokens()).sum());
    ended.outputs.plan_path = path.map(|path| path.display().to_string());
    Ok(ended)
}

pub(super) fn merge(
    results: &[MergeResult],
    plan: Option<(Plan, Option<PathBuf>)>,
    fail_on_refusal: bool,
) -> Result<Ended, Failure> {
    let (decision, reason) = match results {
        [] => ("nothing", "no open pull request of ours: nothing to merge".to_owned()),
        [one] => (one.decision, one.reason.clone()),
        many => {
            let merged = many.iter().filter(|one| one.decision == "merged").count();
            ("decided", format!("{merged} of {} pull requests merged", many.len()))
        }
    };
    let mut report = Report::default().line(Text::theirs(&reason));
    for one in results {
        report = report.heading(format!("Pull request #{}: {}", one.pull, one.decision)).table(gates(&one.verdict));
        report = held_blocks(report, &one.held);
    }
    let (plan, path) = plan.unzip();
    let path = path.flatten();
    report = plan_blocks(report, plan.as_ref(), path.as_ref());
    let mut ended = Ended::report("merge", decision, &reason, report).with_json(
        &serde_json::json!({ "decision": decision, "reason": reason, "verdicts": json(&results)?, "plan": plan }),
    )?;
    let refused = results.iter().any(|one| matches!(one.decision, "blocked" | "needs-human"));
    if refused && fail_on_refusal {
        ended.exit = Exit::Refused;
    }
    if let [one] = results {
        ended.outputs.pull_request_number = Some(one.pull.0);
        ended.outputs.pull_request_url = Some(one.pull_url.clone());
        ended.outputs.head_sha = Some(one.verdict.head.to_string());
    }
    ended.outputs.should_block = Some(results.iter().any(|one| one.verdict.state() != GateState::Passed));
    ended.outputs.plan_path = path.map(|path| path.display().to_string());
    Ok(ended)
}

pub(super) fn verdict_line(verdict: &ReviewVerdict) -> String {
    format!(
        "  {}: {}, score {}, {} of {} changed lines read, {} findings, {} dropped as ungrounded, {}",
        verdict.role.name(),
        result_word(verdict.result),
        verdict.score,
        verdict.coverage.reviewed,
        verdict.coverage.total,
        verdict.findings.len(),
        verdict.ungrounded,
        verdict.cost
    )
}

pub(super) fn gates(verdict: &Verdict) -> Table {
    let rows: Vec<GateRow<'_>> = verdict
        .gates
        .iter()
        .map(|gate| GateRow {
            name: &gate.name,
            mark: match gate.state {
                GateState::Passed => Mark::Passed,
                GateState::Waiting => Mark::Waiting,
                GateState::NeedsHuman => Mark::NeedsHuman,
                GateState::Blocked => Mark::Failed,
            },
            expected: &gate.expected,
            actual: &gate.actual,
            hint: &gate.hint,
        })
        .collect();
    sections::gates(&rows)
}

pub(super) fn score(candidate: &Candidate) -> Table {
    let rows: Vec<ScoreRow<'_>> = candidate
        .score
        .terms
        .iter()
        .map(|term| ScoreRow {
            name: term.name,
            value: term.value,
            weight: term.weight,
            points: term.points,
            reason: &term.reason,
        })
        .collect();
    sections::score(candidate.score.total, &rows)
}

pub(super) fn checks(compared: &[Compared]) -> Table {
    let result = |check: &Compared, status: &CheckStatus, millis: u64| CheckResult {
        name: check.name.clone(),
        status: status.clone(),
        output: String::new(),
        millis,
    };
    let before: Vec<CheckResult> = compared.iter().map(|check| result(check, &check.before, 0)).collect();
    let after: Vec<CheckResult> = compared.iter().map(|check| result(check, &check.after, check.millis)).collect();
    sections::checks(&before, &after)
}

fn review_blocks(report: Report, reviewed: &ReviewResult) -> Report {
    let left = |name| Column { name, align: Align::Left };
    let right = |name| Column { name, align: Align::Right };
    let rows = reviewed.verdicts.iter().map(|verdict| {
        vec![
            Text::ours(verdict.role.name()),
            Text::mark(match verdict.result {
                Result_::Passed => Mark::Passed,
                Result_::NeedsHuman => Mark::NeedsHuman,
                Result_::Blocked | Result_::Incomplete => Mark::Failed,
            }),
            Text::ours(verdict.score.to_string()),
            Text::ours(format!("{} of {}", verdict.coverage.reviewed, verdict.coverage.total)),
            Text::ours(verdict.findings.len().to_string()),
            Text::ours(verdict.ungrounded.to_string()),
            Text::ours(verdict.cost.to_string()),
        ]
    });
    let table = Table {
        columns: vec![
            left("reviewer"),
            left("verdict"),
            right("score"),
            right("lines read"),
            right("findings"),
            right("dropped"),
            right("cost"),
        ],
        rows: rows.collect(),
    };
    let report = report
        .heading(format!("Review of pull request #{} at {}", reviewed.pull, reviewed.head.short()))
        .line(Text::theirs(&reviewed.reason));
    let report = if table.rows.is_empty() { report } else { report.table(table) };
    if reviewed.findings.is_empty() { report } else { report.list(reviewed.findings.iter().map(finding).collect()) }
}

fn finding(finding: &Finding) -> Text {
    Text::strong(finding.severity.name())
        .then(Text::ours(format!(" ({}) ", finding.role.name())))
        .then(Text::theirs(&finding.title))
        .then(Text::ours(" "))
        .then(Text::code(format!("{}:{}", finding.path, finding.line)))
}

fn held_blocks(report: Report, held: &[Held]) -> Report {
    if held.is_empty() {
        return report;
    }
    let items =
        held.iter().map(|held| Text::code(held.action.name()).then(Text::theirs(format!(" {}", held.action.key()))));
    report.heading("Waiting for a human, by the policy").list(items.collect())
}

fn plan_blocks(report: Report, plan: Option<&Plan>, path: Option<&PathBuf>) -> Report {
    let Some(plan) = plan else { return report };
    let items = plan
        .actions
        .iter()
        .map(|action| Text::code(action.name()).then(Text::theirs(format!(" {}", action.key()))))
        .collect();
    let report = report.heading("Planned, not done").list(items);
    match path {
        Some(path) => report
            .line(Text::ours("Saved; perform it with ").then(Text::code(format!("autonomy apply {}", path.display())))),
        None => report,
    }
}

fn requests(routes: &std::collections::BTreeMap<String, u64>) -> Text {
    let total: u64 = routes.values().sum();
    let writes: u64 = routes.iter().filter(|(route, _)| !route.starts_with("GET ")).map(|(_, count)| count).sum();
    Text::ours(format!("{total} requests to GitHub, {writes} of them not GET."))
}

fn review_outputs(outputs: &mut StepOutputs, results: &[ReviewResult]) {
    outputs.should_block = Some(results.iter().any(|one| one.should_block));
    outputs.issues_created = Some(results.iter().map(|one| one.issues.len() as u64).sum());
    outputs.vulnerabilities_found = Some(results.iter().map(|one| one.vulnerabilities).sum());
    outputs.score = results.iter().filter_map(|one| one.score).min().map(u64::from);
    if let [one] = results {
        outputs.pull_request_number = Some(one.pull.0);
        outputs.pull_request_url = Some(one.pull_url.clone());
        outputs.head_sha = Some(one.head.to_string());
    }
}

fn result_word(result: Result_) -> &'static str {
    match result {
        Result_::Passed => "passed",
        Result_::Blocked => "blocked",
        Result_::NeedsHuman => "needs a human",
        Result_::Incomplete => "incomplete",
    }
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most { line } else { line.chars().take(most).chain("…".chars()).collect() }
}

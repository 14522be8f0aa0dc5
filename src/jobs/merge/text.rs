//! What people read of a verdict: the check run's title and table, and the words of the merge commit.

use std::fmt::Write as _;

use super::facts::Facts;
use crate::config::Mode;
use crate::domain::pull::Pull;
use crate::plan::policy::Ruling;
use crate::plan::verdict::{Gate, GateState, Verdict};

/// The beginning of every check name of ours.
pub(super) const CHECK_PREFIX: &str = "autonomy / ";
pub(super) const CHECK_NAME: &str = "autonomy / merge";

/// One line: what it comes to.
pub(super) fn title(verdict: &Verdict, ruling: &Ruling) -> String {
    let failed: Vec<&str> = verdict.failed().map(|gate| gate.name.as_str()).collect();
    match verdict.state() {
        GateState::Passed if ruling.mode == Mode::Auto => "every gate passed: merging".to_owned(),
        GateState::Passed => "every gate passed: a person may merge it".to_owned(),
        GateState::Waiting => format!("waiting for {}", failed.join(", ")),
        GateState::NeedsHuman => format!("a person must decide: {}", failed.join(", ")),
        GateState::Blocked => format!("not merged: {}", failed.join(", ")),
    }
}

/// The gates that stand in the way, worst first; those that passed are folded away.
pub(super) fn summary(verdict: &Verdict, ruling: &Ruling) -> String {
    let mut text = format!("Head `{}`, base `{}`.\n", verdict.head.short(), verdict.base.short());
    let (passed, mut open): (Vec<&Gate>, Vec<&Gate>) =
        verdict.gates.iter().partition(|gate| gate.state == GateState::Passed);
    open.sort_by_key(|gate| std::cmp::Reverse(gate.state));
    if !open.is_empty() {
        text.push_str("\n| | gate | expected | actual | what to do |\n|---|---|---|---|---|\n");
        for gate in open {
            let (name, expected) = (cell(&gate.name), cell(&gate.expected));
            let (actual, hint) = (cell(&gate.actual), cell(&gate.hint));
            // Writing to a string does not fail.
            let _ = writeln!(text, "| {} | {name} | {expected} | {actual} | {hint} |", mark(gate.state));
        }
    }
    if !passed.is_empty() {
        let _ =
            writeln!(text, "\n<details><summary>{} of {} gates passed</summary>\n", passed.len(), verdict.gates.len());
        text.push_str("| gate | expected | actual |\n|---|---|---|\n");
        for gate in passed {
            let _ = writeln!(text, "| {} | {} | {} |", cell(&gate.name), cell(&gate.expected), cell(&gate.actual));
        }
        text.push_str("\n</details>\n");
    }
    if ruling.mode != Mode::Auto {
        let _ = writeln!(
            text,
            "\nThe policy (rule `{}`) leaves the merge to a person. `actions: {{ pr.merge: {{ mode: auto }} }}` in the \
             configuration on the default branch changes that.",
            cell(&ruling.rule)
        );
    }
    text
}

fn mark(state: GateState) -> &'static str {
    match state {
        GateState::Passed => "passed",
        GateState::Waiting => "**waiting**",
        GateState::NeedsHuman => "**needs a person**",
        GateState::Blocked => "**blocked**",
    }
}

/// Names of checks, labels and paths come from others: they stay inside their cell and make no markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(300) {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A zero-width space keeps names from being called.
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// `{title} (#N)`, as GitHub itself would write it.
pub(super) fn commit_title(pull: &Pull) -> String {
    format!("{} (#{})", pull.title.trim(), pull.number)
}

/// The trailers by which the merge is found again and the issue closed.
pub(super) fn commit_message(facts: &Facts) -> String {
    let mut text = format!("Reviewed-Head: {}\n", facts.pull.head.sha);
    if let Some(opened) = &facts.ledger.opened {
        let _ = writeln!(text, "Fixes #{}", opened.issue);
    }
    text
}

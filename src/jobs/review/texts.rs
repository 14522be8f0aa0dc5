//! Every sentence of a review that leaves, as a named function. Untrusted words pass `report::markdown`.

use super::gather::Facts;
use super::lens::Lens;
use super::verdict::RoleReview;
use crate::domain::finding::{Finding, Severity};
use crate::plan::verdict::ReviewResult;
use crate::report::markdown::{block, cell, code, count, fenced, inline, plain};

/// Findings that a comment lists.
const LISTED: usize = 10;

/// A review as it is told on the pull request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) review: &'a RoleReview,
    /// Findings that may be told, worst first.
    pub(super) shown: &'a [&'a Finding],
    /// Findings that are reported privately instead.
    pub(super) withheld: u64,
    /// Some reviewer's finding is private, so no model's free words are told.
    pub(super) quiet: bool,
    pub(super) filed: u64,
    pub(super) known: u64,
    pub(super) beyond: u64,
}

/// `CTO review: passed`.
pub(super) fn heading(told: &Told<'_>) -> String {
    format!("{} review: {}", told.review.lens.name, word(told.review.verdict.result))
}

pub(super) fn word(result: ReviewResult) -> &'static str {
    match result {
        ReviewResult::Passed => "passed",
        ReviewResult::Blocked => "blocked",
        ReviewResult::NeedsHuman => "a person must decide",
        ReviewResult::Incomplete => "incomplete",
    }
}

/// The sticky comment of one reviewer.
pub(super) fn comment(told: &Told<'_>) -> String {
    format!("### {}\n\n{}", heading(told), details(told))
}

/// The title of the check run.
pub(super) fn check_title(told: &Told<'_>) -> String {
    let verdict = &told.review.verdict;
    format!(
        "{}: score {}, {} of {} changed lines read",
        word(verdict.result),
        verdict.score,
        verdict.coverage.reviewed,
        verdict.coverage.total
    )
}

/// The summary of the check run, and the comment without its heading.
pub(super) fn details(told: &Told<'_>) -> String {
    let review = told.review;
    let verdict = &review.verdict;
    let mut parts = Vec::new();
    if !told.quiet {
        let words: Vec<String> = review.summaries.iter().take(3).map(|words| inline(words, 600)).collect();
        parts.push(words.join("\n\n"));
    }
    parts.push(format!(
        "**Score {} of 100** · **{} of {} changed lines read** · commit {}",
        verdict.score,
        verdict.coverage.reviewed,
        verdict.coverage.total,
        code(verdict.head.short(), 10)
    ));
    parts.push(table(told.shown));
    parts.push(notes(told));
    parts.push(format!("**How to proceed:** {}", proceed(review)));
    if !verdict.model.is_empty() {
        parts.push(format!("<sub>{} · {}</sub>", inline(&verdict.model, 80), verdict.cost));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn table(findings: &[&Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let row = |finding: &&Finding| {
        format!(
            "| {} | {} | {} |",
            finding.severity.name(),
            cell(&finding.title, 160),
            code(&format!("{}:{}", finding.path, finding.line), 120)
        )
    };
    let rows: Vec<String> = findings.iter().take(LISTED).map(row).collect();
    let more = match findings.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\n\n{} not listed here.", count(more as u64, "more finding is", "more findings are")),
    };
    format!("| Severity | Finding | Where |\n|---|---|---|\n{}{more}", rows.join("\n"))
}

fn notes(told: &Told<'_>) -> String {
    let mut notes = Vec::new();
    let mut note = |number: u64, one: &str, many: &str, rest: &str| {
        if number > 0 {
            notes.push(format!("- {} {rest}.", count(number, one, many)));
        }
    };
    note(told.withheld, "finding is", "findings are", "not told here: this repository is public");
    note(told.filed, "finding goes", "findings go", "to issues that wait for approval");
    note(told.known, "finding was", "findings were", "filed before and is not filed again");
    note(told.beyond, "finding is", "findings are", "not filed: `review.max_new_issues` is reached");
    note(
        told.review.verdict.ungrounded,
        "finding was",
        "findings were",
        "dropped: the quoted words do not stand in the change",
    );
    if let Some(first) = told.review.binary.first() {
        let rest = match told.review.binary.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        notes.push(format!("- Binary, so only a person can judge it: {}{rest}.", code(first, 120)));
    }
    notes.join("\n")
}

/// What a person can do now.
fn proceed(review: &RoleReview) -> String {
    match review.verdict.result {
        ReviewResult::Passed => {
            "nothing is needed. The verdict is for this commit only; a push is reviewed anew.".into()
        }
        ReviewResult::Blocked => "fix the critical findings and push. A critical finding is never merged.".into(),
        ReviewResult::NeedsHuman if review.findings.iter().any(|finding| finding.severity == Severity::High) => {
            "fix the high findings and push, or approve this pull request at this commit.".into()
        }
        ReviewResult::NeedsHuman => "look at the binary files and approve this pull request at this commit.".into(),
        ReviewResult::Incomplete => {
            let problems: Vec<String> = review.problems.iter().map(|problem| inline_with_code(problem)).collect();
            format!("this is no pass. {}.", problems.join(". "))
        }
    }
}

/// Our own sentences carry `code`; what they quote is untrusted.
fn inline_with_code(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        let inner = if at % 2 == 1 { code(part, 120) } else { inline_keeping_ends(part) };
        out.push_str(&inner);
    }
    let mut chars = out.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn inline_keeping_ends(part: &str) -> String {
    let space = |is: bool| if is { " " } else { "" };
    let inner = inline(part, 400);
    if inner.is_empty() {
        return space(!part.is_empty()).into();
    }
    format!("{}{inner}{}", space(part.starts_with(' ')), space(part.ends_with(' ')))
}

/// The title of a filed issue or advisory.
pub(super) fn issue_title(lens: &Lens, finding: &Finding) -> String {
    format!("{} {}", lens.title_prefix, plain(&finding.title, 200))
}

/// The body of a filed issue.
pub(super) fn issue_body(facts: &Facts, lens: &Lens, finding: &Finding) -> String {
    format!(
        "{}\n\n{}",
        finding_body(facts, lens, finding),
        "**What next:** this waits for the product owner. Comment `/approve` (or label it `roadmap`) to have it implemented; \
         comment `/reject` with a reason, or close it: it is not filed again unless the code changes."
    )
}

/// The description of a private advisory.
pub(super) fn advisory_body(facts: &Facts, lens: &Lens, finding: &Finding) -> String {
    format!(
        "{}\n\n{}",
        finding_body(facts, lens, finding),
        "**What next:** this is a private draft, seen by maintainers only. Fix it in the pull request before it is merged, \
         then close the draft; publish it if a released version is affected."
    )
}

fn finding_body(facts: &Facts, lens: &Lens, finding: &Finding) -> String {
    let head = &facts.pull.head.sha;
    let lines = if finding.end_line > finding.line {
        format!("L{}-L{}", finding.line, finding.end_line)
    } else {
        format!("L{}", finding.line)
    };
    let link = format!("{}/blob/{head}/{}#{lines}", facts.repository.url, encode(&finding.path));
    let place = code(&format!("{}:{}", finding.path, finding.line), 200);
    let confidence = finding.confidence * 100.0;
    [
        block(&finding.explanation, 3_000),
        format!("**Where:** [{place}]({link}) in pull request #{}, at {}", facts.pull.number, code(head.short(), 10)),
        fenced(&finding.quote, "", 1_500),
        format!("**Suggestion:** {}", block(&finding.suggestion, 3_000)),
        format!(
            "Severity **{}** · {} · confidence {confidence:.0} % · found by the {} review",
            finding.severity.name(),
            inline(&finding.category, 60),
            lens.name
        ),
    ]
    .join("\n\n")
}

/// The title of an issue that tells nothing.
pub(super) fn redacted_title(facts: &Facts, lens: &Lens, finding: &Finding) -> String {
    format!(
        "{} A finding of severity {} in pull request #{} (details withheld)",
        lens.title_prefix,
        finding.severity.name(),
        facts.pull.number
    )
}

/// The body of an issue that tells nothing.
pub(super) fn redacted_body(facts: &Facts, lens: &Lens, finding: &Finding) -> String {
    format!(
        "The {} review of pull request #{} at {} found a problem of severity **{}**. This repository is public, and the token may \
         not use private security advisories, so nothing more is written here.\n\n\
         **To see it:** let a GitHub App run this with the permission *Repository security advisories: write*. The review after \
         the next push then reports it in a private advisory.\n\n\
         **What next:** this waits for the product owner. Fix it in the pull request, then close this issue.",
        lens.name,
        facts.pull.number,
        code(facts.pull.head.sha.short(), 10),
        finding.severity.name()
    )
}

/// Title and summary of the check run on a pull request from a fork.
pub(super) fn fork_check(lens: &Lens) -> (String, String) {
    (
        "not reviewed: the change comes from a fork".into(),
        format!(
            "The {} review reads pull requests of this repository's own branches only. A person reviews this one; nothing of it \
             was run and no model was asked.",
            lens.name
        ),
    )
}

/// A path in a URL, byte by byte.
fn encode(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

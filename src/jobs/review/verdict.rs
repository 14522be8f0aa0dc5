//! What a reviewer's answers come to: one verdict on one commit.

use super::ask::Said;
use super::diff::{Content, FileDiff};
use super::gather::Facts;
use super::ground::{self, Grounded};
use super::lens::Lens;
use crate::domain::finding::{Finding, Severity};
use crate::domain::ids::Digest;
use crate::domain::money::Usage;
use crate::plan::verdict::{Coverage, ReviewResult, ReviewVerdict};

/// One reviewer's review, judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoleReview {
    pub(super) lens: Lens,
    pub(super) verdict: ReviewVerdict,
    /// The model's own words, one for each part of the change.
    pub(super) summaries: Vec<String>,
    /// Grounded, worst first.
    pub(super) findings: Vec<Finding>,
    /// Why the review is incomplete; empty when it is not.
    pub(super) problems: Vec<String>,
    /// Binary files: only a person can judge them.
    pub(super) binary: Vec<String>,
    pub(super) usage: Usage,
}

/// Judges what a reviewer said. Nothing that is missing, cut or unreadable ever passes.
pub(super) fn judge(lens: &Lens, facts: &Facts, said: Said, policy: &Digest) -> RoleReview {
    let Grounded { findings, ungrounded } = ground::ground(lens.role, said.claims, &facts.files);
    let coverage = Coverage { reviewed: said.reviewed, total: facts.total_units() };
    let problems = problems(facts, said.problem, coverage);
    let binary: Vec<String> =
        facts.files.iter().filter(|file| file.content == Content::Binary).map(|file| file.path.clone()).collect();
    let worst = findings.iter().map(|finding| finding.severity).max();
    let result = if !problems.is_empty() || !coverage.is_full() {
        ReviewResult::Incomplete
    } else if worst == Some(Severity::Critical) {
        ReviewResult::Blocked
    } else if worst == Some(Severity::High) || !binary.is_empty() {
        ReviewResult::NeedsHuman
    } else {
        ReviewResult::Passed
    };
    let verdict = ReviewVerdict {
        pull: facts.pull.number,
        role: lens.role,
        head: facts.pull.head.sha.clone(),
        base: facts.pull.base.sha.clone(),
        diff: facts.digest.clone(),
        policy: policy.clone(),
        result,
        score: said.score.unwrap_or(0),
        coverage,
        findings: findings.iter().map(|finding| finding.severity).collect(),
        ungrounded,
        model: said.model,
        cost: said.usage.cost,
    };
    RoleReview { lens: *lens, verdict, summaries: said.summaries, findings, problems, binary, usage: said.usage }
}

fn problems(facts: &Facts, said: Option<String>, coverage: Coverage) -> Vec<String> {
    let mut problems = Vec::new();
    if !facts.complete {
        problems.push("GitHub does not list all files of this change; split it".to_owned());
    }
    if facts.files.is_empty() {
        problems.push("the change has no files".to_owned());
    }
    let unreadable = |file: &&FileDiff| matches!(file.content, Content::Unreadable(_));
    if let Some(file) = facts.files.iter().find(unreadable) {
        problems.push(format!("`{}` could not be read", file.path));
    }
    let explained = said.is_some() || !problems.is_empty();
    problems.extend(said);
    if !explained && !coverage.is_full() {
        problems.push("lines that are too long to show were not read".to_owned());
    }
    problems
}

//! The score of an issue, term by term: 5·priority + 3·sprint + 1·age − 100·blocked with the standard weights.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Facts, sprint};
use crate::config::Weights;
use crate::domain::issue::Issue;

/// Days after which an issue gets no older.
const FULL_AGE_DAYS: f64 = 90.0;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub total: f64,
    pub terms: Vec<Term>,
}

impl Score {
    /// The value of a term before its weight; 0 for a name that does not exist.
    pub fn value(&self, name: &str) -> f64 {
        self.terms.iter().find(|term| term.name == name).map_or(0.0, |term| term.value)
    }
}

/// `points = value · weight`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    pub name: &'static str,
    pub value: f64,
    pub weight: f64,
    pub points: f64,
    /// Where the value comes from, in words. May hold untrusted text (a milestone's title).
    pub reason: String,
}

pub fn score(issue: &Issue, facts: &Facts, weights: &Weights, now: DateTime<Utc>) -> Score {
    let term = |name, weight: f64, (value, reason): (f64, String)| Term {
        name,
        value,
        weight,
        // Zero times a negative weight would be shown as -0.
        points: value * weight + 0.0,
        reason,
    };
    let terms = vec![
        term("priority", weights.priority, priority(issue, &facts.labels.priority_prefix)),
        term("sprint", weights.sprint, sprint::value(issue, &facts.upcoming, now)),
        term("age", weights.age, age(issue, now)),
        term("blocked", weights.blocked, blocked(issue)),
    ];
    Score { total: terms.iter().map(|term| term.points).sum(), terms }
}

/// The highest of the issue's priority labels counts. GitHub takes labels without case, and so do we.
fn priority(issue: &Issue, prefix: &str) -> (f64, String) {
    let levels = [("critical", "P0", 4.0), ("high", "P1", 3.0), ("medium", "P2", 2.0), ("low", "P3", 1.0)];
    for (name, alias, value) in levels {
        for label in [format!("{prefix}{name}"), alias.to_owned()] {
            if issue.has_label(&label) {
                return (value, format!("{name} (label {label})"));
            }
        }
    }
    (0.0, "no priority label".to_owned())
}

fn age(issue: &Issue, now: DateTime<Utc>) -> (f64, String) {
    let seconds = now.signed_duration_since(issue.created_at).num_seconds().max(0);
    #[expect(clippy::cast_precision_loss, reason = "seconds of an issue's life stay far below 2^53")]
    let days = seconds as f64 / 86_400.0;
    let whole = seconds / 86_400;
    ((days / FULL_AGE_DAYS).min(1.0), format!("{whole} {}", if whole == 1 { "day" } else { "days" }))
}

fn blocked(issue: &Issue) -> (f64, String) {
    match issue.open_blockers {
        Some(0) => (0.0, "no open blocker".to_owned()),
        Some(1) => (1.0, "1 open blocker".to_owned()),
        Some(count) => (1.0, format!("{count} open blockers")),
        None => (0.0, "no blocker known".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::test_issue::{at, issue};
    use super::*;
    use crate::config::{Config, Labels};
    use crate::domain::issue::Milestone;

    #[test]
    fn the_formula_is_the_published_one() {
        let mut one = issue(1);
        one.labels.push("Priority-High".into());
        one.milestone = Some(Milestone { title: "S1".into(), due: Some(at(3)) });
        one.created_at = at(-45);
        one.open_blockers = Some(2);
        let facts = Facts::new(&Labels::default(), std::slice::from_ref(&one), BTreeMap::new(), at(0));
        let score = score(&one, &facts, &Config::defaults().backlog.weights, at(0));
        let points: Vec<f64> = score.terms.iter().map(|term| term.points).collect();
        assert_eq!(points, [15.0, 3.0, 0.5, -100.0]);
        assert!((score.total - -81.5).abs() < 1e-9);
        let reasons: Vec<&str> = score.terms.iter().map(|term| term.reason.as_str()).collect();
        assert_eq!(reasons, ["high (label priority-high)", "current milestone S1", "45 days", "2 open blockers"]);
    }

    #[test]
    fn the_highest_priority_label_counts_and_names_are_configurable() {
        let mut one = issue(1);
        one.labels = vec!["p3".into(), "P1".into()];
        assert_eq!(priority(&one, "priority-").0.to_bits(), 3.0_f64.to_bits());
        one.labels = vec!["prio/critical".into()];
        assert_eq!(priority(&one, "prio/").1, "critical (label prio/critical)");
        assert_eq!(priority(&one, "priority-").1, "no priority label");
    }

    #[test]
    fn an_issue_from_the_future_has_no_age() {
        let mut one = issue(1);
        one.created_at = at(5);
        assert_eq!(age(&one, at(0)), (0.0, "0 days".to_owned()));
    }
}

//! Which issue is next, and why: eligibility, score, order, explanation. Pure.
//!
//! Picking decides on more than this: whether the approval covers the issue's present text is asked of the forge, for the
//! candidates in the order given here.

mod branch;
pub mod explain;
mod score;
mod sprint;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use branch::branch_name;
pub use score::{Score, Term, score};
pub use sprint::Sprint;

use crate::config::{Labels, Weights};
use crate::domain::ids::IssueNumber;
use crate::domain::issue::Issue;

/// What eligibility and score need to know besides the issue itself.
#[derive(Debug, Clone)]
pub struct Facts {
    pub labels: Labels,
    /// Issues with unfinished automated work, and what that work is, such as "pull request #7".
    pub live: BTreeMap<IssueNumber, String>,
    /// Due dates of the open milestones that have not passed, sorted, each once.
    upcoming: Vec<DateTime<Utc>>,
}

impl Facts {
    /// Milestones are known through the issues that carry them; pass every open issue that was read.
    pub fn new(labels: &Labels, issues: &[Issue], live: BTreeMap<IssueNumber, String>, now: DateTime<Utc>) -> Self {
        Self { labels: labels.clone(), live, upcoming: sprint::upcoming(issues, now) }
    }
}

/// Why an issue is not up for picking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ineligible {
    Closed,
    /// It does not carry the label that approves it.
    NotApproved {
        label: String,
    },
    /// It carries a label that keeps it out.
    Excluded {
        label: String,
    },
    Assigned {
        to: Vec<String>,
    },
    /// Automated work on it is under way.
    LiveWork {
        what: String,
    },
}

impl fmt::Display for Ineligible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it is closed"),
            Self::NotApproved { label } => write!(f, "it has no label {label}"),
            Self::Excluded { label } => write!(f, "it has the label {label}"),
            Self::Assigned { to } => write!(f, "it is assigned to {}", to.join(", ")),
            Self::LiveWork { what } => write!(f, "it is worked on: {what}"),
        }
    }
}

/// All reasons that keep the issue out; none means it may be picked.
///
/// `autonomy:failed` keeps it out too, until somebody takes the label away: otherwise every run would try the same issue again.
/// An open blocker does not keep an issue out, it weighs in the score.
pub fn eligible(issue: &Issue, facts: &Facts) -> Result<(), Vec<Ineligible>> {
    let labels = &facts.labels;
    let mut reasons = Vec::new();
    if !issue.open {
        reasons.push(Ineligible::Closed);
    }
    if !issue.has_label(&labels.roadmap) {
        reasons.push(Ineligible::NotApproved { label: labels.roadmap.clone() });
    }
    for label in [&labels.suggestion, &labels.needs_approval, &labels.blocked, &labels.hold, &labels.failed] {
        if issue.has_label(label) {
            reasons.push(Ineligible::Excluded { label: label.clone() });
        }
    }
    if !issue.assignees.is_empty() {
        reasons.push(Ineligible::Assigned { to: issue.assignees.clone() });
    }
    if let Some(what) = facts.live.get(&issue.number) {
        reasons.push(Ineligible::LiveWork { what: what.clone() });
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// The whole backlog in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// By number.
    pub excluded: Vec<Excluded>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    pub number: IssueNumber,
    /// Untrusted.
    pub title: String,
    pub created_at: DateTime<Utc>,
    pub pin: Pin,
    pub score: Score,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    None,
    Pinned,
    /// A pin does not lift what is blocked.
    Waits,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Excluded {
    pub number: IssueNumber,
    /// Untrusted.
    pub title: String,
    pub reasons: Vec<Ineligible>,
}

impl Ranking {
    pub fn next(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

/// Pinned issues first, then by score, then the older, then the lower number.
pub fn order(issues: &[Issue], facts: &Facts, weights: &Weights, now: DateTime<Utc>) -> Ranking {
    let mut ranking = Ranking { candidates: Vec::new(), excluded: Vec::new() };
    for issue in issues {
        let (number, title) = (issue.number, issue.title.clone());
        if let Err(reasons) = eligible(issue, facts) {
            ranking.excluded.push(Excluded { number, title, reasons });
            continue;
        }
        let pin = match issue.has_label(&facts.labels.pinned) {
            true if issue.open_blockers.unwrap_or_default() > 0 => Pin::Waits,
            true => Pin::Pinned,
            false => Pin::None,
        };
        let score = score(issue, facts, weights, now);
        ranking.candidates.push(Candidate { number, title, created_at: issue.created_at, pin, score });
    }
    ranking.candidates.sort_by(|a, b| {
        (b.pin == Pin::Pinned)
            .cmp(&(a.pin == Pin::Pinned))
            .then(b.score.total.total_cmp(&a.score.total))
            .then(a.created_at.cmp(&b.created_at))
            .then(a.number.cmp(&b.number))
    });
    ranking.excluded.sort_by_key(|excluded| excluded.number);
    ranking
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::test_issue::{at, issue};
    use super::*;
    use crate::config::Config;
    use crate::domain::issue::Milestone;

    fn facts(issues: &[Issue]) -> Facts {
        Facts::new(&Labels::default(), issues, BTreeMap::new(), at(0))
    }

    fn weights() -> Weights {
        Config::defaults().backlog.weights
    }

    fn numbers(issues: &[Issue]) -> Vec<u64> {
        let ranking = order(issues, &facts(issues), &weights(), at(0));
        ranking.candidates.iter().map(|candidate| candidate.number.0).collect()
    }

    #[test]
    fn every_reason_against_an_issue_is_told() {
        let mut bad = issue(1);
        bad.open = false;
        bad.labels = vec!["needs-approval".into(), "Agent-Suggestion".into(), "blocked".into(), "autonomy:hold".into()];
        bad.assignees = vec!["ada".into()];
        let mut facts = facts(&[]);
        facts.live.insert(IssueNumber(1), "pull request #7".into());
        let reasons: Vec<String> = eligible(&bad, &facts).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            reasons,
            [
                "it is closed",
                "it has no label roadmap",
                "it has the label agent-suggestion",
                "it has the label needs-approval",
                "it has the label blocked",
                "it has the label autonomy:hold",
                "it is assigned to ada",
                "it is worked on: pull request #7",
            ]
        );
        assert_eq!(eligible(&issue(2), &facts), Ok(()));
    }

    #[test]
    fn what_failed_waits_for_somebody_to_take_the_label_away() {
        let mut failed = issue(1);
        failed.labels.push("autonomy:failed".into());
        assert_eq!(eligible(&failed, &facts(&[])), Err(vec![Ineligible::Excluded { label: "autonomy:failed".into() }]));
    }

    #[test]
    fn priority_beats_sprint_beats_age() {
        let mut old = issue(1);
        old.created_at = at(-900);
        let mut sprint = issue(2);
        sprint.milestone = Some(Milestone { title: "S1".into(), due: Some(at(5)) });
        let mut low = issue(3);
        low.labels.push("priority-low".into());
        let mut urgent = issue(4);
        urgent.labels.push("P0".into());
        assert_eq!(numbers(&[old, sprint, low, urgent]), [4, 3, 2, 1]);
    }

    #[test]
    fn a_pin_goes_first_unless_its_issue_is_blocked() {
        let mut urgent = issue(1);
        urgent.labels.push("priority-critical".into());
        let mut pinned = issue(2);
        pinned.labels.push("pinned".into());
        let mut waiting = issue(3);
        waiting.labels.push("pinned".into());
        waiting.open_blockers = Some(1);
        assert_eq!(numbers(&[urgent, waiting, pinned]), [2, 1, 3]);
    }

    #[test]
    fn ties_go_to_the_older_then_to_the_lower_number() {
        let mut older = issue(9);
        older.created_at = at(-400);
        let mut same = issue(5);
        same.created_at = at(-300);
        let mut twin = issue(4);
        twin.created_at = at(-300);
        assert_eq!(numbers(&[same, twin, older]), [9, 4, 5]);
    }

    prop_compose! {
        fn any_issue()(
            number in 1u64..500,
            age in 0i64..1000,
            labels in proptest::collection::vec(
                prop_oneof!["pinned", "P0", "p1", "priority-medium", "P3", "bug"], 0..3),
            due in proptest::option::of(-40i64..80),
            blockers in proptest::option::of(0u64..3),
        ) -> Issue {
            let mut issue = issue(number);
            issue.created_at = at(-age);
            issue.labels.extend(labels);
            issue.milestone = due.map(|days| Milestone { title: format!("due {days}"), due: Some(at(days)) });
            issue.open_blockers = blockers;
            issue
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_does_not_depend_on_the_order_given(
            mut issues in proptest::collection::vec(any_issue(), 0..12).prop_shuffle()
        ) {
            issues.sort_by_key(|issue| issue.number);
            issues.dedup_by_key(|issue| issue.number);
            let first = numbers(&issues);
            issues.reverse();
            prop_assert_eq!(first, numbers(&issues));
        }

        #[test]
        fn pins_go_first_and_blocked_issues_last(issues in proptest::collection::vec(any_issue(), 1..12)) {
            let ranking = order(&issues, &facts(&issues), &weights(), at(0));
            let is_blocked = |candidate: &Candidate| candidate.score.value("blocked") > 0.0;
            let groups: Vec<u8> = ranking.candidates.iter().map(|candidate| match candidate.pin {
                Pin::Pinned => 0,
                _ if is_blocked(candidate) => 2,
                _ => 1,
            }).collect();
            prop_assert!(groups.is_sorted(), "{groups:?}");
        }

        #[test]
        fn waiting_longer_never_costs_a_place(mut one in any_issue(), more in 0i64..400) {
            let before = score(&one, &facts(&[]), &weights(), at(0)).total;
            one.created_at -= TimeDelta::days(more);
            prop_assert!(score(&one, &facts(&[]), &weights(), at(0)).total >= before);
        }

        #[test]
        fn the_total_is_the_sum_of_its_terms(one in any_issue()) {
            let score = score(&one, &facts(std::slice::from_ref(&one)), &weights(), at(0));
            let sum: f64 = score.terms.iter().map(|term| term.points).sum();
            prop_assert!((score.total - sum).abs() < 1e-9);
            prop_assert!(score.terms.iter().all(|term| (term.points - term.value * term.weight).abs() < 1e-9));
        }
    }
}

#[cfg(test)]
pub(crate) mod test_issue {
    //! An approved issue as the tests of this room need it.

    use chrono::{DateTime, TimeDelta, Utc};

    use crate::domain::ids::IssueNumber;
    use crate::domain::issue::Issue;

    /// So many days after the tests' present.
    pub(crate) fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + days)
    }

    pub(crate) fn issue(number: u64) -> Issue {
        Issue {
            number: IssueNumber(number),
            title: format!("Issue {number}"),
            body: String::new(),
            open: true,
            author: None,
            labels: vec!["roadmap".into()],
            assignees: Vec::new(),
            milestone: None,
            open_blockers: None,
            locked: false,
            created_at: at(0),
            updated_at: at(0),
            url: format!("https://github.example/acme/web/issues/{number}"),
        }
    }
}

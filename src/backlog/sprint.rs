//! Sprints by milestone. The earliest open milestone that is still due is the current one, the one due after it is next, all
//! others are later.
//!
//! Two cases that due dates leave open: an overdue milestone counts as current, because late work keeps its turn; a milestone
//! without a due date counts as later.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::issue::Issue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sprint {
    Current,
    Next,
    Later,
}

impl Sprint {
    fn value(self) -> f64 {
        match self {
            Self::Current => 1.0,
            Self::Next => 0.5,
            Self::Later => 0.25,
        }
    }
}

/// Due dates that have not passed, sorted, each once.
pub(super) fn upcoming(issues: &[Issue], now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut dues: Vec<DateTime<Utc>> = issues
        .iter()
        .filter(|issue| issue.open)
        .filter_map(|issue| issue.milestone.as_ref()?.due)
        .filter(|due| !passed(*due, now))
        .collect();
    dues.sort_unstable();
    dues.dedup();
    dues
}

/// GitHub keeps a milestone's due date as a time on that day: the day itself still counts.
fn passed(due: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    due + TimeDelta::days(1) <= now
}

pub(super) fn value(issue: &Issue, upcoming: &[DateTime<Utc>], now: DateTime<Utc>) -> (f64, String) {
    let Some(milestone) = &issue.milestone else { return (0.0, "no milestone".to_owned()) };
    let title = &milestone.title;
    let (sprint, reason) = match milestone.due {
        None => (Sprint::Later, format!("milestone {title} without a due date")),
        Some(due) if passed(due, now) => (Sprint::Current, format!("overdue milestone {title}")),
        Some(due) => match upcoming.iter().take_while(|other| **other < due).count() {
            0 => (Sprint::Current, format!("current milestone {title}")),
            1 => (Sprint::Next, format!("next milestone {title}")),
            _ => (Sprint::Later, format!("later milestone {title}")),
        },
    };
    (sprint.value(), reason)
}

#[cfg(test)]
mod tests {
    use super::super::test_issue::{at, issue};
    use super::*;
    use crate::domain::issue::Milestone;

    fn due(number: u64, days: Option<i64>) -> Issue {
        let title = format!("S{number}");
        Issue { milestone: Some(Milestone { title, due: days.map(at) }), ..issue(number) }
    }

    #[test]
    fn current_next_later_follow_the_due_dates() {
        let issues =
            [due(1, Some(14)), due(2, Some(0)), due(3, Some(28)), due(4, Some(-9)), due(5, None), due(6, Some(14))];
        let now = at(0) + TimeDelta::hours(20);
        let upcoming = upcoming(&issues, now);
        let values: Vec<(f64, String)> = issues.iter().map(|issue| value(issue, &upcoming, now)).collect();
        let expected = [
            (0.5, "next milestone S1"),
            (1.0, "current milestone S2"),
            (0.25, "later milestone S3"),
            (1.0, "overdue milestone S4"),
            (0.25, "milestone S5 without a due date"),
            (0.5, "next milestone S6"),
        ];
        assert_eq!(values, expected.map(|(value, reason)| (value, reason.to_owned())));
        assert_eq!(value(&issue(7), &upcoming, now), (0.0, "no milestone".to_owned()));
    }
}

//! The gates: one function each, in the order in which people read them.

mod base;
mod change;
mod checks;
mod pull;
mod reviews;
mod work;

use chrono::{DateTime, Utc};

use super::facts::Facts;
use crate::config::Config;
use crate::plan::verdict::{Gate, GateState};

/// What a gate may look at.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) facts: &'a Facts,
    pub(super) config: &'a Config,
    pub(super) now: DateTime<Utc>,
}

/// A gate: its name, what it wants, and how it looks.
pub(super) struct Rule {
    name: &'static str,
    expected: &'static str,
    look: fn(&Ground<'_>) -> Answer,
}

/// Every gate. Adding one here is all it takes; none can be left out by configuration.
pub(super) const GATES: &[Rule] = &[
    Rule { name: "open", expected: "an open pull request that is not merged", look: pull::open },
    Rule { name: "ours", expected: "opened by us, from our own automated branch", look: pull::ours },
    Rule { name: "not-draft", expected: "ready for review", look: pull::not_draft },
    Rule { name: "not-locked", expected: "an unlocked conversation", look: pull::not_locked },
    Rule { name: "no-hold", expected: "no hold, and no approval outstanding", look: pull::no_hold },
    Rule { name: "no-auto-merge", expected: "GitHub's own auto-merge is off", look: pull::no_auto_merge },
    Rule { name: "unmoved", expected: "nothing moved while the facts were read", look: pull::unmoved },
    Rule { name: "only-pull", expected: "no other open pull request of this commit", look: pull::only_pull },
    Rule {
        name: "issue-approved",
        expected: "an open issue whose approval covers its text",
        look: work::issue_approved,
    },
    Rule { name: "base", expected: "the base branch it was opened for", look: base::base },
    Rule { name: "up-to-date", expected: "the base branch's tip is contained", look: base::up_to_date },
    Rule { name: "mergeable", expected: "no conflict", look: base::mergeable },
    Rule { name: "rules-readable", expected: "every rule of the base branch is known", look: base::rules_readable },
    Rule { name: "no-merge-queue", expected: "no merge queue", look: base::no_merge_queue },
    Rule { name: "commits-ours", expected: "every commit was pushed by us", look: change::commits_ours },
    Rule { name: "texts", expected: "no words that skip checks or close other issues", look: change::texts },
    Rule { name: "paths", expected: "a change without protected paths", look: change::paths },
    Rule { name: "required-checks", expected: "every required check is green", look: checks::required },
    Rule { name: "checks", expected: "at least one green check, and none that is not", look: checks::all },
    Rule { name: "workflow-runs", expected: "every workflow run has succeeded", look: checks::workflow_runs },
    Rule { name: "settled", expected: "required checks, or a minute since the push", look: checks::settled },
    Rule { name: "cto-verdict", expected: "a CTO review of this head that passes", look: reviews::cto },
    Rule { name: "ciso-verdict", expected: "a CISO review of this head that passes", look: reviews::ciso },
    Rule { name: "no-change-request", expected: "no live request for changes", look: reviews::no_change_request },
    Rule { name: "approvals", expected: "the approvals that the branch's rules ask for", look: reviews::approvals },
];

impl Rule {
    pub(super) fn judge(&self, ground: &Ground<'_>) -> Gate {
        let Answer { state, actual, hint } = (self.look)(ground);
        let hint = if state == GateState::Passed { String::new() } else { hint };
        Gate { name: self.name.to_owned(), state, expected: self.expected.to_owned(), actual, hint }
    }
}

/// What a gate saw.
pub(super) struct Answer {
    state: GateState,
    actual: String,
    hint: String,
}

impl Answer {
    fn passed(actual: impl Into<String>) -> Self {
        Self { state: GateState::Passed, actual: actual.into(), hint: String::new() }
    }

    fn waiting(actual: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { state: GateState::Waiting, actual: actual.into(), hint: hint.into() }
    }

    fn needs_human(actual: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { state: GateState::NeedsHuman, actual: actual.into(), hint: hint.into() }
    }

    fn blocked(actual: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { state: GateState::Blocked, actual: actual.into(), hint: hint.into() }
    }

    fn unreadable(reason: &str) -> Self {
        Self::waiting(
            format!("could not be read: {reason}"),
            "give the token the permission that is named, or run again",
        )
    }

    fn cut(what: &str) -> Self {
        Self::needs_human(
            format!("{what} could not be read to the end"),
            "the list is longer than GitHub shows; a person must judge it",
        )
    }
}

/// The value of a [`Read`](super::facts::Read), or an answer that says why there is none.
macro_rules! known {
    ($read:expr) => {
        match &$read {
            $crate::jobs::merge::facts::Read::Known(value) => value,
            $crate::jobs::merge::facts::Read::Unreadable(reason) => return super::Answer::unreadable(reason),
        }
    };
}
use known;

/// At most five names, then how many more.
fn some<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(shown.len());
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

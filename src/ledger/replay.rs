//! From records to what the jobs remember.

use chrono::{DateTime, Datelike as _, Utc};

use super::record::{Entry, OutcomeResult, Record};
use crate::domain::money::Usd;
use crate::plan::action::Note;
use crate::plan::memory::{Approval, Claim, GaveUp, Memory, Merge, OpenedPull, Push};

/// Everything the records say, with the money of the month that `now` is in.
pub fn memory(records: &[Record], now: DateTime<Utc>) -> Memory {
    let mut memory = Memory::default();
    for record in records {
        match &record.entry {
            Entry::Outcome { action, subject, result, number, sha, .. } => {
                if !matches!(result, OutcomeResult::Done | OutcomeResult::Already) {
                    continue;
                }
                match action.as_str() {
                    "branch.create" => {
                        if let (Some(branch), Some(issue), Some(base)) = (&subject.branch, subject.issue, &subject.base)
                        {
                            let (branch, base) = (branch.clone(), base.clone());
                            memory.claims.push(Claim { branch, issue, base, run: record.run.id, at: record.t });
                        }
                    }
                    "branch.commit" => {
                        if let (Some(branch), Some(sha)) = (&subject.branch, sha) {
                            memory.pushes.push(Push { branch: branch.clone(), sha: sha.clone(), at: record.t });
                        }
                    }
                    "pr.open" => {
                        if let (Some(branch), Some(base), Some(issue), Some(number)) =
                            (&subject.branch, &subject.onto, subject.issue, number)
                        {
                            memory.pulls.push(OpenedPull {
                                branch: branch.clone(),
                                base: base.clone(),
                                pull: crate::domain::ids::PullNumber(*number),
                                issue,
                            });
                        }
                    }
                    "pr.merge" => {
                        if let (Some(pull), Some(head)) = (subject.pull, &subject.head) {
                            memory.merges.push(Merge { pull, head: head.clone(), commit: sha.clone() });
                        }
                    }
                    "issue.create" | "issue.create.low" | "advisory.create" => {
                        memory.filed.extend(subject.item.clone());
                    }
                    _ => {}
                }
            }
            Entry::Note { note } => match note {
                Note::Verdict(verdict) => memory.verdicts.push(verdict.clone()),
                Note::Approval { issue, spec, approved_by } => memory.approvals.push(Approval {
                    issue: *issue,
                    spec: spec.clone(),
                    approved_by: approved_by.clone(),
                }),
                Note::Spend { usage, .. } => {
                    if (record.t.year(), record.t.month()) == (now.year(), now.month()) {
                        memory.spent_this_month += usage.cost;
                    }
                }
                Note::GaveUp { issue, reason } => {
                    memory.gave_up.push(GaveUp { issue: *issue, reason: reason.clone(), at: record.t });
                }
            },
            Entry::Intent { .. } | Entry::Held { .. } => {}
        }
    }
    memory
}

/// Intents that no outcome has settled, oldest first.
pub fn dangling(records: &[Record]) -> Vec<&Record> {
    let mut open: Vec<&Record> = Vec::new();
    for record in records {
        match &record.entry {
            Entry::Intent { .. } => open.push(record),
            Entry::Outcome { key, .. } => {
                open.retain(|intent| !matches!(&intent.entry, Entry::Intent { key: k, .. } if k == key));
            }
            _ => {}
        }
    }
    open
}

/// The money of all records, for tests and audits.
pub fn spent(records: &[Record]) -> Usd {
    records
        .iter()
        .filter_map(|record| match &record.entry {
            Entry::Note { note: Note::Spend { usage, .. } } => Some(usage.cost),
            _ => None,
        })
        .sum()
}

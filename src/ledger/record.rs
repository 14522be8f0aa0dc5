//! One line of the ledger: who meant to do what, to what, in which run, and what came of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, Digest, IssueNumber, PullNumber, UserId};
use crate::plan::Action;
use crate::plan::action::{Note, Target};

/// A record as it stands in a segment. Holds no prompt, no body and no secret: digests, numbers and names only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this format.
    pub v: u32,
    /// 1 for the first record, then one more each.
    pub seq: u64,
    /// SHA-256 of the line before; of the empty text for the first.
    pub prev: Digest,
    pub t: DateTime<Utc>,
    pub actor: Actor,
    pub run: Run,
    pub policy: Digest,
    pub entry: Entry,
}

impl Record {
    pub const VERSION: u32 = 1;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    pub id: UserId,
    pub login: String,
}

/// The workflow run that wrote it; no id on a laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub id: Option<u64>,
    pub attempt: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// Written before the effect: the fence against doing it twice.
    Intent {
        key: String,
        action: String,
        subject: Subject,
        /// Digest of the whole action, its texts included.
        payload: Digest,
    },
    /// Written after it.
    Outcome {
        key: String,
        action: String,
        subject: Subject,
        result: OutcomeResult,
        number: Option<u64>,
        sha: Option<CommitSha>,
        /// Why a branch was given up, or why nothing was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An action that waits for a human.
    Held {
        key: String,
        action: String,
        subject: Subject,
        reason: String,
    },
    Note {
        note: Note,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    Done,
    /// It stood already.
    Already,
    /// GitHub refused; nothing happened.
    Refused,
    /// No answer, and looking showed nothing: it may still have happened.
    Unknown,
    /// An intent of an earlier run whose effect was looked for and is not there.
    Abandoned,
}

/// What an action is about. Absent values don't apply.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onto: Option<BranchName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<CommitSha>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<CommitSha>,
    /// The fingerprint or comment key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

impl Subject {
    pub fn of(action: &Action) -> Self {
        let mut subject = Self::default();
        let at = |subject: &mut Self, target: &Target| match target {
            Target::Issue(issue) => subject.issue = Some(*issue),
            Target::Pull(pull) => subject.pull = Some(*pull),
            Target::PullOf(branch) => subject.branch = Some(branch.clone()),
        };
        match action {
            Action::ClaimBranch { branch, base, issue } => {
                subject.branch = Some(branch.clone());
                subject.base = Some(base.clone());
                subject.issue = Some(*issue);
            }
            Action::CommitFiles { branch, expected_head, .. } => {
                subject.branch = Some(branch.clone());
                subject.base = Some(expected_head.clone());
            }
            Action::OpenPull { branch, base, issue, .. } => {
                subject.branch = Some(branch.clone());
                subject.onto = Some(base.clone());
                subject.issue = Some(*issue);
            }
            Action::UpsertComment { target, key, .. } => {
                at(&mut subject, target);
                subject.item = Some(key.clone());
            }
            Action::EditLabels { target, .. } => at(&mut subject, target),
            Action::CreateIssue { key, .. } | Action::CreateAdvisory { key, .. } => subject.item = Some(key.clone()),
            Action::CloseIssue { issue, .. } => subject.issue = Some(*issue),
            Action::PublishCheck { head, name, .. } => {
                subject.head = Some(head.clone());
                subject.item = Some(name.clone());
            }
            Action::DeleteBranch { branch, expected_head, .. } => {
                subject.branch = Some(branch.clone());
                subject.head = Some(expected_head.clone());
            }
            Action::DispatchWorkflow { workflow, branch } => {
                subject.branch = Some(branch.clone());
                subject.item = Some(workflow.clone());
            }
            Action::MergePull { verdict, .. } => {
                subject.pull = Some(verdict.pull);
                subject.head = Some(verdict.head.clone());
                subject.base = Some(verdict.base.clone());
            }
            Action::EnsureLabels { .. } | Action::Note(_) => {}
        }
        subject
    }
}

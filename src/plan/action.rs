//! The closed list of everything that can leave.

use serde::{Deserialize, Serialize};

use super::verdict::{ReviewVerdict, Verdict};
use crate::config::MergeMethod;
use crate::domain::change::ChangeSet;
use crate::domain::finding::{Role, Severity};
use crate::domain::ids::{BranchName, CommitSha, Digest, IssueNumber, PullNumber};
use crate::domain::money::Usage;

/// One outward effect. Each has a policy name ([`Action::name`]) and an idempotency key ([`Action::key`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Creates the labels that are missing; existing ones stay as they are.
    EnsureLabels {
        labels: Vec<LabelSpec>,
    },
    /// Creates the branch at `base`. An existing branch is a lost race.
    ClaimBranch {
        branch: BranchName,
        base: CommitSha,
        issue: IssueNumber,
    },
    /// One commit on the branch, whose tip must be `expected_head`.
    CommitFiles {
        branch: BranchName,
        expected_head: CommitSha,
        message: String,
        changes: ChangeSet,
    },
    /// Opens the pull request of `branch`, or finds the open one.
    OpenPull {
        branch: BranchName,
        base: BranchName,
        title: String,
        body: String,
        draft: bool,
        labels: Vec<String>,
        issue: IssueNumber,
    },
    /// Creates or edits our one comment with this key.
    UpsertComment {
        target: Target,
        key: String,
        body: String,
    },
    /// Files an issue unless one with this key exists, open or closed.
    CreateIssue {
        key: String,
        title: String,
        body: String,
        labels: Vec<String>,
        severity: Option<Severity>,
    },
    /// Files a draft security advisory unless one with this key exists.
    CreateAdvisory {
        key: String,
        summary: String,
        description: String,
        severity: Severity,
    },
    EditLabels {
        target: Target,
        add: Vec<String>,
        remove: Vec<String>,
    },
    CloseIssue {
        issue: IssueNumber,
        reason: CloseReason,
    },
    /// Creates or updates our check run with this name and key on the commit.
    PublishCheck {
        head: CommitSha,
        name: String,
        key: String,
        result: CheckOutcome,
        title: String,
        summary: String,
    },
    /// Deletes one of our branches while its tip is still `expected_head`.
    DeleteBranch {
        branch: BranchName,
        expected_head: CommitSha,
        reason: String,
    },
    DispatchWorkflow {
        workflow: String,
        branch: BranchName,
    },
    /// Merges at the verdict's head. The guard lets it through only with an allowing verdict.
    MergePull {
        verdict: Verdict,
        method: MergeMethod,
        title: String,
        message: String,
    },
    /// Written into the ledger only; nothing else leaves.
    Note(Note),
}

/// What the ledger should remember.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case", deny_unknown_fields)]
pub enum Note {
    Verdict(ReviewVerdict),
    /// The approval that covers the issue's text, by digest.
    Approval {
        issue: IssueNumber,
        spec: Digest,
        approved_by: String,
    },
    /// Money that was spent on a model.
    Spend {
        role: Role,
        model: String,
        usage: Usage,
        issue: Option<IssueNumber>,
        pull: Option<PullNumber>,
    },
    /// A run that ended without a proposal, and why; the claimed branch is released with it.
    GaveUp {
        issue: IssueNumber,
        reason: String,
    },
}

/// Where a comment or a label goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Issue(IssueNumber),
    Pull(PullNumber),
    /// The open pull request of this branch, looked up when performed: it may not exist when the plan is made.
    PullOf(BranchName),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSpec {
    pub name: String,
    /// Six hexadecimal digits without `#`.
    pub color: String,
    pub description: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    Completed,
    NotPlanned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    Success,
    Failure,
    Neutral,
    ActionRequired,
}

impl Action {
    /// The name that `actions:` rules in the configuration match.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EnsureLabels { .. } => "label.create",
            Self::ClaimBranch { .. } => "branch.create",
            Self::CommitFiles { .. } => "branch.commit",
            Self::OpenPull { .. } => "pr.open",
            Self::UpsertComment { target: Target::Issue(_), .. } => "issue.comment",
            Self::UpsertComment { .. } => "pr.comment.summary",
            Self::CreateIssue { severity: Some(Severity::Low), .. } => "issue.create.low",
            Self::CreateIssue { .. } => "issue.create",
            Self::CreateAdvisory { .. } => "advisory.create",
            Self::EditLabels { target: Target::Issue(_), .. } => "issue.label",
            Self::EditLabels { .. } => "pr.label",
            Self::CloseIssue { .. } => "issue.close",
            Self::PublishCheck { .. } => "check.publish",
            Self::DeleteBranch { .. } => "branch.delete",
            Self::DispatchWorkflow { .. } => "workflow.dispatch",
            Self::MergePull { .. } => "pr.merge",
            Self::Note(_) => "ledger.note",
        }
    }

    /// Names the effect, not the attempt: the same wish has the same key in every run.
    pub fn key(&self) -> String {
        match self {
            Self::EnsureLabels { labels } => {
                let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
                format!("labels:{}", Digest::of(names.join("\n")).short())
            }
            Self::ClaimBranch { branch, base, .. } => format!("claim:{branch}@{}", base.short()),
            Self::CommitFiles { branch, expected_head, message, changes } => {
                let what = Digest::of(format!("{message}\n{}", changes.digest()));
                format!("commit:{branch}@{}:{}", expected_head.short(), what.short())
            }
            Self::OpenPull { branch, base, .. } => format!("pull:{branch}->{base}"),
            Self::UpsertComment { target, key, body } => {
                format!("comment:{target}:{key}:{}", Digest::of(body).short())
            }
            Self::CreateIssue { key, .. } => format!("issue:{key}"),
            Self::CreateAdvisory { key, .. } => format!("advisory:{key}"),
            Self::EditLabels { target, add, remove } => {
                format!("labels:{target}:+{}:-{}", add.join("+"), remove.join("-"))
            }
            Self::CloseIssue { issue, .. } => format!("close:{issue}"),
            Self::PublishCheck { head, name, key, result, title, summary } => {
                let what = Digest::of(format!("{result:?}\n{title}\n{summary}"));
                format!("check:{}:{name}:{key}:{}", head.short(), what.short())
            }
            Self::DeleteBranch { branch, expected_head, .. } => format!("delete:{branch}@{}", expected_head.short()),
            Self::DispatchWorkflow { workflow, branch } => format!("dispatch:{workflow}:{branch}"),
            Self::MergePull { verdict, .. } => format!("merge:{}@{}", verdict.pull, verdict.head.short()),
            Self::Note(note) => {
                // A note always serialises: it holds strings and numbers only.
                let json = serde_json::to_vec(note).unwrap_or_default();
                format!("note:{}", Digest::of(json).short())
            }
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Issue(number) => write!(f, "issue #{number}"),
            Self::Pull(number) => write!(f, "pull request #{number}"),
            Self::PullOf(branch) => write!(f, "the pull request of {branch}"),
        }
    }
}

//! What the gates judge, as plain data: what could be read, and what could not, with the reason.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::check::{BranchRules, CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::{CommitSha, PullNumber};
use crate::domain::issue::Issue;
use crate::domain::pull::{ChangedFile, Comparison, Listed, Pull, Review, ReviewState};
use crate::domain::user::{Identity, Permission, UserKind};
use crate::plan::memory::{Approval, Memory, Merge, OpenedPull, Push};
use crate::plan::verdict::ReviewVerdict;
use crate::ports::forge::{ForgeError, ForgeRead, Repository, StateFilter};

/// Pauses between looks at a pull request whose mergeability GitHub has not computed yet.
pub const MERGEABLE_PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Something that was read, or why it could not be. Never a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read<T> {
    Known(T),
    Unreadable(String),
}

impl<T> Read<T> {
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }

    fn of(result: Result<T, ForgeError>) -> Self {
        result.map_or_else(|error| Self::Unreadable(error.to_string()), Self::Known)
    }
}

/// What to read, and what is known from elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub pull: PullNumber,
    pub memory: &'a Memory,
    pub identity: &'a Identity,
    /// The workflow run we are part of, so that we do not wait for ourselves.
    pub own_run: Option<&'a OwnRun>,
    /// [`MERGEABLE_PAUSES`]; none in tests.
    pub pauses: &'a [Duration],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRun {
    pub id: u64,
    /// `.github/workflows/autonomy.yml`.
    pub workflow_path: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub repository: Repository,
    pub us: Identity,
    pub pull: Pull,
    /// The same, read last: a difference means that somebody moved in between.
    pub latest: Read<Pull>,
    pub base_tip: Read<CommitSha>,
    /// The base's tip with the head.
    pub comparison: Read<Comparison>,
    pub files: Read<Listed<ChangedFile>>,
    pub rules: Read<BranchRules>,
    pub check_runs: Read<Listed<CheckRun>>,
    pub statuses: Read<Listed<CommitStatus>>,
    pub workflow_runs: Read<Listed<WorkflowRun>>,
    pub reviews: Read<Vec<ReviewFact>>,
    /// The issue that the pull request was opened for; `None` when the ledger knows of none.
    pub issue: Read<Option<Issue>>,
    /// Other open pull requests with the same head commit.
    pub siblings: Read<Vec<PullNumber>>,
    pub own: Own,
    pub ledger: LedgerFacts,
}

/// A review with what its author may do now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewFact {
    pub review: Review,
    /// `None` for apps and for accounts that are gone.
    pub permission: Read<Option<Permission>>,
}

/// By what our own checks are known: never by a name alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Own {
    pub suite: Option<u64>,
    pub workflow_path: Option<String>,
}

/// What our own ledger says of this pull request.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LedgerFacts {
    pub opened: Option<OpenedPull>,
    pub pushes: Vec<Push>,
    pub verdicts: Vec<ReviewVerdict>,
    pub approvals: Vec<Approval>,
    pub merged: Option<Merge>,
}

impl LedgerFacts {
    fn of(memory: &Memory, pull: &Pull) -> Self {
        let opened = memory.pulls.iter().rev().find(|opened| opened.pull == pull.number).cloned();
        let issue = opened.as_ref().map(|opened| opened.issue);
        Self {
            pushes: memory.pushes.iter().filter(|push| push.branch == pull.head.branch).cloned().collect(),
            verdicts: memory.verdicts.iter().filter(|verdict| verdict.pull == pull.number).cloned().collect(),
            approvals: memory.approvals.iter().filter(|known| Some(known.issue) == issue).cloned().collect(),
            merged: memory.merges.iter().find(|merge| merge.pull == pull.number).cloned(),
            opened,
        }
    }
}

/// Reads everything. Only the repository and the pull request itself must be readable.
pub async fn gather(forge: &dyn ForgeRead, ask: &Ask<'_>) -> Result<Facts, ForgeError> {
    let repository = forge.repository().await?;
    let mut pull = forge.pull(ask.pull).await?;
    for pause in ask.pauses {
        if pull.mergeable.is_some() || !pull.open {
            break;
        }
        tokio::time::sleep(*pause).await;
        pull = forge.pull(ask.pull).await?;
    }
    let head = pull.head.sha.clone();
    let ledger = LedgerFacts::of(ask.memory, &pull);
    let base_tip = match forge.branch(&pull.base.branch).await {
        Ok(Some(branch)) => Read::Known(branch.sha),
        Ok(None) => Read::Unreadable(format!("branch {} does not exist", pull.base.branch)),
        Err(error) => Read::Unreadable(error.to_string()),
    };
    let comparison = match &base_tip {
        Read::Known(tip) => Read::of(forge.compare(tip, &head).await),
        Read::Unreadable(reason) => Read::Unreadable(reason.clone()),
    };
    let issue = match &ledger.opened {
        Some(opened) => Read::of(forge.issue(opened.issue).await.map(Some)),
        None => Read::Known(None),
    };
    let own = Own {
        suite: match ask.own_run {
            // Without it our own checks are waited for, never passed over.
            Some(run) => forge.workflow_run(run.id).await.ok().flatten().and_then(|run| run.suite_id),
            None => None,
        },
        workflow_path: ask.own_run.map(|run| run.workflow_path.clone()),
    };
    Ok(Facts {
        files: Read::of(forge.pull_files(ask.pull).await),
        rules: Read::of(forge.branch_rules(&pull.base.branch).await),
        check_runs: Read::of(forge.check_runs(&head).await),
        statuses: Read::of(forge.statuses(&head).await),
        workflow_runs: Read::of(forge.workflow_runs(&head).await),
        reviews: Read::of(reviews(forge, ask.pull).await),
        siblings: Read::of(siblings(forge, &pull).await),
        latest: Read::of(forge.pull(ask.pull).await),
        us: ask.identity.clone(),
        repository,
        pull,
        base_tip,
        comparison,
        issue,
        own,
        ledger,
    })
}

/// The permission is asked for once an account, and only where the review has an opinion.
async fn reviews(forge: &dyn ForgeRead, pull: PullNumber) -> Result<Vec<ReviewFact>, ForgeError> {
    let mut known: BTreeMap<String, Read<Option<Permission>>> = BTreeMap::new();
    let mut facts = Vec::new();
    for review in forge.reviews(pull).await? {
        let opinion = matches!(review.state, ReviewState::Approved | ReviewState::ChangesRequested);
        let asked = review.author.as_ref().filter(|user| opinion && user.kind == UserKind::Human);
        let permission = if let Some(user) = asked {
            if !known.contains_key(&user.login) {
                known.insert(user.login.clone(), Read::of(forge.permission(&user.login).await));
            }
            known.get(&user.login).cloned().unwrap_or(Read::Known(None))
        } else {
            Read::Known(None)
        };
        facts.push(ReviewFact { review, permission });
    }
    Ok(facts)
}

async fn siblings(forge: &dyn ForgeRead, pull: &Pull) -> Result<Vec<PullNumber>, ForgeError> {
    let open = forge.pulls(StateFilter::Open).await?;
    let same = |other: &&Pull| other.number != pull.number && other.head.sha == pull.head.sha;
    Ok(open.iter().filter(same).map(|other| other.number).collect())
}

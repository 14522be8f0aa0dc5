//! Review: CTO and CISO read the whole change over one head commit; what they find stands on the change or is dropped.

mod actions;
mod answer;
mod ask;
mod chunk;
mod diff;
mod filing;
mod gather;
mod ground;
mod lens;
mod texts;
mod verdict;

use futures_util::future::join_all;

pub use lens::{CISO, CTO, Lens, enabled};

use crate::config::Config;
use crate::domain::finding::{Finding, Role};
use crate::domain::ids::{PullNumber, RepoName};
use crate::domain::money::Usage;
use crate::domain::pull::Pull;
use crate::domain::secret::Redactor;
use crate::domain::user::Identity;
use crate::plan::action::Note;
use crate::plan::memory::Memory;
use crate::plan::verdict::{ReviewResult, ReviewVerdict};
use crate::plan::{Action, Plan};
use crate::ports::forge::{ForgeError, ForgeRead};
use crate::ports::model::{Model, ModelError};

use ask::Said;
use gather::Facts;
use verdict::RoleReview;

/// What a review needs. The configuration is the default branch's, never the head's.
pub struct ReviewInput<'a> {
    pub forge: &'a dyn ForgeRead,
    pub repo: &'a RepoName,
    pub pull: PullNumber,
    /// One for each enabled role. A role whose model cannot be had is incomplete, with that reason.
    pub reviewers: Vec<Reviewer<'a>>,
    pub config: &'a Config,
    pub memory: &'a Memory,
    pub identity: &'a Identity,
    /// Known secrets are taken out of the change before anybody reads it.
    pub redactor: &'a Redactor,
}

pub struct Reviewer<'a> {
    pub role: Role,
    pub model: Result<&'a dyn Model, ModelError>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    pub pull: Pull,
    /// One for each role that reviewed this head, now or before. Empty when nothing is reviewed (a fork, a closed pull request).
    pub verdicts: Vec<ReviewVerdict>,
    /// Grounded findings of this run that may be told.
    pub findings: Vec<Finding>,
    /// Grounded findings that must not be told in public: not in a log, an output or a file that others can read.
    pub private: Vec<Finding>,
    pub usage: Usage,
    pub plan: Plan,
}

impl Reviewed {
    /// Whether anything but a pass was said; nobody having reviewed is no pass either.
    pub fn should_block(&self) -> bool {
        self.verdicts.is_empty() || self.verdicts.iter().any(|verdict| verdict.result != ReviewResult::Passed)
    }

    /// The lowest score.
    pub fn score(&self) -> Option<u8> {
        self.verdicts.iter().map(|verdict| verdict.score).min()
    }

    /// Findings of the security review.
    pub fn vulnerabilities(&self) -> u64 {
        self.verdicts.iter().filter(|verdict| verdict.role == Role::Ciso).map(|v| v.findings.len() as u64).sum()
    }

    /// Issues and advisories that the plan files.
    pub fn new_issues(&self) -> u64 {
        let files = |action: &&Action| matches!(action, Action::CreateIssue { .. } | Action::CreateAdvisory { .. });
        self.plan.actions.iter().filter(files).count() as u64
    }
}

/// Why there is no review. A model that fails is no such reason: that is an incomplete verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error("the head of pull request #{0} moves faster than it can be read; run the review again")]
    Moved(PullNumber),
}

/// Reviews one pull request at its head and returns what should happen.
///
/// # Errors
/// [`ReviewError::Forge`] when GitHub cannot be read, [`ReviewError::Moved`] when the head kept moving.
pub async fn review(input: ReviewInput<'_>) -> Result<Reviewed, ReviewError> {
    let number = input.pull;
    let facts = gather::gather(input.forge, number, input.redactor).await?.ok_or(ReviewError::Moved(number))?;
    let lenses = enabled(input.config);
    if !facts.pull.open {
        return Ok(ended(&input, facts, format!("pull request #{number} is closed: nothing to review"), Vec::new()));
    }
    if lenses.is_empty() {
        return Ok(ended(&input, facts, "no reviewer is enabled under `review.roles`".into(), Vec::new()));
    }
    if facts.is_from_fork() {
        let actions = actions::fork_actions(&facts, &lenses);
        return Ok(ended(&input, facts, format!("pull request #{number} comes from a fork: not reviewed"), actions));
    }
    let before: Vec<ReviewVerdict> = lenses.iter().filter_map(|lens| earlier(&input, &facts, lens)).collect();
    let pending: Vec<Lens> =
        lenses.into_iter().filter(|lens| before.iter().all(|verdict| verdict.role != lens.role)).collect();
    let reviews: Vec<RoleReview> = join_all(pending.iter().map(|lens| one(&input, &facts, lens))).await;
    let known = filing::known(input.forge, &facts, &reviews, input.config, input.identity, input.memory).await?;
    Ok(done(&input, facts, before, &reviews, &known))
}

/// One reviewer's review, whatever becomes of it.
async fn one(input: &ReviewInput<'_>, facts: &Facts, lens: &Lens) -> RoleReview {
    let choice = input.config.model(lens.role);
    let reviewer = input.reviewers.iter().find(|reviewer| reviewer.role == lens.role);
    let said = match reviewer.map(|reviewer| &reviewer.model) {
        Some(Ok(model)) => ask::ask(lens, *model, choice, facts).await,
        Some(Err(error)) => Said { problem: Some(ask::problem(error)), ..Said::default() },
        None => {
            let error = ModelError::NoModel { role: lens.role.name() };
            Said { problem: Some(ask::problem(&error)), ..Said::default() }
        }
    };
    verdict::judge(lens, facts, said, &input.config.policy_digest)
}

/// A whole verdict on these very bytes under this very policy. Where only the base's tip moved it holds for the new one.
fn earlier(input: &ReviewInput<'_>, facts: &Facts, lens: &Lens) -> Option<ReviewVerdict> {
    let same = |verdict: &&ReviewVerdict| {
        verdict.pull == facts.pull.number
            && verdict.role == lens.role
            && verdict.head == facts.pull.head.sha
            && verdict.diff == facts.digest
            && verdict.policy == input.config.policy_digest
    };
    let newest = input.memory.verdicts.iter().rev().find(same)?;
    (newest.result != ReviewResult::Incomplete).then(|| newest.clone())
}

fn ended(input: &ReviewInput<'_>, facts: Facts, summary: String, actions: Vec<Action>) -> Reviewed {
    let mut plan = Plan::new(input.repo, "review", summary, &input.config.policy_digest);
    plan.actions = actions;
    Reviewed {
        pull: facts.pull,
        verdicts: Vec::new(),
        findings: Vec::new(),
        private: Vec::new(),
        usage: Usage::default(),
        plan,
    }
}

fn done(
    input: &ReviewInput<'_>,
    facts: Facts,
    before: Vec<ReviewVerdict>,
    reviews: &[RoleReview],
    known: &filing::Known,
) -> Reviewed {
    let base = &facts.pull.base.sha;
    let carried: Vec<Action> = before
        .iter()
        .filter(|verdict| verdict.base != *base)
        .map(|verdict| Action::Note(Note::Verdict(ReviewVerdict { base: base.clone(), ..verdict.clone() })))
        .collect();
    let mut verdicts: Vec<ReviewVerdict> =
        before.into_iter().map(|verdict| ReviewVerdict { base: base.clone(), ..verdict }).collect();
    verdicts.extend(reviews.iter().map(|review| review.verdict.clone()));
    let mut plan = Plan::new(input.repo, "review", summary(&facts, reviews, &verdicts), &input.config.policy_digest);
    plan.actions = actions::actions(&facts, reviews, known, input.config);
    plan.actions.extend(carried);
    let mut usage = Usage::default();
    for review in reviews {
        usage += review.usage;
    }
    let public = !facts.repository.private;
    let all = reviews.iter().flat_map(|review| &review.findings).cloned();
    let (private, findings) = all.partition(|finding| filing::is_private(finding, reviews, public));
    Reviewed { pull: facts.pull, verdicts, findings, private, usage, plan }
}

/// One sentence about the review.
fn summary(facts: &Facts, reviews: &[RoleReview], verdicts: &[ReviewVerdict]) -> String {
    let head = facts.pull.head.sha.short();
    let results: Vec<String> =
        verdicts.iter().map(|verdict| format!("{} {}", verdict.role.name(), texts::word(verdict.result))).collect();
    let verb = if reviews.is_empty() { "already reviewed" } else { "reviewed" };
    format!("pull request #{} {verb} at {head}: {}", facts.pull.number, results.join(", "))
}

#[cfg(test)]
mod tests;

//! `review`: both reviewers over one head commit, then their plan.

use serde::Serialize;

use super::console::Console;
use super::desk::Desk;
use super::models;
use super::outcome::Ended;
use super::session::Session;
use super::{failures, show};
use crate::adapters::model::{Gateway, Scope};
use crate::cli::Invocation;
use crate::domain::finding::{Finding, Role};
use crate::domain::ids::{CommitSha, PullNumber};
use crate::domain::money::Usage;
use crate::jobs::review::{self, ReviewError, ReviewInput, Reviewer};
use crate::outcome::{Exit, Failure};
use crate::plan::guard::Held;
use crate::plan::verdict::ReviewVerdict;
use crate::ports::forge::{ForgeRead as _, StateFilter};

/// What the review of one pull request came to.
#[derive(Debug, Serialize)]
pub(super) struct ReviewResult {
    pub(super) pull: PullNumber,
    pub(super) pull_url: String,
    pub(super) head: CommitSha,
    pub(super) reason: String,
    pub(super) verdicts: Vec<ReviewVerdict>,
    pub(super) findings: Vec<Finding>,
    pub(super) should_block: bool,
    pub(super) score: Option<u8>,
    pub(super) vulnerabilities: u64,
    /// Numbers of the issues that were filed now.
    pub(super) issues: Vec<u64>,
    pub(super) held: Vec<Held>,
    pub(super) usage: Usage,
}

/// Reviews one pull request, or every open one of ours.
pub(super) async fn review(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    pull: Option<PullNumber>,
) -> Result<Ended, Failure> {
    let mut desk = session.desk().await?;
    let pulls = match pull {
        Some(number) => vec![number],
        None => own_open(session).await?,
    };
    let gateway = models::gateway(session, &invocation.environment, desk.memory().spent_this_month, console)?;
    let mut results = Vec::new();
    for number in pulls {
        results.push(one(session, &mut desk, &gateway, number, console).await?);
    }
    let plan = super::kept_plan(invocation, &desk, "review", "what `review` would do")?;
    show::review(&results, plan)
}

pub(super) async fn one(
    session: &Session,
    desk: &mut Desk<'_>,
    gateway: &Gateway,
    pull: PullNumber,
    console: &Console,
) -> Result<ReviewResult, Failure> {
    gateway.begin(Scope::Review);
    console.say(&format!("reviewing pull request #{pull}"));
    let config = session.config();
    let roles = [(Role::Cto, config.review.cto), (Role::Ciso, config.review.ciso)];
    let models: Vec<_> = roles
        .into_iter()
        .filter(|(_, enabled)| *enabled)
        .map(|(role, _)| (role, gateway.model(role, Scope::Review)))
        .collect();
    let reviewers = models
        .iter()
        .map(|(role, model)| Reviewer { role: *role, model: model.as_ref().map(AsRef::as_ref).map_err(Clone::clone) })
        .collect();
    let memory = desk.memory();
    let reviewed = review::review(ReviewInput {
        forge: &session.forge,
        repo: &session.repo,
        pull,
        reviewers,
        config,
        memory: &memory,
        identity: &session.identity,
        redactor: &session.redactor,
    })
    .await
    .map_err(|error| match &error {
        ReviewError::Forge(error) => failures::forge(error),
        ReviewError::Moved(_) => {
            Failure::new(Exit::Unavailable, error.to_string(), "run it again when pushing has ended")
        }
    })?;
    for verdict in &reviewed.verdicts {
        console.say(&show::verdict_line(verdict));
    }
    let (should_block, score, vulnerabilities) =
        (reviewed.should_block(), reviewed.score(), reviewed.vulnerabilities());
    let reason = reviewed.plan.summary.clone();
    let handled = desk.submit(reviewed.plan).await?.into_result()?;
    let issues = handled
        .applied
        .done
        .iter()
        .filter(|done| done.name.starts_with("issue.create") && !done.effect.already)
        .filter_map(|done| done.effect.number)
        .collect();
    Ok(ReviewResult {
        pull,
        pull_url: reviewed.pull.url,
        head: reviewed.pull.head.sha,
        reason,
        verdicts: reviewed.verdicts,
        findings: reviewed.findings,
        should_block,
        score,
        vulnerabilities,
        issues,
        held: handled.held,
        usage: reviewed.usage,
    })
}

/// Open pull requests from our branches by our own account, oldest first.
pub(super) async fn own_open(session: &Session) -> Result<Vec<PullNumber>, Failure> {
    let pulls = session.forge.pulls(StateFilter::Open).await.map_err(|error| failures::forge(&error))?;
    let mut own: Vec<PullNumber> = pulls
        .iter()
        .filter(|pull| pull.head.branch.is_automated() && pull.head.repo_id == Some(session.repository.id))
        .filter(|pull| pull.author.as_ref().is_some_and(|author| author.id == session.identity.user.id))
        .map(|pull| pull.number)
        .collect();
    own.sort();
    Ok(own)
}

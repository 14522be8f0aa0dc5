//! `merge`: every gate about one pull request, explained; merged where the policy says so.

use serde::Serialize;

use super::console::Console;
use super::desk::Desk;
use super::outcome::Ended;
use super::session::Session;
use super::{failures, review, show};
use crate::cli::Invocation;
use crate::domain::ids::{CommitSha, PullNumber};
use crate::jobs::merge::{self, Ask, Facts, OwnRun};
use crate::outcome::Failure;
use crate::plan::guard::Held;
use crate::plan::memory::Memory;
use crate::plan::verdict::{GateState, Verdict};
use crate::ports::clock::Clock as _;

/// What the verdict on one pull request came to.
#[derive(Debug, Serialize)]
pub(super) struct MergeResult {
    pub(super) pull: PullNumber,
    pub(super) pull_url: String,
    pub(super) decision: &'static str,
    pub(super) reason: String,
    pub(super) verdict: Verdict,
    pub(super) merge_commit: Option<CommitSha>,
    pub(super) held: Vec<Held>,
}

pub(super) async fn merge(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    pull: Option<PullNumber>,
) -> Result<Ended, Failure> {
    let mut desk = session.desk().await?;
    let results = decide(session, invocation, console, &mut desk, pull).await?;
    let plan = super::kept_plan(invocation, &desk, "merge", "what `merge` would do")?;
    show::merge(&results, plan, invocation.fail_on_refusal)
}

/// The verdict on one pull request, or on every open one of ours.
pub(super) async fn decide(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    desk: &mut Desk<'_>,
    pull: Option<PullNumber>,
) -> Result<Vec<MergeResult>, Failure> {
    let pulls = match pull {
        Some(number) => vec![number],
        None => review::own_open(session).await?,
    };
    let mut results = Vec::new();
    for number in pulls {
        results.push(one(session, invocation, desk, number, console).await?);
    }
    Ok(results)
}

async fn one(
    session: &Session,
    invocation: &Invocation,
    desk: &mut Desk<'_>,
    pull: PullNumber,
    console: &Console,
) -> Result<MergeResult, Failure> {
    let facts = facts(session, invocation, &desk.memory(), pull).await?;
    let verdict = merge::decide(&facts, session.config(), session.clock.now());
    let plan = merge::plan(&verdict, &facts, session.config(), &session.repo);
    let reason = plan.summary.clone();
    let merged_before = facts.pull.merged;
    let handled = desk.submit(plan).await?;
    let moved = handled.lost_race().map(str::to_owned);
    let handled = if moved.is_some() { handled } else { handled.into_result()? };
    let merged = handled.applied.effect("pr.merge").cloned();
    let (decision, reason) = match (&merged, &moved, verdict.state()) {
        (Some(_), _, _) => ("merged", format!("pull request #{pull} is merged")),
        (None, Some(moved), _) => ("moved", format!("pull request #{pull} has moved: {moved}")),
        (None, None, _) if merged_before => ("merged-before", reason),
        (None, None, GateState::Passed) => {
            ("needs-human", format!("pull request #{pull} waits for a human, by the policy"))
        }
        (None, None, GateState::NeedsHuman) => ("needs-human", reason),
        (None, None, GateState::Waiting) => ("waiting", reason),
        (None, None, GateState::Blocked) => ("blocked", reason),
    };
    console.say(&reason);
    Ok(MergeResult {
        pull,
        pull_url: facts.pull.url,
        decision,
        reason,
        verdict,
        merge_commit: merged.and_then(|effect| effect.sha),
        held: handled.held,
    })
}

/// Everything that the gates judge, read now.
pub(super) async fn facts(
    session: &Session,
    invocation: &Invocation,
    memory: &Memory,
    pull: PullNumber,
) -> Result<Facts, Failure> {
    let own_run = own_run(invocation);
    let ask = Ask {
        pull,
        memory,
        identity: &session.identity,
        own_run: own_run.as_ref(),
        pauses: &merge::facts::MERGEABLE_PAUSES,
    };
    merge::gather(&session.forge, &ask).await.map_err(|error| failures::forge(&error))
}

/// The workflow run we are part of: its checks are never waited for.
fn own_run(invocation: &Invocation) -> Option<OwnRun> {
    let environment = &invocation.environment;
    let reference = environment.workflow_ref.as_deref()?;
    // `owner/name/.github/workflows/file.yml@refs/heads/main`
    let path = reference.split('@').next()?.splitn(3, '/').nth(2)?;
    Some(OwnRun { id: environment.run_id?, workflow_path: path.to_owned() })
}

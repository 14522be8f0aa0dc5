//! The runner's part: the jobs that wait on a commit are really run, with the repository's own checks on the pushed tree.

use serde::Serialize;

use super::stage::Stage;
use crate::adapters::checks::{ChildEnvironment, Runner};
use crate::adapters::git::Scratch;
use crate::domain::ids::CommitSha;
use crate::domain::verification::CheckResult;
use crate::outcome::{Exit, Failure};
use crate::ports::checkout::Checkout as _;
use crate::run::console::Console;
use crate::run::failures;
use crate::run::session::Session;
use crate::sandbox::ACTIONS_APP;

/// A job of the repository's workflow, as it ended.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) conclusion: &'static str,
    pub(super) checks: Vec<CheckResult>,
}

pub(super) async fn run(
    stage: &Stage,
    session: &Session,
    head: &CommitSha,
    console: &Console,
) -> Result<Vec<Job>, Failure> {
    let world = stage.sandbox.world();
    let waiting: Vec<_> = world
        .check_runs(head.as_str())
        .into_iter()
        .filter(|run| run.app == ACTIONS_APP && run.status != "completed")
        .collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let ours = crate::cli::variables().into_iter().map(|(name, value)| (name.into(), value.into()));
    let runner = Runner::new(ChildEnvironment::from_ours(ours, &session.redactor), session.redactor.clone());
    let scratch = Scratch::create(&world.git_dir(), head, runner).await.map_err(|error| failures::checkout(&error))?;
    let mut checks = Vec::new();
    for check in &session.config().checks {
        let result = scratch.run_check(check).await;
        let how = if result.passed() { "passed" } else { "failed" };
        console.say(&format!("  {} at {}: {how} ({} ms)", check.name, head.short(), result.millis));
        checks.push(result);
    }
    let conclusion = if checks.iter().all(CheckResult::passed) { "success" } else { "failure" };
    let mut jobs = Vec::new();
    for run in waiting {
        world
            .finish_check_run(run.id, conclusion)
            .map_err(|error| Failure::new(Exit::Unexpected, format!("{error:#}"), ""))?;
        jobs.push(Job { name: run.name, conclusion, checks: checks.clone() });
    }
    Ok(jobs)
}

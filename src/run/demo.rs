//! `demo`: the whole loop as a story, over real HTTP, real git and real GitHub wire formats, without token, key or network.

mod ci;
mod detect;
mod program;
mod sample;
mod stage;
mod tell;

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::TimeDelta;
use serde::Serialize;

use self::ci::Job;
use self::stage::Stage;
use super::console::Console;
use super::implement::{self, RunResult};
use super::merge::{self, MergeResult};
use super::outcome::Ended;
use super::sandbox;
use super::session::Session;
use crate::adapters::clock::SystemClock;
use crate::cli::{self, Invocation};
use crate::outcome::{Exit, Failure};

/// How far the demo's clock is set ahead, so that nobody waits for checks to settle.
const LATER: TimeDelta = TimeDelta::minutes(2);

/// Everything that the demo did, for `--format json`.
#[derive(Debug, Serialize)]
pub(super) struct Story {
    /// What had to happen, and whether it did.
    steps: Vec<Step>,
    added: Vec<String>,
    run: RunResult,
    jobs: Vec<Job>,
    verdicts: Vec<MergeResult>,
    second_run: RunResult,
    /// Requests to the embedded GitHub by route.
    requests: BTreeMap<String, u64>,
    model_requests: usize,
    seconds: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Step {
    name: &'static str,
    happened: bool,
    detail: String,
}

pub(super) async fn demo(invocation: &Invocation, demo: &cli::Demo, console: &Console) -> Result<Ended, Failure> {
    let start = Instant::now();
    let stage = Stage::build(demo, &invocation.environment).await?;
    let story = Box::pin(play(&stage, console, start)).await?;
    let ended = tell::ended(&story)?;
    tell::write_summary(&ended, console)?;
    if demo.keep {
        console.result(&sandbox::environment(&stage.sandbox));
        console.say(&format!("The embedded GitHub keeps running; its checkout is {}.", stage.checkout.display()));
        console.say("Press Ctrl-C to stop.");
        let _ = tokio::signal::ctrl_c().await;
    }
    Ok(ended)
}

async fn play(stage: &Stage, console: &Console, start: Instant) -> Result<Story, Failure> {
    console.say(&format!("An embedded GitHub listens at {}.", stage.sandbox.api_url()));
    for added in &stage.added {
        console.say(&format!("Added to its copy of the repository: {added}."));
    }
    console.say("\n1. run: the next approved issue becomes a reviewed pull request");
    let invocation = stage.invocation(&["run"])?;
    let session = Session::open(&invocation).await?;
    let run = implement::carry_out(&session, &invocation, console, None).await?;
    console.say("\n2. the repository's own workflow runs its checks on the pull request's head");
    let jobs = match &run.head {
        Some(head) => ci::run(stage, &session, head, console).await?,
        None => Vec::new(),
    };
    console.say("\n3. merge: every gate is asked");
    console.say("  (two minutes later by the demo's clock: a merge waits a minute for checks that nobody requires)");
    stage.sandbox.world().shift_time(LATER);
    let invocation = stage.invocation(&["merge"])?;
    let mut session = Session::open(&invocation).await?;
    session.clock = SystemClock::ahead_by(LATER);
    let verdicts = merge::decide(&session, &invocation, console, &mut session.desk().await?, run.pull).await?;
    console.say("\n4. run again: there must be nothing left to do twice");
    stage.refresh().await?;
    let invocation = stage.invocation(&["run"])?;
    let mut session = Session::open(&invocation).await?;
    session.clock = SystemClock::ahead_by(LATER);
    let again = implement::carry_out(&session, &invocation, console, None).await?;
    console.say(&format!("  {}", again.reason));
    let requests = routes(stage);
    let mut story = Story {
        steps: Vec::new(),
        added: stage.added.clone(),
        run,
        jobs,
        verdicts,
        second_run: again,
        requests,
        model_requests: stage.log.as_ref().map_or(0, |log| log.entries().len()),
        seconds: start.elapsed().as_secs_f64(),
    };
    story.steps = tell::steps(&story, stage);
    Ok(story)
}

fn routes(stage: &Stage) -> BTreeMap<String, u64> {
    let mut routes = BTreeMap::new();
    for exchange in stage.sandbox.exchanges() {
        *routes.entry(format!("{} {}", exchange.method, exchange.path)).or_insert(0) += 1;
    }
    routes
}

/// The exit code: a step that did not happen is a failure.
fn exit(story: &Story) -> Exit {
    if story.steps.iter().all(|step| step.happened) { Exit::Done } else { Exit::Unexpected }
}

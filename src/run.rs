//! The hall: config, adapters, job, guard, apply, report.

mod audit;
mod backlog;
mod config;
mod console;
mod context;
mod demo;
mod desk;
mod disclosure;
mod failures;
mod files;
mod implement;
mod merge;
mod models;
mod outcome;
mod review;
mod sandbox;
mod saved;
mod session;
mod show;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use self::console::Console;
use self::outcome::{Ended, Shown};
use self::session::Session;
use crate::adapters::actions::ActionFiles;
use crate::adapters::actions::log::Reader;
use crate::cli::{self, Command, Format, Invocation, Parsed};
use crate::domain::secret::Redactor;
use crate::outcome::{Exit, Failure, StepOutputs};
use crate::plan::Plan;
use crate::report::terminal::Colour;
use crate::report::{json, markdown, summary, terminal};

/// Everything from arguments and environment to the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>, variables: &BTreeMap<String, String>) -> u8 {
    let invocation = match cli::parse(arguments, variables) {
        Ok(Parsed::Text(text)) => {
            Console::new(Redactor::default(), Reader::Person).result(&text);
            return Exit::Done.code();
        }
        Ok(Parsed::Invocation(invocation)) => *invocation,
        Err(failure) => {
            Console::new(Redactor::default(), Reader::Person).failure(&failure);
            return failure.exit.code();
        }
    };
    let reader = if invocation.environment.actions { Reader::Runner } else { Reader::Person };
    let console = Console::new(invocation.environment.redactor(), reader);
    crate::adapters::checks::protect_own_memory();
    let ended = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("no runtime could be started: {error}"), ""))
        .and_then(|runtime| runtime.block_on(carry_out(&invocation, &console)))
        .and_then(|ended| publish(&invocation, &console, &ended));
    match ended {
        Ok(exit) => exit.code(),
        Err(failure) => {
            console.failure(&failure);
            // A step that failed says why in its outputs too; the first failure is the one that counts.
            let _ = action_files(&invocation)
                .write_outputs(&failed(&invocation, &failure), &invocation.environment.redactor());
            failure.exit.code()
        }
    }
}

async fn carry_out(invocation: &Invocation, console: &Console) -> Result<Ended, Failure> {
    let session = || Session::open(invocation);
    match &invocation.command {
        Command::Nothing { reason } => Ok(Ended::sentence(invocation.asked, "nothing", reason)),
        Command::ConfigSchema => config::print_schema(),
        Command::ConfigCheck => config::check(invocation),
        Command::ConfigShow => config::show(invocation),
        Command::AuditShow => audit::show(&session().await?).await,
        Command::AuditVerify => audit::verify(&session().await?).await,
        Command::Next => backlog::next(&session().await?).await,
        Command::List => backlog::list(&session().await?).await,
        Command::Explain { issue } => backlog::explain(&session().await?, *issue).await,
        Command::Context { about } => context::context(invocation, about).await,
        Command::Sandbox(arguments) => sandbox::serve(arguments, console).await,
        Command::Run { issue } => implement::run(&session().await?, invocation, console, *issue).await,
        Command::Review { pull } => review::review(&session().await?, invocation, console, *pull).await,
        Command::Merge { pull } => merge::merge(&session().await?, invocation, console, *pull).await,
        Command::Apply { plan } => saved::apply(&session().await?, invocation, console, plan).await,
        Command::Demo(arguments) => Box::pin(demo::demo(invocation, arguments, console)).await,
    }
}

/// The plan of a rehearsal, saved where `--plan-out` says.
fn kept_plan(
    invocation: &Invocation,
    desk: &desk::Desk<'_>,
    job: &str,
    summary: &str,
) -> Result<Option<(Plan, Option<PathBuf>)>, Failure> {
    if !invocation.rehearses() {
        return Ok(None);
    }
    let plan = desk.combined(job, summary);
    if let Some(path) = &invocation.plan_out {
        disclosure::may_be_saved(&plan, desk.private)?;
        desk::save(&plan, path)?;
    }
    Ok(Some((disclosure::printable(plan, desk.private), invocation.plan_out.clone())))
}

/// Shows the result in the form that was asked for, and hands it to the workflow.
fn publish(invocation: &Invocation, console: &Console, ended: &Ended) -> Result<Exit, Failure> {
    let environment = &invocation.environment;
    let colour = Colour::for_output(std::io::stdout().is_terminal(), environment.no_color);
    match (&ended.shown, invocation.format) {
        (_, Format::Json) => {
            let document = json::document(&ended.outputs.command, &ended.json).map_err(|error| {
                Failure::new(Exit::Unexpected, format!("the result could not be written as JSON: {error}"), "")
            })?;
            console.document(&document);
        }
        (Shown::Report(report), Format::Text) => console.result(&terminal::render(report, colour)),
        (Shown::Report(report), Format::Markdown) => console.result(&summary::render(report)),
        // Columns would fall together in Markdown.
        (Shown::Text(text), Format::Markdown) => console.result(&markdown::fenced(text, "", usize::MAX)),
        (Shown::Text(text), Format::Text) => console.result(text),
    }
    let files = action_files(invocation);
    let redactor = environment.redactor();
    files.write_outputs(&ended.outputs, &redactor)?;
    if let Shown::Report(report) = &ended.shown {
        files.append_summary(&summary::render(report), &redactor)?;
    }
    Ok(ended.exit)
}

fn action_files(invocation: &Invocation) -> ActionFiles {
    let environment = &invocation.environment;
    ActionFiles { output: environment.output.clone(), summary: environment.step_summary.clone() }
}

fn failed(invocation: &Invocation, failure: &Failure) -> StepOutputs {
    StepOutputs {
        command: invocation.command.name().to_owned(),
        decision: "failed".to_owned(),
        reason: failure.message.clone(),
        ..StepOutputs::default()
    }
}

//! The hall: config, adapters, job, guard, apply, report.

mod audit;
mod config;
mod console;
mod desk;
mod failures;
mod files;
mod outcome;
mod sandbox;
mod session;

use std::collections::BTreeMap;
use std::ffi::OsString;

use self::console::Console;
use self::outcome::Ended;
use self::session::Session;
use crate::cli::{self, Command, Format, Invocation, Parsed};
use crate::outcome::{Exit, Failure};

/// Everything from arguments and environment to the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>, variables: &BTreeMap<String, String>) -> u8 {
    let console = Console::default();
    let invocation = match cli::parse(arguments, variables) {
        Ok(Parsed::Text(text)) => {
            console.result(&text);
            return Exit::Done.code();
        }
        Ok(Parsed::Invocation(invocation)) => *invocation,
        Err(failure) => return tell(&console, &failure),
    };
    let console = Console::new(invocation.environment.redactor());
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Unexpected, format!("no runtime could be started: {error}"), "");
            return tell(&console, &failure);
        }
    };
    match runtime.block_on(carry_out(&invocation, &console)) {
        Ok(ended) => {
            console.result(&shown(&ended, invocation.format));
            ended.exit.code()
        }
        Err(failure) => tell(&console, &failure),
    }
}

async fn carry_out(invocation: &Invocation, console: &Console) -> Result<Ended, Failure> {
    match &invocation.command {
        Command::Nothing { reason } => Ok(Ended::plain(invocation.asked, "nothing", reason.clone())),
        Command::ConfigSchema => config::print_schema(),
        Command::ConfigCheck => config::check(invocation),
        Command::ConfigShow => config::show(invocation),
        Command::AuditShow => audit::show(&Session::open(invocation).await?).await,
        Command::AuditVerify => audit::verify(&Session::open(invocation).await?).await,
        Command::Sandbox(arguments) => sandbox::serve(arguments, console).await,
        _ => todo(console),
    }
}

fn todo(_: &Console) -> Result<Ended, Failure> {
    Err(Failure::new(Exit::Unexpected, "coming", ""))
}

fn shown(ended: &Ended, format: Format) -> String {
    match format {
        Format::Text => ended.text.clone(),
        Format::Markdown => ended.markdown.clone(),
        Format::Json => serde_json::to_string_pretty(&ended.json).unwrap_or_default(),
    }
}

/// One clear sentence with what to do.
fn tell(console: &Console, failure: &Failure) -> u8 {
    console.say(&format!("error: {}", failure.message));
    if !failure.hint.is_empty() {
        console.say(&format!("  {}", failure.hint.replace('\n', "\n  ")));
    }
    failure.exit.code()
}

//! `auto`: from the GitHub Actions event to the command.
//!
//! Payloads: <https://docs.github.com/webhooks/webhook-events-and-payloads>.

use std::path::Path;

use serde::Deserialize;

use super::environment::Environment;
use super::invocation::Command;
use crate::domain::ids::PullNumber;
use crate::outcome::{Exit, Failure};

/// GitHub sends no larger payload.
const MAX_BYTES: u64 = 25 * 1024 * 1024;

/// The parts of a payload that decide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct Payload {
    action: Option<String>,
    pull_request: Option<Numbered>,
    check_run: Option<Checked>,
    check_suite: Option<Checked>,
    workflow_run: Option<Checked>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Numbered {
    number: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct Checked {
    /// A check run has a name; a suite has none.
    name: Option<String>,
    head_branch: Option<String>,
    check_suite: Option<Box<Checked>>,
    /// Empty for forks, and for commits of no pull request.
    pull_requests: Vec<Numbered>,
}

/// The command for the event that started this job.
pub(super) fn command(environment: &Environment) -> Result<Command, Failure> {
    let Some(name) = environment.event_name.as_deref() else {
        return Err(Failure::new(
            Exit::Usage,
            "`auto` chooses by a GitHub Actions event, and there is none (GITHUB_EVENT_NAME is not set)",
            "name a command, such as `autonomy run`",
        ));
    };
    // These need nothing from the payload.
    if matches!(name, "schedule" | "workflow_dispatch") {
        return Ok(Command::Run { issue: environment.inputs.issue.map(crate::domain::ids::IssueNumber) });
    }
    let payload = match &environment.event_path {
        Some(path) => read(path)?,
        None => {
            return Err(Failure::new(
                Exit::Usage,
                format!("the event {name} has no payload (GITHUB_EVENT_PATH is not set)"),
                "run inside GitHub Actions, or name a command",
            ));
        }
    };
    Ok(choose(name, &payload))
}

fn read(path: &Path) -> Result<Payload, Failure> {
    let fail = |what: String| {
        let hint = "run inside GitHub Actions, or name a command";
        Failure::new(Exit::Usage, format!("the event's payload {} {what}", path.display()), hint)
    };
    let size = std::fs::metadata(path).map_err(|error| fail(format!("cannot be read: {}", error.kind())))?.len();
    if size > MAX_BYTES {
        return Err(fail(format!("has {size} bytes, more than GitHub sends")));
    }
    let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {}", error.kind())))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        // The error's own text can quote the payload.
        fail(format!("is not the JSON that GitHub sends (line {}, column {})", error.line(), error.column()))
    })
}

fn choose(name: &str, payload: &Payload) -> Command {
    let action = payload.action.as_deref().unwrap_or_default();
    let nothing = |why: &str| {
        let event = if action.is_empty() { name.to_owned() } else { format!("{name} ({action})") };
        Command::Nothing { reason: format!("the event {event} {why}") }
    };
    let pull = payload.pull_request.as_ref().map(|pull| PullNumber(pull.number));
    match (name, action) {
        (
            "pull_request" | "pull_request_target",
            "opened" | "synchronize" | "reopened" | "ready_for_review" | "labeled",
        ) => match pull {
            Some(_) => Command::Review { pull },
            None => nothing("names no pull request"),
        },
        ("pull_request_review", "submitted" | "dismissed") => match pull {
            Some(_) => Command::Merge { pull },
            None => nothing("names no pull request"),
        },
        ("check_suite" | "check_run" | "workflow_run", "completed") => {
            let checked = payload.check_run.as_ref().or(payload.check_suite.as_ref()).or(payload.workflow_run.as_ref());
            checked.map_or_else(|| nothing("names no check"), |checked| after_check(checked, &nothing))
        }
        ("issues" | "issue_comment", _) => nothing("would start triage, which this version does not have"),
        _ => nothing("needs no work"),
    }
}

fn after_check(checked: &Checked, nothing: &dyn Fn(&str) -> Command) -> Command {
    // Our own check runs complete too; answering them would go round in circles.
    if checked.name.as_deref().is_some_and(|name| name.starts_with("autonomy / ")) {
        return nothing("is one of our own checks");
    }
    let branch = checked.head_branch.as_deref().or(checked.check_suite.as_ref().and_then(|s| s.head_branch.as_deref()));
    match checked.pull_requests.as_slice() {
        [only] => Command::Merge { pull: Some(PullNumber(only.number)) },
        [] if !branch.is_some_and(|branch| branch.starts_with("automated/")) => {
            nothing("is on no automated branch and no pull request")
        }
        _ => Command::Merge { pull: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files have the shapes of GitHub's own examples.
    fn chosen(name: &str, file: &str) -> Command {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events").join(file);
        choose(name, &read(&path).unwrap())
    }

    fn reason(command: Command) -> String {
        match command {
            Command::Nothing { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn events_choose_the_command() {
        assert_eq!(
            chosen("pull_request", "pull_request.synchronize.json"),
            Command::Review { pull: Some(PullNumber(7)) }
        );
        assert_eq!(chosen("check_suite", "check_suite.completed.json"), Command::Merge { pull: Some(PullNumber(7)) });
        assert_eq!(chosen("check_run", "check_run.completed.json"), Command::Merge { pull: None });
        assert_eq!(
            chosen("pull_request_review", "pull_request_review.submitted.json"),
            Command::Merge { pull: Some(PullNumber(7)) }
        );
    }

    #[test]
    fn what_needs_no_work_says_so_in_one_line() {
        assert_eq!(
            reason(chosen("issues", "issues.labeled.json")),
            "the event issues (labeled) would start triage, which this version does not have"
        );
        assert_eq!(reason(chosen("push", "push.json")), "the event push needs no work");
        assert_eq!(
            reason(choose("pull_request", &Payload { action: Some("closed".into()), ..Payload::default() })),
            "the event pull_request (closed) needs no work"
        );
    }

    #[test]
    fn our_own_checks_and_foreign_branches_start_nothing() {
        let run = |name: &str, branch: &str| {
            let suite = Checked { head_branch: Some(branch.into()), ..Checked::default() };
            let run = Checked { name: Some(name.into()), check_suite: Some(Box::new(suite)), ..Checked::default() };
            choose(
                "check_run",
                &Payload { action: Some("completed".into()), check_run: Some(run), ..Payload::default() },
            )
        };
        assert!(matches!(run("autonomy / merge", "automated/1-x"), Command::Nothing { .. }));
        assert!(matches!(run("test", "main"), Command::Nothing { .. }));
        assert_eq!(run("test", "automated/1-x"), Command::Merge { pull: None });
    }

    #[test]
    fn a_payload_that_cannot_be_read_is_a_usage_error() {
        let missing = read(Path::new("/nonexistent/event.json")).unwrap_err();
        assert_eq!(missing.message, "the event's payload /nonexistent/event.json cannot be read: entity not found");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        std::fs::write(&path, "{\"action\": secret}").unwrap();
        let message = read(&path).unwrap_err().message;
        assert!(message.ends_with("is not the JSON that GitHub sends (line 1, column 12)"), "{message}");
    }
}

//! What a command hands back to the hall: one result in every form that is asked for.

use serde::Serialize;
use serde_json::Value;

use crate::outcome::{Exit, Failure, StepOutputs};
use crate::report::{Report, Text};

/// The end of a command that could be carried out, whatever it decided.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) outputs: StepOutputs,
    pub(super) shown: Shown,
    /// For `--format json`.
    pub(super) json: Value,
}

/// What people read.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Report(Report),
    /// Text that is the result itself, such as a schema.
    Text(String),
}

impl Ended {
    /// One sentence, such as "nothing to do".
    pub(super) fn sentence(command: &str, decision: &str, reason: &str) -> Self {
        Self::report(command, decision, reason, Report::default().line(Text::theirs(reason)))
    }

    pub(super) fn report(command: &str, decision: &str, reason: &str, report: Report) -> Self {
        Self { shown: Shown::Report(report), ..Self::text(command, decision, reason, String::new()) }
    }

    pub(super) fn text(command: &str, decision: &str, reason: &str, text: String) -> Self {
        let outputs = StepOutputs {
            command: command.to_owned(),
            decision: decision.to_owned(),
            reason: reason.to_owned(),
            ..StepOutputs::default()
        };
        let json = serde_json::json!({ "decision": decision, "reason": reason });
        Self { exit: Exit::Done, outputs, shown: Shown::Text(text), json }
    }

    pub(super) fn with_json(mut self, value: &impl Serialize) -> Result<Self, Failure> {
        self.json = json(value)?;
        Ok(self)
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| {
        Failure::new(Exit::Unexpected, format!("the result could not be written as JSON: {error}"), "")
    })
}

//! What a command hands back to the hall: one result in every form that is asked for.

use serde::Serialize;
use serde_json::Value;

use crate::outcome::{Exit, Failure, StepOutputs};

/// The end of a command that could be carried out, whatever it decided.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) outputs: StepOutputs,
    /// For a terminal.
    pub(super) text: String,
    /// For the job summary and `--format markdown`.
    pub(super) markdown: String,
    /// For `--format json`.
    pub(super) json: Value,
}

impl Ended {
    /// A result that is the same text everywhere.
    pub(super) fn plain(command: &str, decision: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let reason = text.lines().next().unwrap_or_default().to_owned();
        let outputs = StepOutputs {
            command: command.to_owned(),
            decision: decision.to_owned(),
            reason,
            ..StepOutputs::default()
        };
        let json = serde_json::json!({ "command": command, "decision": decision, "text": text });
        Self { exit: Exit::Done, outputs, markdown: text.clone(), text, json }
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

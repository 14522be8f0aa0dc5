//! What both protocols have in common: one answer in our words, and what a server may refuse.

use serde_json::Value;

use crate::ports::model::{Stop, ToolCall};

/// One answer of a model, before it is judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) tool_calls: Vec<ToolCall>,
    /// The call of the tool that carries a structured answer (Messages only).
    pub(super) answer_call: Option<ToolCall>,
    pub(super) stop: Stop,
    /// `None` when the server did not say.
    pub(super) tokens: Option<Tokens>,
    /// Empty when the server did not say.
    pub(super) model: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tokens {
    /// All of the input, the cached parts included.
    pub(super) input: u64,
    /// Read from the provider's cache.
    pub(super) cached: u64,
    /// Written to the provider's cache.
    pub(super) written: u64,
    pub(super) output: u64,
}

/// Parameters that this server or model turned out not to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Quirks {
    pub(super) no_temperature: bool,
    /// Chat Completions with `max_tokens`, the older name.
    pub(super) old_max_tokens: bool,
    /// Messages with a model that cannot be forced to use a tool.
    pub(super) free_tool_choice: bool,
}

impl Quirks {
    /// What to change after a 400 that names a parameter, with a note for people. `None`: nothing that we could change.
    pub(super) fn adapt(self, complaint: &str) -> Option<(Self, &'static str)> {
        let names = |word: &str| complaint.contains(word);
        if !self.old_max_tokens && names("max_completion_tokens") {
            return Some((Self { old_max_tokens: true, ..self }, "max_tokens sent instead of max_completion_tokens"));
        }
        if !self.no_temperature && names("temperature") {
            return Some((Self { no_temperature: true, ..self }, "temperature dropped: the model does not take it"));
        }
        if !self.free_tool_choice && names("tool_choice") {
            return Some((Self { free_tool_choice: true, ..self }, "the model cannot be forced to use a tool"));
        }
        None
    }
}

/// The provider's own words about a failed request, without anything secret: one line, at most 300 characters.
/// Both providers answer `{"error": {"message": …}}`.
pub(super) fn complaint(body: &Value) -> String {
    let error = body.get("error").unwrap_or(body);
    let message = error.get("message").and_then(Value::as_str).or_else(|| error.as_str()).unwrap_or("no reason given");
    let param = error.get("param").and_then(Value::as_str).filter(|param| !message.contains(param));
    let line: String = message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    param.map_or(line.clone(), |param| format!("{line} ({param})"))
}

/// Arguments as JSON. A model may write something else: that stays a string, for the tool to refuse.
pub(super) fn arguments(text: &str) -> Value {
    if text.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refused_parameter_is_changed_once() {
        let (quirks, _) = Quirks::default().adapt("Unsupported value: 'temperature' does not support 0.2").unwrap();
        assert!(quirks.no_temperature);
        assert_eq!(quirks.adapt("Unsupported value: 'temperature'"), None);
        assert_eq!(Quirks::default().adapt("invalid schema"), None);
    }

    #[test]
    fn a_complaint_is_one_short_line() {
        let body = json!({"error": {"message": "Bad\n  thing", "param": "messages"}});
        assert_eq!(complaint(&body), "Bad thing (messages)");
        assert_eq!(complaint(&Value::Null), "no reason given");
        assert_eq!(complaint(&json!({"error": {"message": "x".repeat(900)}})).len(), 300);
    }

    #[test]
    fn broken_arguments_stay_a_string() {
        assert_eq!(arguments(r#"{"path": "a"}"#), json!({"path": "a"}));
        assert_eq!(arguments("{\"path\": "), json!("{\"path\": "));
        assert_eq!(arguments(""), json!({}));
    }
}

//! A review's answer: one type for the schema, the parser and everything that is rendered from it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::finding::Severity;

/// What the model contract calls a review answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) summary: String,
    /// 0 to 100.
    pub(super) score: u8,
    pub(super) findings: Vec<Claim>,
}

/// A finding as the model gives it, not yet held against the change.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) category: String,
    pub(super) path: String,
    pub(super) line: u64,
    #[serde(default)]
    pub(super) end_line: Option<u64>,
    pub(super) quote: String,
    pub(super) explanation: String,
    pub(super) suggestion: String,
    pub(super) confidence: f64,
}

/// The JSON schema of [`Answer`], strict: every field required, none additional.
pub(super) fn schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let finding = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "severity", "category", "path", "line", "end_line", "quote", "explanation", "suggestion", "confidence"],
        "properties": {
            "title": text("One short sentence: the problem, not the file."),
            "severity": {"type": "string", "enum": ["critical", "high", "medium", "low"]},
            "category": text("One or two words, such as correctness, tests, injection."),
            "path": text("The file's path as it stands behind ===."),
            "line": {"type": "integer", "minimum": 0, "description": "The number in front of the quoted line."},
            "end_line": {"type": ["integer", "null"], "description": "The last quoted line's number, or null for one line."},
            "quote": text("The added or unchanged line or lines the finding is about, copied exactly, without number and sign."),
            "explanation": text("What goes wrong, when, and why it matters."),
            "suggestion": text("What to do instead."),
            "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description": "From 0 to 1."},
        },
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["summary", "score", "findings"],
        "properties": {
            "summary": text("Two sentences at most: what the change does, and your judgement."),
            "score": {"type": "integer", "minimum": 0, "maximum": 100, "description": "From 0 to 100; 100 is flawless."},
            "findings": {"type": "array", "items": finding},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::strict;

    fn full() -> Value {
        json!({"summary": "s", "score": 90, "findings": [{"title": "t", "severity": "high", "category": "c", "path": "p",
            "line": 1, "end_line": 2, "quote": "q", "explanation": "e", "suggestion": "s", "confidence": 0.5}]})
    }

    #[test]
    fn the_schema_and_the_type_name_the_same_fields() {
        assert!(strict::<Answer>(full()).is_ok());
        let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let schema = schema();
        assert_eq!(fields(&schema["properties"]), fields(&full()));
        assert_eq!(fields(&schema["properties"]["findings"]["items"]["properties"]), fields(&full()["findings"][0]));
        let required = |at: &Value| at["required"].as_array().unwrap().len();
        assert_eq!((required(&schema), required(&schema["properties"]["findings"]["items"])), (3, 10));
    }

    #[test]
    fn another_name_for_a_field_is_refused() {
        let mut answer = full();
        answer["findings"][0]["remediation"] = "x".into();
        assert!(strict::<Answer>(answer).unwrap_err().starts_with("findings[0].remediation: unknown field"));
    }
}

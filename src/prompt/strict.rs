//! Strict replies: what a model answered becomes a type, or a sentence that says where it does not fit.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Parses a model's answer. The error names the path and what was expected; it can be sent back to the model.
/// `T` and the types in it carry `#[serde(deny_unknown_fields)]`, so that an unknown field is refused too.
pub fn strict<T: DeserializeOwned>(answer: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(answer).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        if path == "." { problem } else { format!("{path}: {problem}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Answer {
        score: u8,
        findings: Vec<Item>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        line: u64,
    }

    #[test]
    fn a_whole_answer_is_taken() {
        let answer = strict::<Answer>(json!({"score": 90, "findings": [{"line": 3}]})).unwrap();
        assert_eq!(answer, Answer { score: 90, findings: vec![Item { line: 3 }] });
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_path() {
        let problem = |value| strict::<Answer>(value).unwrap_err();
        assert_eq!(problem(json!({"findings": []})), "missing field `score`");
        assert_eq!(
            problem(json!({"score": 1, "findings": [{"line": "x"}]})),
            "findings[0].line: invalid type: string \"x\", expected u64"
        );
        assert_eq!(
            problem(json!({"score": 1, "findings": [{"line": 1, "remediation": ""}]})),
            "findings[0].remediation: unknown field `remediation`, expected `line`"
        );
        assert_eq!(problem(json!("text")), "invalid type: string \"text\", expected struct Answer");
    }
}

//! Holds a structured answer against its schema, so that a wrong one can be mended in one more turn.
//!
//! Knows what our schemas use: type, enum, properties, required, additionalProperties, items, anyOf, minimum, maximum.

use serde_json::Value;

/// The first thing that does not fit, with its path. The words can be sent back to the model.
pub(super) fn problem(answer: &Value, schema: &Value) -> Option<String> {
    at(answer, schema, "answer")
}

fn at(value: &Value, schema: &Value, path: &str) -> Option<String> {
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = any.iter().any(|schema| at(value, schema, path).is_none());
        return (!fits).then(|| format!("{path} fits none of the allowed shapes"));
    }
    let allowed = types(schema);
    if !allowed.is_empty() && !allowed.iter().any(|name| is(value, name)) {
        return Some(format!("{path} is {}, expected {}", kind(value), allowed.join(" or ")));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        return Some(format!("{path} must be one of {}", words.join(", ")));
    }
    if let Some(number) = value.as_f64() {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        if bound("minimum").is_some_and(|least| number < least) || bound("maximum").is_some_and(|most| number > most) {
            let side = |name: &str| schema.get(name).map_or_else(String::new, ToString::to_string);
            return Some(format!("{path} must lie in {}..{}", side("minimum"), side("maximum")));
        }
    }
    match value {
        Value::Object(object) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            // Strict mode wants every field to be required; one that may be null may as well be absent.
            let nullable = |name: &str| {
                properties.and_then(|known| known.get(name)).is_some_and(|schema| types(schema).contains(&"null"))
            };
            let missing = |name: &&str| !object.contains_key(*name) && !nullable(name);
            if let Some(name) = required.filter_map(Value::as_str).find(missing) {
                return Some(format!("{path} has no field `{name}`"));
            }
            object.iter().find_map(|(name, inner)| match properties.and_then(|known| known.get(name)) {
                Some(schema) => at(inner, schema, &format!("{path}.{name}")),
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    let name: String = name.chars().take(40).collect();
                    Some(format!("{path} has an unknown field `{}`", name.escape_default()))
                }
                None => None,
            })
        }
        Value::Array(items) => {
            let schema = schema.get("items")?;
            items.iter().enumerate().find_map(|(index, item)| at(item, schema, &format!("{path}[{index}]")))
        }
        _ => None,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => kind(value) == other,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_named_with_its_path() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["score", "items"],
            "properties": {
                "score": {"type": "integer", "minimum": 0, "maximum": 100},
                "items": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                    "required": ["severity", "end"], "properties": {
                        "severity": {"type": "string", "enum": ["high", "low"]}, "end": {"type": ["integer", "null"]}}}},
            },
        });
        let check = |answer: Value| problem(&answer, &schema).unwrap_or_default();
        assert_eq!(check(json!({"score": 5, "items": [{"severity": "low", "end": null}]})), "");
        assert_eq!(check(json!({"score": 5, "items": [{"severity": "low"}]})), "");
        assert_eq!(check(json!("text")), "answer is string, expected object");
        assert_eq!(check(json!({"items": []})), "answer has no field `score`");
        assert_eq!(check(json!({"score": 101, "items": []})), "answer.score must lie in 0..100");
        assert_eq!(check(json!({"score": 1.5, "items": []})), "answer.score is number, expected integer");
        assert_eq!(check(json!({"score": 1, "items": [], "x\n": 1})), "answer has an unknown field `x\\n`");
        assert_eq!(
            check(json!({"score": 1, "items": [{"severity": "grave", "end": 1}]})),
            "answer.items[0].severity must be one of \"high\", \"low\""
        );
        assert_eq!(
            check(json!({"score": 1, "items": [{"severity": "low", "end": "3"}]})),
            "answer.items[0].end is string, expected integer or null"
        );
    }

    #[test]
    fn one_of_several_shapes_is_enough() {
        let schema = json!({"anyOf": [{"type": "null"}, {"type": "string"}]});
        assert_eq!(problem(&json!(null), &schema), None);
        assert!(problem(&json!(1), &schema).is_some());
    }
}

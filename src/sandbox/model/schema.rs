//! The subset of JSON Schema that providers take for strict answers.
//!
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>

use serde_json::Value;

/// Keywords that strict mode refuses.
const REFUSED: [&str; 14] = [
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "uniqueItems",
    "minLength",
    "maxLength",
    "default",
];

/// Keywords that Anthropic's strict tools refuse besides (numbers' bounds and most arrays' bounds).
const REFUSED_BY_ANTHROPIC: [&str; 6] =
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "maxItems"];

/// The first thing in `schema` that a provider refuses in strict mode, in words.
pub(super) fn strict_problem(schema: &Value, anthropic: bool) -> Option<String> {
    if schema.get("type") != Some(&Value::from("object")) {
        return Some("schema must be a JSON Schema of 'type: \"object\"'".to_owned());
    }
    problem_at(schema, &mut Vec::new(), anthropic)
}

fn problem_at(schema: &Value, path: &mut Vec<String>, anthropic: bool) -> Option<String> {
    let object = schema.as_object()?;
    let place = || if path.is_empty() { "()".to_owned() } else { format!("('{}')", path.join("', '")) };
    let refused = REFUSED.iter().chain(if anthropic { &REFUSED_BY_ANTHROPIC[..] } else { &[] });
    if let Some(word) = refused.into_iter().find(|word| object.contains_key(**word)) {
        return Some(format!("In context={}, '{word}' is not permitted", place()));
    }
    if path.len() > 40 {
        return Some(format!("In context={}, the schema is nested too deeply", place()));
    }
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        if object.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Some(format!(
                "In context={}, 'additionalProperties' is required to be supplied and to be false",
                place()
            ));
        }
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        // Anthropic allows optional properties, OpenAI does not.
        if let Some(name) = properties.keys().find(|name| !anthropic && !required.contains(&name.as_str())) {
            return Some(format!(
                "In context={}, 'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'",
                place()
            ));
        }
    } else if object.get("type") == Some(&Value::from("object")) && !object.contains_key("additionalProperties") {
        return Some(format!(
            "In context={}, 'additionalProperties' is required to be supplied and to be false",
            place()
        ));
    }
    children(schema).into_iter().find_map(|(step, child)| {
        let depth = path.len();
        path.extend(step);
        let problem = problem_at(child, path, anthropic);
        path.truncate(depth);
        problem
    })
}

/// The schemas inside a schema, each with its path.
fn children(schema: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut found = Vec::new();
    for word in ["properties", "$defs", "definitions"] {
        for (name, child) in schema.get(word).and_then(Value::as_object).into_iter().flatten() {
            found.push((vec![word.to_owned(), name.clone()], child));
        }
    }
    if let Some(items) = schema.get("items") {
        found.push((vec!["items".to_owned()], items));
    }
    for (at, child) in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().enumerate() {
        found.push((vec!["anyOf".to_owned(), at.to_string()], child));
    }
    found
}

/// Whether a tool's or a schema's name is one that providers take.
pub(super) fn name_is_sound(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

/// The tools of an engineer's loop, by the model contract.
const ENGINEER: [&str; 9] =
    ["list_files", "search", "read_file", "edit_file", "write_file", "delete_file", "run_check", "finish", "give_up"];

/// The tool that carries a structured answer although nothing forces it: the only one, and no engineer's tool.
pub(super) fn answer_tool(tools: &[String]) -> Option<String> {
    match tools {
        [only] if !ENGINEER.contains(&only.as_str()) => Some(only.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strict_schemas_are_closed_and_complete() {
        let item = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"type": ["string", "null"]}}});
        let good = json!({"type": "object", "additionalProperties": false, "required": ["list"],
            "properties": {"list": {"type": "array", "items": item}}});
        assert_eq!(strict_problem(&good, false), None);
        let break_it = |change: fn(&mut Value)| {
            let mut schema = good.clone();
            change(&mut schema);
            strict_problem(&schema, false).unwrap_or_default()
        };
        assert!(break_it(|s| s["additionalProperties"] = json!(true)).contains("additionalProperties"));
        assert!(break_it(|s| s["required"] = json!([])).contains("Missing 'list'"));
        let deep = break_it(|s| s["properties"]["list"]["items"]["properties"]["a"]["minLength"] = json!(1));
        assert_eq!(deep, "In context=('properties', 'list', 'items', 'properties', 'a'), 'minLength' is not permitted");
        assert!(break_it(|s| s["type"] = json!("array")).contains("object"));
        assert!(
            break_it(|s| s["properties"]["list"]["items"] = json!({"type": "object"})).contains("additionalProperties")
        );
    }

    #[test]
    fn bounds_of_numbers_are_for_openai_only() {
        let schema = json!({"type": "object", "additionalProperties": false, "required": ["n"],
            "properties": {"n": {"type": "integer", "minimum": 0}}});
        assert_eq!(strict_problem(&schema, false), None);
        assert!(strict_problem(&schema, true).unwrap().contains("minimum"));
    }
}

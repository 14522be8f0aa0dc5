//! The JSON schema of the configuration file, generated from [`super::raw`].

use std::sync::LazyLock;

use serde_json::Value;

use super::raw::Raw;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Raw).to_value());

/// The schema of `.autonomy/config.yaml` (JSON Schema 2020-12), for editors and for `config schema`.
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// Follows references and takes the part of an optional key that is not `null`.
pub(super) fn resolve(mut schema: &'static Value) -> &'static Value {
    // The schema is generated and not recursive; the bound only keeps a mistake from hanging.
    for _ in 0..8 {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/")) {
            schema = &SCHEMA["$defs"][name];
        } else if let Some(parts) = schema.get("anyOf").and_then(Value::as_array) {
            match parts.iter().find(|part| part.get("type").and_then(Value::as_str) != Some("null")) {
                Some(part) => schema = part,
                None => break,
            }
        } else {
            break;
        }
    }
    schema
}

/// The words that the schema allows; empty when it is no enumeration.
pub(super) fn words(schema: &'static Value) -> Vec<&'static str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let alternatives = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    listed
        .chain(alternatives.flat_map(|part| {
            let one = part.get("const").and_then(Value::as_str);
            one.into_iter().chain(words(part))
        }))
        .collect()
}

/// The type that is not `null`, by the schema's name.
pub(super) fn kind(schema: &'static Value) -> &'static str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained() {
        let mut silent = Vec::new();
        let definitions = schema()["$defs"].as_object().unwrap().iter().map(|(name, part)| (name.as_str(), part));
        for (name, part) in definitions.chain([("", schema())]) {
            for (key, property) in part["properties"].as_object().into_iter().flatten() {
                if property.get("description").is_none() {
                    silent.push(format!("{name}.{key}"));
                }
            }
        }
        assert_eq!(silent, Vec::<String>::new());
    }

    #[test]
    fn modes_and_providers_are_lists_of_words() {
        let defs = &schema()["$defs"];
        assert_eq!(words(resolve(&defs["Provider"])), ["openai", "anthropic"]);
        assert_eq!(words(resolve(&defs["Mode"])).len(), 4);
    }

    /// `UPDATE=1 cargo test` writes it anew.
    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/config.schema.json");
        let generated = format!("{}\n", serde_json::to_string_pretty(schema()).unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), generated, "run `UPDATE=1 cargo test schema`");
    }

    #[test]
    fn the_example_names_every_key_and_is_valid() {
        let text = include_str!("../../examples/config.yaml");
        let file = crate::config::ConfigFile { name: "config.yaml", bytes: text.as_bytes() };
        crate::config::load(Some(file), &crate::config::Inputs::default()).unwrap();
        let defs = schema()["$defs"].as_object().unwrap().values().chain([schema()]);
        let keys = defs.flat_map(|part| part["properties"].as_object().into_iter().flatten().map(|(key, _)| key));
        let missing: Vec<&String> = keys.filter(|key| !text.contains(&format!("{key}:"))).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}

//! Holds the tree against the schema: unknown keys, wrong types, unknown words and numbers out of range, all of them.
//!
//! What is wrong is left out of the result, so that the rest can be checked further.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value as Json};

use super::node::{Node, Place, Value, short};
use super::problem::{Problem, nearest};
use super::schema::{kind, resolve, schema, words};

/// The file as JSON that fits the schema, the place of every value, and what did not fit.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    pub(super) value: Map<String, Json>,
    pub(super) places: BTreeMap<String, Place>,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn shape(file: &str, root: &Node) -> Shaped {
    let mut walk = Walk { file, shaped: Shaped::default() };
    match &root.value {
        Value::Null => {}
        Value::Map(_) => {
            if let Some(Json::Object(value)) = walk.node(root, schema(), "") {
                walk.shaped.value = value;
            }
        }
        other => walk.problem(
            root.place,
            "",
            format!("expected keys and values such as `version: 1`, found {}", other.describe()),
            None,
        ),
    }
    walk.shaped
}

struct Walk<'a> {
    file: &'a str,
    shaped: Shaped,
}

impl Walk<'_> {
    fn problem(&mut self, place: Place, key: &str, message: String, suggestion: Option<String>) {
        self.shaped.problems.push(Problem {
            file: self.file.to_owned(),
            line: Some(place.line),
            column: Some(place.column),
            key: key.to_owned(),
            message,
            suggestion,
        });
    }

    /// `None` where nothing is written, or where it is wrong.
    fn node(&mut self, node: &Node, schema: &'static Json, path: &str) -> Option<Json> {
        if node.value == Value::Null {
            return None;
        }
        let schema = resolve(schema);
        self.shaped.places.insert(path.to_owned(), node.place);
        let words = words(schema);
        if !words.is_empty() {
            return self.word(node, &words, path);
        }
        match (kind(schema), &node.value) {
            ("object", Value::Map(entries)) => self.mapping(node, entries, schema, path),
            ("array", Value::List(items)) => {
                let inner = &schema["items"];
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let item_path = format!("{path}[{index}]");
                    if item.value == Value::Null {
                        self.problem(item.place, &item_path, "the entry is empty; remove the dash".to_owned(), None);
                    }
                    if let Some(json) = self.node(item, inner, &item_path) {
                        self.rename(&item_path, &format!("{path}[{}]", list.len()));
                        list.push(json);
                    }
                }
                Some(Json::Array(list))
            }
            ("string", value) => match value.as_text() {
                Some(text) => self.text(node, text, schema, path),
                None => self.mismatch(node, "text", path),
            },
            ("boolean", Value::Bool(value)) => Some(Json::Bool(*value)),
            ("boolean", Value::Text(text)) => {
                let meant = match text.to_lowercase().as_str() {
                    "yes" | "on" | "true" => Some("true"),
                    "no" | "off" | "false" => Some("false"),
                    _ => None,
                };
                let message = format!("expected true or false, found {}", node.value.describe());
                self.problem(node.place, path, message, meant.map(str::to_owned));
                None
            }
            ("integer" | "number", Value::Int(value)) => self.number(node, Number::from(*value), schema, path),
            ("integer", Value::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
                let whole = *value as i64;
                self.number(node, Number::from(whole), schema, path)
            }
            ("number", Value::Float(value)) => match Number::from_f64(*value) {
                Some(number) => self.number(node, number, schema, path),
                None => self.mismatch(node, "a finite number", path),
            },
            ("object", _) => self.mismatch(node, "a mapping (keys and values)", path),
            ("array", _) => self.mismatch(node, "a list", path),
            ("boolean", _) => self.mismatch(node, "true or false", path),
            ("integer", _) => self.mismatch(node, "a whole number", path),
            ("number", _) => self.mismatch(node, "a number", path),
            _ => None,
        }
    }

    /// Entries behind one that was left out move up, and their places with them.
    fn rename(&mut self, from: &str, to: &str) {
        if from != to {
            let moved: Vec<String> = self.shaped.places.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in moved {
                if let Some(place) = self.shaped.places.remove(&path) {
                    self.shaped.places.insert(path.replacen(from, to, 1), place);
                }
            }
        }
    }

    fn mismatch(&mut self, node: &Node, expected: &str, path: &str) -> Option<Json> {
        self.problem(node.place, path, format!("expected {expected}, found {}", node.value.describe()), None);
        None
    }

    fn mapping(&mut self, node: &Node, entries: &[(Node, Node)], schema: &'static Json, path: &str) -> Option<Json> {
        let known = schema.get("properties").and_then(Json::as_object);
        let any = schema.get("additionalProperties").filter(|inner| inner.is_object());
        let mut map = Map::new();
        for (key, value) in entries {
            let Some(name) = key.value.as_text() else {
                self.problem(key.place, path, format!("expected a key, found {}", key.value.describe()), None);
                continue;
            };
            let inner_path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(inner) = known.and_then(|known| known.get(&name)).or(any) else {
                let names: Vec<&str> = known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
                self.unknown_key(key.place, path, &name, &names);
                continue;
            };
            if let Some(json) = self.node(value, inner, &inner_path) {
                map.insert(name, json);
            }
        }
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        let mut whole = true;
        for name in required {
            if map.contains_key(name) {
                continue;
            }
            whole = false;
            let written = |(key, value): &(Node, Node)| {
                value.value != Value::Null && key.value.as_text().as_deref() == Some(name)
            };
            if entries.iter().any(written) {
                // It was complained about where it stands.
            } else if path.is_empty() {
                let message = format!("the key `{name}` is missing; add the line `version: 1`");
                self.problem(Place { line: 1, column: 1 }, "", message, None);
            } else {
                self.problem(node.place, path, format!("the key `{name}` is missing"), None);
            }
        }
        // A whole section is kept at the top, where one bad key must not hide the others.
        (whole || path.is_empty()).then_some(Json::Object(map))
    }

    fn unknown_key(&mut self, place: Place, path: &str, name: &str, known: &[&str]) {
        let near = nearest(name, known.iter().copied()).map(str::to_owned);
        let secret = ["key", "token", "secret", "password"].iter().any(|word| name.to_lowercase().contains(word));
        let more = match (&near, secret) {
            (Some(_), _) => String::new(),
            (None, true) => "; keys and tokens never stand in this file: set OPENAI_API_KEY, ANTHROPIC_API_KEY or \
                             GITHUB_TOKEN, or the Action's inputs"
                .to_owned(),
            (None, false) => format!("; known keys: {}", known.join(", ")),
        };
        self.problem(place, path, format!("unknown key `{}`{more}", short(name)), near);
    }

    fn word(&mut self, node: &Node, words: &[&str], path: &str) -> Option<Json> {
        let text = node.value.as_text();
        if let Some(text) = text.as_deref().filter(|text| words.contains(text)) {
            return Some(Json::String(text.to_owned()));
        }
        let near = text.and_then(|text| nearest(&text, words.iter().copied())).map(str::to_owned);
        let message = format!("expected {}, found {}", words.join(" | "), node.value.describe());
        self.problem(node.place, path, message, near);
        None
    }

    fn text(&mut self, node: &Node, text: String, schema: &Json, path: &str) -> Option<Json> {
        let limit = |name: &str| schema.get(name).and_then(Json::as_u64);
        let length = text.chars().count() as u64;
        if limit("minLength").is_some_and(|least| length < least || text.trim().is_empty()) {
            self.problem(node.place, path, "expected text, found nothing".to_owned(), None);
            return None;
        }
        if let Some(most) = limit("maxLength").filter(|most| length > *most) {
            let message = format!("expected at most {most} characters, found {length}");
            self.problem(node.place, path, message, None);
            return None;
        }
        Some(Json::String(text))
    }

    fn number(&mut self, node: &Node, number: Number, schema: &Json, path: &str) -> Option<Json> {
        let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        let value = number.as_f64().unwrap_or(f64::NAN);
        if value >= least.unwrap_or(f64::MIN) && value <= most.unwrap_or(f64::MAX) {
            return Some(Json::Number(number));
        }
        let expected = match (least, most) {
            (Some(least), Some(most)) if (least - most).abs() < f64::EPSILON => format!("{least}"),
            (Some(least), Some(most)) => format!("{least} to {most}"),
            (Some(least), None) => format!("at least {least}"),
            (None, Some(most)) => format!("at most {most}"),
            (None, None) => "a number".to_owned(),
        };
        self.problem(node.place, path, format!("expected {expected}, found {number}"), None);
        None
    }
}

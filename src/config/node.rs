//! YAML as a tree in which every value knows its line and column.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy, NonFiniteFloatPolicy, Spanned};

use super::problem::{Problem, Problems};

/// A configuration is written by hand: what is larger is something else.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// The value in words, for messages. Long texts are cut.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => format!("`{}`", short(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a mapping".to_owned(),
        }
    }

    /// A scalar as text, as a key or a name is written.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// At most 60 characters of a text on one line.
pub(super) fn short(text: &str) -> String {
    let mut line: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 60 {
        line.push('…');
    }
    line
}

/// Reads one document. An empty file is [`Value::Null`].
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Node, Problems> {
    let problem = |place: Place, message: String| {
        Problems(vec![Problem {
            file: file.to_owned(),
            line: (place.line > 0).then_some(place.line),
            column: (place.line > 0).then_some(place.column),
            key: String::new(),
            message,
            suggestion: None,
        }])
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; a configuration has at most {MAX_BYTES}", bytes.len());
        return Err(problem(Place::default(), message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let before = String::from_utf8_lossy(before);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
        problem(Place { line, column }, "the file is not UTF-8 text; save it as UTF-8".to_owned())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let empty = |line: &str| matches!(line, "" | "---" | "..." | "null" | "~") || line.starts_with('#');
    if text.lines().all(|line| empty(line.trim())) {
        return Ok(Node { place: Place { line: 1, column: 1 }, value: Value::Null });
    }
    let mut options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    options.alias_limits.max_total_replayed_events = 10_000;
    serde_saphyr::from_str_with_options(text, options).map_err(|error: Error| {
        let place = error.location().map_or_else(Place::default, |at| Place { line: at.line(), column: at.column() });
        problem(place, sentence(&error))
    })
}

fn sentence(error: &Error) -> String {
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{}` is written twice; keep one of them", short(key))
        }
        Error::DuplicateMappingKey { .. } => "a key is written twice; keep one of them".to_owned(),
        Error::MultipleDocuments { .. } => "the file holds more than one YAML document; keep one".to_owned(),
        Error::MergeKeyNotAllowed { .. } => "merge keys (`<<`) are not supported; write the keys out".to_owned(),
        Error::ExternalMessage { msg, .. } | Error::Message { msg, .. } => {
            format!("the file is not valid YAML: {}", short(msg))
        }
        Error::Eof { .. } => "the file is not valid YAML: it ends too early".to_owned(),
        other => {
            let text = other.to_string();
            format!("the file is not valid YAML: {}", short(text.lines().next().unwrap_or_default()))
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let place = Place { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Ok(Self { place, value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        // Beyond what fits it is out of every key's range anyway.
        Ok(Value::Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Int(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let node = read("c.yaml", b"a:\n  - x: 1.5\n    yes: \"q\"\n").unwrap();
        let Value::Map(entries) = &node.value else { panic!("{node:?}") };
        let Value::List(items) = &entries[0].1.value else { panic!("{node:?}") };
        let Value::Map(inner) = &items[0].value else { panic!("{node:?}") };
        assert_eq!(inner[0].1, Node { place: Place { line: 2, column: 8 }, value: Value::Float(1.5) });
        assert_eq!(inner[1].0, Node { place: Place { line: 3, column: 5 }, value: Value::Text("yes".into()) });
    }

    #[test]
    fn empty_files_hold_nothing() {
        for text in ["", "\n\n", "# only a comment\n", "---\n", "\u{feff}", "---\n# c\n...\n"] {
            assert_eq!(read("c.yaml", text.as_bytes()).unwrap().value, Value::Null, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_yaml_is_said_in_one_sentence_with_its_place() {
        let nested = format!("a: {}", "[".repeat(5000));
        let huge = vec![b'#'; MAX_BYTES + 1];
        let cases: [(&[u8], &str); 11] = [
            (b"version: 1\nversion: 1\n", "c.yaml:2:1: the key `version` is written twice; keep one of them"),
            (b"a: [1, 2\nb: 3\n", "c.yaml:2:2: the file is not valid YAML: illegal placement of ':' indicator"),
            (b"a: \"x\n", "c.yaml:2:1: the file is not valid YAML: invalid indentation in multiline quoted scalar"),
            (
                b"a:\n\tb: 1\n",
                "c.yaml:2:2: the file is not valid YAML: tabs disallowed within this context (block indentation)",
            ),
            (b"a: @b\n", "c.yaml:1:4: the file is not valid YAML: unexpected character: `@'"),
            (b"a: 1\nb: \xff\xfe\n", "c.yaml:2:4: the file is not UTF-8 text; save it as UTF-8"),
            (b"a: 1\n---\nb: 1\n", "c.yaml:3:1: the file holds more than one YAML document; keep one"),
            (b"x: &a [1]\n<<: *a\n", "c.yaml:2:1: merge keys (`<<`) are not supported; write the keys out"),
            (
                b"a: *nowhere\n",
                "c.yaml:1:4: the file is not valid YAML: alias references unknown anchor at line 1, column 4",
            ),
            (&huge, "c.yaml: the file has 262145 bytes; a configuration has at most 262144"),
            (nested.as_bytes(), "c.yaml:1:259: the file is not valid YAML: recursion limit exceeded"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read("c.yaml", bytes).map_err(|problem| problem.to_string()), Err(expected.to_owned()));
        }
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in ('b'..='l').zip('a'..) {
            let aliases = vec![format!("*{before}"); 10].join(", ");
            text = format!("{text}{name}: &{name} [{aliases}]\n");
        }
        assert!(read("c.yaml", text.as_bytes()).is_err());
    }
}

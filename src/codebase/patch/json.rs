//! Edits as JSON: the string-replace tools of several vendors, alone, in lists, or wrapped as tool calls.
//!
//! <https://docs.claude.com/en/docs/agents-and-tools/tool-use/text-editor-tool>

use serde_json::{Map, Value};

use super::fence::Fence;
use super::reply::{Action, Edit, Update};
use super::words::Why;

/// `None` when the reply holds no JSON edits.
pub(super) fn parse(reply: &str) -> Result<Option<Vec<Edit>>, Why> {
    let mut edits = Vec::new();
    for (line, text) in texts(reply) {
        let mut whole = true;
        let values = serde_json::Deserializer::from_str(text).into_iter::<Value>().map_while(|value| {
            whole = value.is_ok();
            value.ok()
        });
        let mut found = Vec::new();
        for value in values {
            read(&value, None, line, &mut found)?;
        }
        if !whole && (!found.is_empty() || looks_like_edit(text)) {
            return Err(Why::Malformed { line, what: "the JSON is not whole" });
        }
        edits.append(&mut found);
    }
    Ok((!edits.is_empty()).then_some(edits))
}

/// A cheap test, for texts that do not parse.
fn looks_like_edit(text: &str) -> bool {
    OLD.iter().any(|key| text.contains(&format!("\"{key}\"")))
        && PATH.iter().any(|key| text.contains(&format!("\"{key}\"")))
}

/// The parts of a reply that may be JSON, with the 1-based lines where they begin.
fn texts(reply: &str) -> Vec<(usize, &str)> {
    let begins = |text: &str| text.trim_start().starts_with(['{', '[']);
    if begins(reply) {
        return vec![(1, reply.trim())];
    }
    let mut texts = Vec::new();
    let mut open: Option<(Fence<'_>, usize, usize)> = None;
    let mut at = 0;
    for (number, line) in reply.split_inclusive('\n').enumerate() {
        let text = line.trim_end_matches('\n');
        match open {
            Some((fence, first, start)) if fence.is_closed_by(text) => {
                if begins(&reply[start..at]) {
                    texts.push((first, reply[start..at].trim()));
                }
                open = None;
            }
            Some(_) => {}
            None => open = Fence::of(text).map(|fence| (fence, number + 2, at + line.len())),
        }
        at += line.len();
    }
    if let Some((_, first, start)) = open.filter(|(_, _, start)| begins(reply.get(*start..).unwrap_or_default())) {
        texts.push((first, reply[start..].trim()));
    }
    texts
}

const PATH: [&str; 6] = ["path", "file_path", "filename", "file", "target_file", "filepath"];
const OLD: [&str; 6] = ["old_str", "old_string", "old_text", "oldText", "search", "old"];
const NEW: [&str; 6] = ["new_str", "new_string", "new_text", "newText", "replace", "new"];
const TEXT: [&str; 4] = ["file_text", "content", "contents", "text"];

fn read(value: &Value, path: Option<&str>, line: usize, edits: &mut Vec<Edit>) -> Result<(), Why> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| read(item, path, line, edits)),
        Value::Object(object) => read_object(object, path, line, edits),
        _ => Ok(()),
    }
}

fn read_object(object: &Map<String, Value>, path: Option<&str>, line: usize, edits: &mut Vec<Edit>) -> Result<(), Why> {
    let tool = text_of(object, &["name", "tool", "tool_name"]).unwrap_or_default();
    for key in ["arguments", "input", "parameters", "function"] {
        match object.get(key) {
            Some(inner @ Value::Object(_)) => return read_named(inner, tool, path, line, edits),
            Some(Value::String(inner)) => {
                if let Ok(inner) = serde_json::from_str::<Value>(inner) {
                    return read_named(&inner, tool, path, line, edits);
                }
            }
            _ => {}
        }
    }
    one(object, tool, path, line, edits)
}

fn read_named(value: &Value, tool: &str, path: Option<&str>, line: usize, edits: &mut Vec<Edit>) -> Result<(), Why> {
    match value {
        Value::Object(object) => one(object, tool, path, line, edits),
        other => read(other, path, line, edits),
    }
}

fn one(
    object: &Map<String, Value>,
    tool: &str,
    path: Option<&str>,
    line: usize,
    edits: &mut Vec<Edit>,
) -> Result<(), Why> {
    let path = text_of(object, &PATH).or(path);
    for key in ["edits", "changes", "replacements", "files", "operations", "tool_calls"] {
        if let Some(list @ Value::Array(_)) = object.get(key) {
            return read(list, path, line, edits);
        }
    }
    let Some(path) = path else { return Ok(()) };
    let command = text_of(object, &["command", "type", "action"]).unwrap_or(tool);
    let (old, new) = (text_of(object, &OLD), text_of(object, &NEW));
    let action = match (command, old) {
        (_, Some("")) => Action::Create { text: new.unwrap_or_default().to_owned(), executable: false },
        (_, Some(old)) => Action::Update(Update::Text {
            old: old.to_owned(),
            new: new.unwrap_or_default().to_owned(),
            everywhere: object.get("replace_all").and_then(Value::as_bool) == Some(true),
        }),
        ("delete" | "delete_file", None) => Action::Delete,
        ("insert", None) => insert(object, line)?,
        (_, None) => match text_of(object, &TEXT) {
            Some(text) => Action::Write { text: text.to_owned() },
            None if matches!(command, "str_replace" | "edit_file" | "edit") => {
                return Err(Why::Malformed { line, what: "the edit has no old text" });
            }
            None => return Ok(()),
        },
    };
    edits.push(Edit { path: path.to_owned(), line, action });
    Ok(())
}

fn insert(object: &Map<String, Value>, line: usize) -> Result<Action, Why> {
    let after = object.get("insert_line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
    let text = text_of(object, &["insert_text"]).or_else(|| text_of(object, &NEW));
    match (after, text) {
        (Some(line), Some(text)) => Ok(Action::Update(Update::InsertAfter { line, text: text.to_owned() })),
        _ => Err(Why::Malformed { line, what: "an insertion needs insert_line and its text" }),
    }
}

fn text_of<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| object.get(*key)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(path: &str, old: &str, new: &str) -> Edit {
        let (old, new) = (old.to_owned(), new.to_owned());
        Edit { path: path.into(), line: 1, action: Action::Update(Update::Text { old, new, everywhere: false }) }
    }

    #[test]
    fn several_vendors_tools_are_read() {
        for reply in [
            r#"{"command":"str_replace","path":"a","old_str":"x","new_str":"y"}"#,
            r#"{"file_path":"a","edits":[{"old_string":"x","new_string":"y"}]}"#,
            r#"[{"name":"edit_file","arguments":"{\"path\":\"a\",\"old_text\":\"x\",\"new_text\":\"y\"}"}]"#,
            r#"{"tool_calls":[{"function":{"name":"edit_file","path":"a","old":"x","new":"y"}}]}"#,
        ] {
            assert_eq!(parse(reply), Ok(Some(vec![replaced("a", "x", "y")])), "{reply}");
        }
        let reply =
            "Here:\n```json\n{\"path\":\"b\",\"insert_line\":3,\"insert_text\":\"z\",\"command\":\"insert\"}\n```\n";
        let action = Action::Update(Update::InsertAfter { line: 3, text: "z".into() });
        assert_eq!(parse(reply), Ok(Some(vec![Edit { path: "b".into(), line: 3, action }])));
    }

    #[test]
    fn other_json_is_no_edit_and_half_an_edit_is_refused() {
        assert_eq!(parse("package.json\n```json\n{\"name\":\"x\",\"files\":[\"a\"]}\n```\n"), Ok(None));
        assert_eq!(parse("{ not json }"), Ok(None));
        assert!(parse(r#"{"path":"a","old_str":"x","new_st"#).is_err());
        assert!(parse("```json\n{\"path\":\"a\",\"old_str\":\"x\",\"new_st").is_err());
    }
}

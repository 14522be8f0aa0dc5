//! The engineer's nine tools: their schemas as the model contract documents them, and strict parsing of the calls.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::ports::model::{ToolCall, ToolSpec};
use crate::prompt;

/// A call that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tool {
    ListFiles { glob: String },
    Search { pattern: String, glob: Option<String> },
    ReadFile { path: String, start_line: Option<u64>, end_line: Option<u64> },
    EditFile { path: String, old_text: String, new_text: String },
    WriteFile { path: String, content: String },
    DeleteFile { path: String },
    RunCheck { name: String },
    Finish { summary: String, commit_message: Option<String> },
    GiveUp { reason: String },
}

impl Tool {
    /// What it is about, in a few words for whoever watches. Untrusted.
    pub(super) fn detail(&self) -> &str {
        match self {
            Self::ListFiles { glob } => glob,
            Self::Search { pattern, .. } => pattern,
            Self::ReadFile { path, .. }
            | Self::EditFile { path, .. }
            | Self::WriteFile { path, .. }
            | Self::DeleteFile { path } => path,
            Self::RunCheck { name } => name,
            Self::Finish { summary, .. } => summary,
            Self::GiveUp { reason } => reason,
        }
    }
}

/// The tools, in the order of the contract. Byte-stable, so that prompt caches hit.
pub(super) fn specs() -> Vec<ToolSpec> {
    vec![
        spec(
            "list_files",
            "List the repository's files that match a glob.",
            &[("glob", Kind::Text, "Such as `src/**/*.rs`; a name without a slash matches in every folder.")],
        ),
        spec(
            "search",
            "Search the text of all files, line by line: files with counts, then the lines.",
            &[
                ("pattern", Kind::Text, "A regular expression, such as `fn wrap\\b`; `(?i)` ignores case."),
                ("glob", Kind::OptionalText, "Only files that match; null for all."),
            ],
        ),
        spec(
            "read_file",
            "Read up to 200 lines of a file, with line numbers.",
            &[
                ("path", Kind::Text, "Relative to the repository's root."),
                ("start_line", Kind::OptionalNumber, "First line, counted from 1; null for the beginning."),
                ("end_line", Kind::OptionalNumber, "Last line, inclusive; null for 200 lines."),
            ],
        ),
        spec(
            "edit_file",
            "Replace text in a file. Everything that you do not name stays as it is.",
            &[
                ("path", Kind::Text, "Relative to the repository's root."),
                (
                    "old_text",
                    Kind::Text,
                    "The text to replace, without line numbers. It must stand exactly once in the file.",
                ),
                ("new_text", Kind::Text, "What stands there afterwards."),
            ],
        ),
        spec(
            "write_file",
            "Create a file, or replace one whole. Prefer edit_file for files that exist.",
            &[
                ("path", Kind::Text, "Relative to the repository's root."),
                ("content", Kind::Text, "The whole content."),
            ],
        ),
        spec("delete_file", "Delete a file.", &[("path", Kind::Text, "Relative to the repository's root.")]),
        spec(
            "run_check",
            "Run one of the repository's checks on the files as they are now.",
            &[("name", Kind::Text, "The check's name, from the brief.")],
        ),
        spec(
            "finish",
            "Say that the change is complete. All checks run; if one got worse you hear about it and go on.",
            &[
                ("summary", Kind::Text, "What changed and why, for the reviewer, in a few plain sentences."),
                ("commit_message", Kind::OptionalText, "Detail for the commit, without a title; null for none."),
            ],
        ),
        spec(
            "give_up",
            "End without a change, where the issue can't be done well or safely.",
            &[("reason", Kind::Text, "Why, and what is missing, for the person who wrote the issue.")],
        ),
    ]
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    OptionalText,
    OptionalNumber,
}

/// Strict schemas require every property, so an optional one may be null.
fn spec(name: &'static str, description: &'static str, parameters: &[(&str, Kind, &str)]) -> ToolSpec {
    let mut properties = Map::new();
    for (name, kind, text) in parameters {
        let kind = match kind {
            Kind::Text => json!("string"),
            Kind::OptionalText => json!(["string", "null"]),
            Kind::OptionalNumber => json!(["integer", "null"]),
        };
        properties.insert((*name).to_owned(), json!({"type": kind, "description": text}));
    }
    let required: Vec<&str> = parameters.iter().map(|(name, ..)| *name).collect();
    let parameters = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    ToolSpec { name, description, parameters }
}

/// Parses a call. The error is an answer to the model.
pub(super) fn parse(call: &ToolCall) -> Result<Tool, String> {
    let name = call.name.as_str();
    if !specs().iter().any(|spec| spec.name == name) {
        let known: Vec<&str> = specs().iter().map(|spec| spec.name).collect();
        return Err(format!("there is no tool `{}`; the tools are {}", cut(name), known.join(", ")));
    }
    if !call.arguments.is_object() {
        return Err(format!("the arguments of {name} are not a JSON object; call it again with valid JSON"));
    }
    let wrong = |problem: String| format!("the arguments of {name} are wrong: {}", cut(&problem));
    arguments(name, call.arguments.clone()).map_err(wrong)
}

fn cut(text: &str) -> String {
    text.chars().take(300).filter(|c| !c.is_control()).collect()
}

fn arguments(name: &str, value: Value) -> Result<Tool, String> {
    Ok(match name {
        "list_files" => {
            let Glob { glob } = prompt::strict(value)?;
            Tool::ListFiles { glob }
        }
        "search" => {
            let Search { pattern, glob } = prompt::strict(value)?;
            Tool::Search { pattern, glob: glob.filter(|glob| !glob.trim().is_empty()) }
        }
        "read_file" => {
            let Read { path, start_line, end_line } = prompt::strict(value)?;
            Tool::ReadFile { path, start_line, end_line }
        }
        "edit_file" => {
            let Edit { path, old_text, new_text } = prompt::strict(value)?;
            Tool::EditFile { path, old_text, new_text }
        }
        "write_file" => {
            let Write { path, content } = prompt::strict(value)?;
            Tool::WriteFile { path, content }
        }
        "delete_file" => {
            let Delete { path } = prompt::strict(value)?;
            Tool::DeleteFile { path }
        }
        "run_check" => {
            let Check { name } = prompt::strict(value)?;
            Tool::RunCheck { name }
        }
        "finish" => {
            let Finish { summary, commit_message } = prompt::strict(value)?;
            Tool::Finish { summary, commit_message }
        }
        _ => {
            let GiveUp { reason } = prompt::strict(value)?;
            Tool::GiveUp { reason }
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Glob {
    glob: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    pattern: String,
    #[serde(default)]
    glob: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    path: String,
    #[serde(default)]
    start_line: Option<u64>,
    #[serde(default)]
    end_line: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    old_text: String,
    new_text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finish {
    summary: String,
    #[serde(default)]
    commit_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GiveUp {
    reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: Value) -> Result<Tool, String> {
        parse(&ToolCall { id: "1".into(), name: name.into(), arguments })
    }

    #[test]
    fn the_schemas_are_strict_and_named_as_documented() {
        let names: Vec<&str> = specs().iter().map(|spec| spec.name).collect();
        assert_eq!(
            names,
            [
                "list_files",
                "search",
                "read_file",
                "edit_file",
                "write_file",
                "delete_file",
                "run_check",
                "finish",
                "give_up"
            ]
        );
        for spec in specs() {
            let properties: Vec<&String> = spec.parameters["properties"].as_object().unwrap().keys().collect();
            let required: Vec<&str> =
                spec.parameters["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(properties, required, "{}", spec.name);
            assert_eq!(spec.parameters["additionalProperties"], json!(false), "{}", spec.name);
        }
        assert_eq!(specs()[2].parameters["properties"]["start_line"]["type"], json!(["integer", "null"]));
    }

    #[test]
    fn every_tool_parses_and_optional_arguments_may_be_null_or_absent() {
        assert_eq!(call("list_files", json!({"glob": "*"})), Ok(Tool::ListFiles { glob: "*".into() }));
        let read = Tool::ReadFile { path: "a".into(), start_line: None, end_line: Some(2) };
        assert_eq!(call("read_file", json!({"path": "a", "start_line": null, "end_line": 2})), Ok(read));
        let finish = Tool::Finish { summary: "s".into(), commit_message: None };
        assert_eq!(call("finish", json!({"summary": "s"})), Ok(finish));
        for (name, arguments) in [
            ("search", json!({"pattern": "x", "glob": null})),
            ("edit_file", json!({"path": "a", "old_text": "x", "new_text": ""})),
            ("write_file", json!({"path": "a", "content": ""})),
            ("delete_file", json!({"path": "a"})),
            ("run_check", json!({"name": "test"})),
            ("give_up", json!({"reason": "r"})),
        ] {
            assert!(call(name, arguments).is_ok(), "{name}");
        }
    }

    #[test]
    fn garbage_is_answered_in_words() {
        assert_eq!(
            call("edit_file", json!("{broken")).unwrap_err(),
            "the arguments of edit_file are not a JSON object; call it again with valid JSON"
        );
        assert_eq!(
            call("read_file", json!({"path": "a", "start_line": "1"})).unwrap_err(),
            "the arguments of read_file are wrong: start_line: invalid type: string \"1\", expected u64"
        );
        assert!(call("read_file", json!({"file": "a"})).unwrap_err().contains("unknown field `file`"));
        assert!(call("bash", json!({})).unwrap_err().starts_with("there is no tool `bash`; the tools are list_files"));
    }
}

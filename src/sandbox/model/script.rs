//! The conversation file: who is asked, in which order, and what is answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// A conversation, turn by turn. Written as YAML or JSON:
///
/// ```yaml
/// api_key: sk-demo              # optional: every other key is answered with 401
/// refuse: [temperature]         # optional: parameters that this "model" does not support
/// roles:
///   engineer:                   # a request with tools
///     - expect: ["Fixes #12"]   # must stand in the prompt, else 400 and the request counts as unscripted
///       tool_calls:
///         - { name: read_file, arguments: { path: src/lib.rs } }
///     - expect_last: ["re:fn +add"]        # `re:` starts a regular expression; `last` = since the model's last word
///       tool_calls:
///         - { name: finish, arguments: { summary: "Add two numbers." } }
///   cto_review:                 # the name of the schema (or forced tool) that the answer must follow
///     - { status: 429, retry_after: 1 }    # first a rate limit,
///     - { when: ["unsafe"], answer: { summary: "…", score: 40, findings: [] } }   # taken only if the prompt says `unsafe`
///     - { repeat: true, answer: { summary: "Fine.", score: 95, findings: [] } }   # any number of times
/// ```
///
/// A turn has one reply: `text` and/or `tool_calls`, `answer` (JSON), `raw` (content as it stands, garbage on purpose),
/// `empty: true`, `status` (with `message`, `retry_after` seconds) or `drop: true` (the connection is cut). It may have
/// `stop: length | content_filter | refusal`, `usage: {input, output, cached}` in tokens (`cached` is a part of `input`;
/// estimated from the sizes when absent), `delay_ms`, the conditions `when`, `expect`, `expect_last`, `absent`, and `repeat`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelScript {
    #[serde(default)]
    pub(super) api_key: Option<String>,
    #[serde(default)]
    pub(super) refuse: Vec<String>,
    pub(super) roles: BTreeMap<String, Vec<Turn>>,
}

/// Why a conversation file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("cannot read the conversation file {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("the conversation {name} is not understood: {problem}")]
    Invalid { name: String, problem: String },
}

impl ModelScript {
    /// Reads a conversation file, YAML or JSON.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| ScriptError::Unreadable { path: name.clone(), source })?;
        Self::parse(&name, &text)
    }

    /// Reads a conversation from text; `name` stands in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScriptError> {
        let invalid = |problem: String| ScriptError::Invalid { name: name.to_owned(), problem };
        let script: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?
        } else {
            // `no` and `on` are words in a prompt, not booleans.
            let options = serde_saphyr::options! { strict_booleans: true };
            serde_saphyr::from_str_with_options(text, options).map_err(|e| invalid(e.without_snippet().to_string()))?
        };
        for (role, turns) in &script.roles {
            let open = turns.iter().position(|turn| turn.repeat && turn.when.is_empty());
            if let Some(at) = open.filter(|at| at + 1 < turns.len()) {
                return Err(invalid(format!(
                    "roles.{role}: turn {} repeats without `when`, so the turns after it are never reached; move it to the end",
                    at + 1
                )));
            }
        }
        Ok(script)
    }
}

/// One request and what is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WrittenTurn")]
pub(super) struct Turn {
    pub(super) when: Vec<Needle>,
    pub(super) expect: Vec<Needle>,
    pub(super) expect_last: Vec<Needle>,
    pub(super) absent: Vec<Needle>,
    pub(super) repeat: bool,
    pub(super) delay: Duration,
    pub(super) usage: Option<Usage>,
    pub(super) reply: Reply,
}

#[derive(Debug, Clone)]
pub(super) enum Reply {
    Say { text: Option<String>, tool_calls: Vec<ToolCall>, stop: Option<Stop> },
    Answer { json: Value, stop: Option<Stop> },
    Raw { text: String, stop: Option<Stop> },
    Empty,
    Fail { status: u16, message: Option<String>, retry_after: Option<f64> },
    Drop,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolCall {
    pub(super) name: String,
    /// An object; or a string, sent as it stands (Chat Completions only).
    pub(super) arguments: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stop {
    Length,
    ContentFilter,
    Refusal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) output: u64,
    /// The part of `input` that came from the prompt cache.
    #[serde(default)]
    pub(super) cached: u64,
}

/// A text to look for: a substring, or a regular expression after `re:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Needle {
    written: String,
    regex: Option<Regex>,
}

impl Needle {
    pub(super) fn occurs_in(&self, text: &str) -> bool {
        self.regex.as_ref().map_or_else(|| text.contains(&self.written), |regex| regex.is_match(text))
    }

    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

impl TryFrom<String> for Needle {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let regex = match written.strip_prefix("re:") {
            Some(pattern) => Some(Regex::new(pattern).map_err(|e| no_regex(&written, &e))?),
            None => None,
        };
        Ok(Self { written, regex })
    }
}

fn no_regex(written: &str, error: &regex::Error) -> String {
    let error = error.to_string();
    format!("`{written}` is no regular expression ({})", error.lines().last().unwrap_or_default())
}

/// A turn as it is written, before its parts are held against each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTurn {
    #[serde(default)]
    when: Vec<Needle>,
    #[serde(default)]
    expect: Vec<Needle>,
    #[serde(default)]
    expect_last: Vec<Needle>,
    #[serde(default)]
    absent: Vec<Needle>,
    #[serde(default)]
    repeat: bool,
    #[serde(default)]
    delay_ms: u64,
    usage: Option<Usage>,
    stop: Option<Stop>,
    text: Option<String>,
    #[serde(default)]
    tool_calls: Vec<ToolCall>,
    answer: Option<Value>,
    raw: Option<String>,
    #[serde(default)]
    empty: bool,
    status: Option<u16>,
    message: Option<String>,
    retry_after: Option<f64>,
    #[serde(default)]
    drop: bool,
}

impl TryFrom<WrittenTurn> for Turn {
    type Error = String;

    fn try_from(turn: WrittenTurn) -> Result<Self, String> {
        let says = turn.text.is_some() || !turn.tool_calls.is_empty();
        let kinds = [
            ("text/tool_calls", says),
            ("answer", turn.answer.is_some()),
            ("raw", turn.raw.is_some()),
            ("empty", turn.empty),
            ("status", turn.status.is_some()),
            ("drop", turn.drop),
        ];
        let given: Vec<&str> = kinds.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        let bare_stop = given.is_empty() && turn.stop.is_some();
        if given.len() != 1 && !bare_stop {
            let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
            return Err(format!(
                "a turn has exactly one reply of text/tool_calls, answer, raw, empty, status, drop; this one has {found}"
            ));
        }
        let failing = turn.status.is_some();
        if !failing && (turn.retry_after.is_some() || turn.message.is_some()) {
            return Err("`retry_after` and `message` belong to a turn with `status`".to_owned());
        }
        if turn.stop.is_some() && (failing || turn.drop || turn.empty) {
            return Err("`stop` belongs to a turn with text, tool_calls, answer or raw".to_owned());
        }
        if turn.usage.is_some_and(|u| u.cached > u.input) {
            return Err("`usage.cached` is a part of `usage.input` and cannot be larger".to_owned());
        }
        if turn.retry_after.is_some_and(|s| !(0.0..=86_400.0).contains(&s)) {
            return Err("`retry_after` is in seconds, 0 to 86400".to_owned());
        }
        let reply = match (turn.status, turn.answer, turn.raw) {
            (Some(status), _, _) if !(400..=599).contains(&status) => {
                return Err(format!("`status` is an error status from 400 to 599, not {status}"));
            }
            (Some(status), _, _) => Reply::Fail { status, message: turn.message, retry_after: turn.retry_after },
            (_, Some(json), _) if !json.is_object() => {
                return Err("`answer` is an object; use `raw` for anything else".to_owned());
            }
            (_, Some(json), _) => Reply::Answer { json, stop: turn.stop },
            (_, _, Some(text)) => Reply::Raw { text, stop: turn.stop },
            _ if turn.drop => Reply::Drop,
            _ if turn.empty => Reply::Empty,
            _ => Reply::Say { text: turn.text, tool_calls: turn.tool_calls, stop: turn.stop },
        };
        Ok(Self {
            when: turn.when,
            expect: turn.expect,
            expect_last: turn.expect_last,
            absent: turn.absent,
            repeat: turn.repeat,
            delay: Duration::from_millis(turn.delay_ms),
            usage: turn.usage,
            reply,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        ModelScript::parse("talk.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = "roles:\n  engineer:\n    - tool_calls: [{name: finish, arguments: {summary: no}}]\n";
        let json = r#"{"roles":{"engineer":[{"tool_calls":[{"name":"finish","arguments":{"summary":"no"}}]}]}}"#;
        let [a, b] = [yaml, json].map(|text| format!("{:?}", ModelScript::parse("talk", text).unwrap()));
        assert_eq!(a, b);
    }

    #[test]
    fn json_in_answers_keeps_emoji_and_numbers() {
        let text = "roles:\n  cto_review:\n    - answer: {score: 95, ratio: 0.5, note: \"\\U0001F600 ok\", list: [1, null, true]}\n";
        let script = ModelScript::parse("talk", text).unwrap();
        let Reply::Answer { json, .. } = &script.roles["cto_review"][0].reply else { panic!("an answer") };
        assert_eq!(json, &serde_json::json!({"score": 95, "ratio": 0.5, "note": "😀 ok", "list": [1, null, true]}));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            (
                "roles:\n  engineer:\n    - txt: hello\n",
                "unknown field `txt`, expected one of when, expect, expect_last, absent, repeat, delay_ms, usage, stop, text, tool_calls, answer, raw, empty, status, message, retry_after, drop at line 3, column 7",
            ),
            (
                "{\"roles\": {\"engineer\": [\n  {\"text\": 3}]}}",
                "invalid type: integer `3`, expected a string at line 2 column 12",
            ),
            (
                "roles:\n  cto_review:\n    - text: a\n      answer: {}\n",
                "a turn has exactly one reply of text/tool_calls, answer, raw, empty, status, drop; this one has text/tool_calls and answer at line 3, column 7",
            ),
            (
                "roles:\n  cto_review:\n    - repeat: true\n",
                "a turn has exactly one reply of text/tool_calls, answer, raw, empty, status, drop; this one has none at line 3, column 7",
            ),
            (
                "roles:\n  engineer:\n    - {text: a, retry_after: 1}\n",
                "`retry_after` and `message` belong to a turn with `status` at line 3, column 7",
            ),
            (
                "roles:\n  engineer:\n    - {status: 200}\n",
                "`status` is an error status from 400 to 599, not 200 at line 3, column 7",
            ),
            (
                "roles:\n  engineer:\n    - {expect: ['re:('], text: a}\n",
                "`re:(` is no regular expression (error: unclosed group) at line 3, column 17",
            ),
            (
                "roles:\n  engineer:\n    - {repeat: true, text: a}\n    - {text: b}\n",
                "roles.engineer: turn 1 repeats without `when`, so the turns after it are never reached; move it to the end",
            ),
            (
                "roles:\n  engineer:\n    - {text: a, usage: {input: 1, output: 1, cached: 2}}\n",
                "`usage.cached` is a part of `usage.input` and cannot be larger at line 3, column 7",
            ),
            ("role: {}\n", "unknown field `role`, expected one of api_key, refuse, roles at line 1, column 1"),
        ];
        for (text, expected) in cases {
            assert_eq!(problem(text), format!("the conversation talk.yaml is not understood: {expected}"));
        }
    }
}

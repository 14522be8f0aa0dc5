//! Anthropic's Messages, as the provider reads and answers it.
//!
//! <https://docs.claude.com/en/api/messages>

mod reply;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::desk::Heard;
use super::schema::{answer_tool, name_is_sound, strict_problem};

pub(super) use reply::{error, render};

/// A refusal in the provider's words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    /// The script asked for it: another key, a parameter that this model does not take.
    pub(super) planned: bool,
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status: 400, message: message.into(), planned: false })
}

const FIELDS: [&str; 20] = [
    "max_tokens",
    "messages",
    "model",
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "mcp_servers",
    "metadata",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "thinking",
    "tool_choice",
    "tools",
    "temperature",
    "top_p",
];

/// Whether the request brings a key (and the one that the script demands) and a version.
pub(super) fn check_headers(headers: &HeaderMap, wanted: Option<&str>) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let key = header("x-api-key").or_else(|| header("authorization").and_then(|v| v.strip_prefix("Bearer ")));
    let unauthorised = |message: &str, planned| Err(Refusal { status: 401, message: message.to_owned(), planned });
    match (key, wanted) {
        (None | Some(""), _) => return unauthorised("x-api-key header is required", false),
        (Some(key), Some(wanted)) if key != wanted => return unauthorised("invalid x-api-key", true),
        _ => {}
    }
    match header("anthropic-version") {
        None => refuse("anthropic-version: header is required"),
        Some("2023-06-01" | "2023-01-01") => Ok(()),
        Some(other) => refuse(format!("anthropic-version: \"{other}\" is not a valid version")),
    }
}

/// Reads a request, or says what the provider would refuse.
pub(super) fn read(body: &Value, refused_fields: &[String]) -> Result<Heard, Refusal> {
    let Some(object) = body.as_object() else {
        return refuse("The request body is not valid JSON: expected an object.");
    };
    if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str()) && *name != "top_k") {
        return refuse(format!("{name}: Extra inputs are not permitted"));
    }
    if let Some(name) = refused_fields.iter().find(|name| refuses(object, name)) {
        let message = format!("`{name}` is not supported for this model.");
        return Err(Refusal { status: 400, message, planned: true });
    }
    let Some(model) = object.get("model").and_then(Value::as_str).filter(|m| !m.is_empty()) else {
        return refuse("model: Field required");
    };
    match object.get("max_tokens").map(Value::as_u64) {
        None => return refuse("max_tokens: Field required"),
        Some(Some(1..=1_000_000)) => {}
        Some(_) => return refuse("max_tokens: Input should be an integer greater than or equal to 1"),
    }
    for name in ["temperature", "top_p"] {
        if object.get(name).is_some_and(|v| !v.as_f64().is_some_and(|n| (0.0..=1.0).contains(&n))) {
            return refuse(format!("{name}: range: 0..1"));
        }
    }
    if object.get("stream").is_some_and(|v| v != &Value::Bool(false)) {
        return refuse("stream: the scripted model does not stream; leave it out");
    }
    let tools = tools(object)?;
    let forced_tool = tool_choice(object, &tools)?.or_else(|| answer_tool(&tools));
    let (prompt, last) = conversation(object)?;
    let role = match &forced_tool {
        Some(name) => name.clone(),
        None if !tools.is_empty() => "engineer".to_owned(),
        None => "chat".to_owned(),
    };
    Ok(Heard { role, model: model.to_owned(), prompt, last, forced_tool })
}

/// Whether a request uses a parameter that this model does not take; a tool choice counts only when it forces one.
fn refuses(object: &Map<String, Value>, name: &str) -> bool {
    let forces = |choice: &Value| matches!(kind(choice), "tool" | "any");
    object.get(name).is_some_and(|value| name != "tool_choice" || forces(value))
}

fn tools(object: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    for (at, tool) in object.get("tools").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some(name) = tool.get("name").and_then(Value::as_str).filter(|n| name_is_sound(n)) else {
            return refuse(format!("tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"));
        };
        if names.iter().any(|n| n == name) {
            return refuse("tools: Tool names must be unique.");
        }
        let schema = tool.get("input_schema").unwrap_or(&Value::Null);
        if schema.get("type") != Some(&Value::from("object")) {
            return refuse(format!("tools.{at}.custom.input_schema.type: Input should be 'object'"));
        }
        if tool.get("strict") == Some(&Value::Bool(true))
            && let Some(problem) = strict_problem(schema, true)
        {
            return refuse(format!("tools.{at}.custom.input_schema: {problem}"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn tool_choice(object: &Map<String, Value>, tools: &[String]) -> Result<Option<String>, Refusal> {
    let Some(choice) = object.get("tool_choice") else { return Ok(None) };
    if tools.is_empty() {
        return refuse("tool_choice: tool_choice may only be specified while providing tools");
    }
    match choice.get("type").and_then(Value::as_str) {
        Some("auto" | "any" | "none") => Ok(None),
        Some("tool") => match choice.get("name").and_then(Value::as_str) {
            Some(name) if tools.iter().any(|t| t == name) => {
                if object.get("thinking").is_some_and(|t| t.get("type") != Some(&Value::from("disabled"))) {
                    return refuse("Thinking may not be enabled when tool_choice forces tool use.");
                }
                Ok(Some(name.to_owned()))
            }
            name => refuse(format!("Tool '{}' not found in provided tools", name.unwrap_or_default())),
        },
        _ => refuse("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'"),
    }
}

/// One message: whether it is the model's, its blocks.
struct Turned {
    assistant: bool,
    blocks: Vec<Value>,
}

/// The whole text, and the text since the model's last word; checks that tool uses and tool results pair up.
fn conversation(object: &Map<String, Value>) -> Result<(String, String), Refusal> {
    let (mut prompt, mut last) = (String::new(), String::new());
    match object.get("system") {
        None => {}
        Some(Value::String(text)) => prompt = format!("{text}\n"),
        Some(Value::Array(blocks)) if blocks.iter().all(|b| b.get("type") == Some(&Value::from("text"))) => {
            prompt = text_of(blocks);
        }
        Some(_) => return refuse("system: Input should be a string or an array of text blocks"),
    }
    let turns = turns(object)?;
    let mut waiting: Vec<String> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let results = results(turn);
        if let Some(id) = results.iter().find(|id| !waiting.contains(id)) {
            return refuse(format!(
                "messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        waiting.retain(|id| !results.contains(id));
        if !waiting.is_empty() {
            return refuse(unanswered(at.saturating_sub(1), &waiting));
        }
        let first_other = turn.blocks.iter().position(|b| kind(b) != "tool_result").unwrap_or(usize::MAX);
        if turn.blocks.iter().rposition(|b| kind(b) == "tool_result").is_some_and(|at| at > first_other) {
            return refuse(format!("messages.{at}: `tool_result` blocks must come first in the content"));
        }
        let text = text_of(&turn.blocks);
        prompt.push_str(&text);
        if turn.assistant {
            last.clear();
            let uses = turn.blocks.iter().filter(|b| kind(b) == "tool_use");
            waiting = uses.map(|b| tool_use_id(b, at)).collect::<Result<_, _>>()?;
        } else {
            last.push_str(&text);
        }
    }
    if waiting.is_empty() { Ok((prompt, last)) } else { refuse(unanswered(turns.len() - 1, &waiting)) }
}

fn unanswered(at: usize, waiting: &[String]) -> String {
    format!(
        "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        waiting.join(", ")
    )
}

/// The messages, with consecutive ones of a role merged, as the provider does.
fn turns(object: &Map<String, Value>) -> Result<Vec<Turned>, Refusal> {
    let list = object.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut turns: Vec<Turned> = Vec::new();
    for (at, message) in list.iter().enumerate() {
        let assistant = match message.get("role").and_then(Value::as_str) {
            Some("user") => false,
            Some("assistant") => true,
            other => {
                let role = other.unwrap_or("null");
                return refuse(format!(
                    "messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\"; a system prompt is the top-level `system` parameter."
                ));
            }
        };
        let blocks = match message.get("content") {
            Some(Value::String(text)) => vec![json!({"type": "text", "text": text})],
            Some(Value::Array(blocks)) => blocks.clone(),
            _ => return refuse(format!("messages.{at}.content: Field required")),
        };
        if blocks.is_empty() && !(assistant && at + 1 == list.len()) {
            return refuse(format!(
                "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
            ));
        }
        if blocks.iter().any(|b| kind(b) == "text" && b.get("text").and_then(Value::as_str).is_none_or(str::is_empty)) {
            return refuse("messages: text content blocks must be non-empty");
        }
        match turns.last_mut() {
            Some(before) if before.assistant == assistant => before.blocks.extend(blocks),
            _ => turns.push(Turned { assistant, blocks }),
        }
    }
    match turns.first() {
        None => refuse("messages: at least one message is required"),
        Some(first) if first.assistant => refuse("messages: first message must use the \"user\" role"),
        Some(_) => Ok(turns),
    }
}

fn kind(block: &Value) -> &str {
    block.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn results(turn: &Turned) -> Vec<String> {
    let blocks = turn.blocks.iter().filter(|b| kind(b) == "tool_result");
    blocks.map(|b| b.get("tool_use_id").and_then(Value::as_str).unwrap_or_default().to_owned()).collect()
}

fn tool_use_id(block: &Value, at: usize) -> Result<String, Refusal> {
    let id = block.get("id").and_then(Value::as_str);
    let sound = block.get("name").and_then(Value::as_str).is_some_and(name_is_sound)
        && block.get("input").is_some_and(Value::is_object);
    match id {
        Some(id) if sound && name_is_sound(id) => Ok(id.to_owned()),
        _ => refuse(format!("messages.{at}: a `tool_use` block has an id, a name and an object as its input")),
    }
}

/// The text in blocks, tool results and tool inputs included.
fn text_of(blocks: &[Value]) -> String {
    let mut text = String::new();
    for block in blocks {
        match kind(block) {
            "tool_use" => {
                let name = block.get("name").and_then(Value::as_str).unwrap_or_default();
                text.extend([name, " ", &block.get("input").unwrap_or(&Value::Null).to_string()]);
            }
            "tool_result" => match block.get("content") {
                Some(Value::Array(inner)) => text.push_str(text_of(inner).trim_end_matches('\n')),
                Some(Value::String(inner)) => text.push_str(inner),
                _ => {}
            },
            _ => text.push_str(block.get("text").and_then(Value::as_str).unwrap_or_default()),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(messages: &Value) -> Value {
        json!({"model": "m", "max_tokens": 100, "messages": messages})
    }

    fn refusal(body: &Value) -> String {
        read(body, &[]).unwrap_err().message
    }

    #[test]
    fn tool_results_come_first_and_answer_every_tool_use() {
        let user = json!({"role": "user", "content": "go"});
        let asks =
            json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]});
        let result =
            |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": "done"}]});
        let text = json!({"type": "text", "text": "and"});
        let answer = |blocks: Value| json!({"role": "user", "content": blocks});
        let heard = read(&request(&json!([user, asks, answer(json!([result("t1"), text]))])), &[]).unwrap();
        assert_eq!((heard.prompt.as_str(), heard.last.as_str()), ("go\nf {\"a\":1}\ndone\nand\n", "done\nand\n"));
        assert!(
            refusal(&request(&json!([user, asks, answer(json!([text, result("t1")]))]))).contains("must come first")
        );
        assert!(refusal(&request(&json!([user, asks, user]))).contains("immediately after: t1"));
        assert!(refusal(&request(&json!([user, asks]))).contains("immediately after: t1"));
        assert!(
            refusal(&request(&json!([user, asks, answer(json!([result("t2")]))]))).contains("unexpected `tool_use_id`")
        );
        assert!(refusal(&request(&json!([asks]))).contains("first message must use"));
    }

    #[test]
    fn consecutive_messages_of_a_role_are_merged() {
        let asks =
            json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]});
        let part = json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]});
        let user = json!({"role": "user", "content": "go"});
        assert!(read(&request(&json!([user, user, asks, part, user])), &[]).is_ok());
    }

    #[test]
    fn broken_requests_are_refused_like_the_provider_does() {
        let with = |name: &str, value: Value| {
            let mut body = request(&json!([{"role": "user", "content": "hi"}]));
            body[name] = value;
            refusal(&body)
        };
        assert_eq!(with("response_format", json!({})), "response_format: Extra inputs are not permitted");
        assert!(with("max_tokens", json!(0)).starts_with("max_tokens"));
        assert_eq!(with("temperature", json!(1.5)), "temperature: range: 0..1");
        assert!(with("messages", json!([{"role": "system", "content": "x"}])).starts_with("messages: Unexpected role"));
        assert!(with("messages", json!([{"role": "user", "content": ""}])).contains("non-empty"));
        assert!(with("messages", json!([])).contains("at least one"));
        assert!(with("tool_choice", json!({"type": "auto"})).contains("while providing tools"));
        assert!(with("tools", json!([{"name": "f", "input_schema": {}}])).contains("Input should be 'object'"));
        let bare = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        assert_eq!(refusal(&bare), "max_tokens: Field required");
    }
}

//! Chat Completions, as a strict provider reads and answers it.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

mod reply;

use http::HeaderMap;
use serde_json::{Map, Value};

use super::desk::Heard;
use super::schema::{answer_tool, name_is_sound, strict_problem};

pub(super) use reply::{error, render};

/// A refusal in the provider's words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
    /// The script asked for it: another key, a parameter that this model does not take.
    pub(super) planned: bool,
}

impl Refusal {
    fn new(param: &str, message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), param: Some(param.to_owned()), code: None, planned: false }
    }
}

const FIELDS: [&str; 36] = [
    "messages",
    "model",
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "modalities",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
];

/// Whether the request brings a key, and the one that the script demands.
pub(super) fn check_key(headers: &HeaderMap, wanted: Option<&str>) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let key = header("authorization").and_then(|v| v.strip_prefix("Bearer ")).or_else(|| header("api-key"));
    let refuse = |message: &str, code, planned| {
        let message = message.to_owned();
        Refusal { status: 401, message, param: None, code, planned }
    };
    match (key.map(str::trim), wanted) {
        (None | Some(""), _) => Err(refuse(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            None,
            false,
        )),
        (Some(key), Some(wanted)) if key != wanted => {
            Err(refuse("Incorrect API key provided.", Some("invalid_api_key"), true))
        }
        _ => Ok(()),
    }
}

/// Reads a request, or says what the provider would refuse.
pub(super) fn read(body: &Value, refused_fields: &[String]) -> Result<Heard, Refusal> {
    let Some(object) = body.as_object() else {
        return Err(Refusal::new("body", "We could not parse the JSON body of your request: it must be an object."));
    };
    if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let code = Some("unknown_parameter");
        return Err(Refusal { code, ..Refusal::new(name, format!("Unknown parameter: '{name}'.")) });
    }
    if let Some(name) = refused_fields.iter().find(|name| refuses(object, name)) {
        let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
        let code = Some("unsupported_parameter");
        return Err(Refusal { code, planned: true, ..Refusal::new(name, message) });
    }
    let model = object.get("model").and_then(Value::as_str).filter(|m| !m.is_empty());
    let model = model.ok_or_else(|| Refusal::new("model", "you must provide a model parameter"))?;
    scalars(object)?;
    let tools = tools(object)?;
    let (prompt, last) = messages(object)?;
    let schema = response_format(object)?;
    let forced_tool = tool_choice(object, &tools)?.or_else(|| answer_tool(&tools));
    let role = match (&schema, &forced_tool) {
        (Some(name), _) | (None, Some(name)) => name.clone(),
        (None, None) if !tools.is_empty() => "engineer".to_owned(),
        (None, None) => "chat".to_owned(),
    };
    Ok(Heard { role, model: model.to_owned(), prompt, last, forced_tool: forced_tool.filter(|_| schema.is_none()) })
}

/// Whether a request uses a parameter that this model does not take; a tool choice counts only when it forces one.
fn refuses(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(|value| name != "tool_choice" || value.is_object())
}

fn scalars(object: &Map<String, Value>) -> Result<(), Refusal> {
    let number_in = |name: &str, low: f64, high: f64| match object.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_f64().is_some_and(|n| (low..=high).contains(&n)) => Ok(()),
        Some(value) => {
            Err(Refusal::new(name, format!("Invalid '{name}': expected a number from {low} to {high}, got {value}.")))
        }
    };
    number_in("temperature", 0.0, 2.0)?;
    number_in("top_p", 0.0, 1.0)?;
    number_in("frequency_penalty", -2.0, 2.0)?;
    number_in("presence_penalty", -2.0, 2.0)?;
    for name in ["max_tokens", "max_completion_tokens"] {
        match object.get(name) {
            None | Some(Value::Null) => {}
            Some(value) if value.as_u64().is_some_and(|n| (1..=1_000_000).contains(&n)) => {}
            Some(value) => {
                return Err(Refusal::new(
                    name,
                    format!("Invalid '{name}': expected an integer of at least 1, got {value}."),
                ));
            }
        }
    }
    if object.contains_key("max_tokens") && object.contains_key("max_completion_tokens") {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(Refusal::new("max_tokens", message));
    }
    if object.get("stream").is_some_and(|v| v != &Value::Bool(false)) {
        return Err(Refusal::new("stream", "the scripted model does not stream; leave 'stream' out"));
    }
    if object.get("n").is_some_and(|v| v != &Value::from(1)) {
        return Err(Refusal::new("n", "the scripted model gives one choice; leave 'n' out"));
    }
    Ok(())
}

/// The names of the tools.
fn tools(object: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let Some(tools) = object.get("tools").filter(|t| !t.is_null()) else {
        for name in ["tool_choice", "parallel_tool_calls"] {
            if object.contains_key(name) {
                let message =
                    format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
                return Err(Refusal::new(name, message));
            }
        }
        return Ok(Vec::new());
    };
    let list = tools.as_array().filter(|l| (1..=128).contains(&l.len()));
    let list = list.ok_or_else(|| Refusal::new("tools", "Invalid 'tools': expected an array of 1 to 128 tools."))?;
    let mut names = Vec::new();
    for (at, tool) in list.iter().enumerate() {
        let param = format!("tools[{at}]");
        let function = tool.get("function").filter(|_| tool.get("type") == Some(&Value::from("function")));
        let function = function.ok_or_else(|| {
            Refusal::new(&param, format!("Invalid '{param}': expected {{type: function, function: …}}."))
        })?;
        let name = function.get("name").and_then(Value::as_str).filter(|n| name_is_sound(n));
        let name = name.ok_or_else(|| {
            Refusal::new(&param, format!("Invalid '{param}.function.name': expected a string that matches '^[a-zA-Z0-9_-]+$', at most 64 long."))
        })?;
        let parameters = function.get("parameters");
        let strict = function.get("strict") == Some(&Value::Bool(true));
        let problem = match parameters {
            Some(schema) if strict => strict_problem(schema, false),
            None if strict => Some("'parameters' are required in strict mode".to_owned()),
            Some(schema) if schema.get("type") != Some(&Value::from("object")) => {
                Some("schema must be a JSON Schema of 'type: \"object\"'".to_owned())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(bad_schema(
                &format!("{param}.function.parameters"),
                &format!("Invalid schema for function '{name}': {problem}."),
            ));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn bad_schema(param: &str, message: &str) -> Refusal {
    Refusal { code: Some("invalid_function_parameters"), ..Refusal::new(param, message) }
}

/// The name of the schema that the answer must follow.
fn response_format(object: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(format) = object.get("response_format").filter(|f| !f.is_null()) else { return Ok(None) };
    match format.get("type").and_then(Value::as_str) {
        Some("text" | "json_object") => return Ok(None),
        Some("json_schema") => {}
        _ => {
            return Err(Refusal::new(
                "response_format.type",
                "Invalid value: expected 'text', 'json_object' or 'json_schema'.",
            ));
        }
    }
    let inner = format.get("json_schema").unwrap_or(&Value::Null);
    let name = inner.get("name").and_then(Value::as_str).filter(|n| name_is_sound(n)).ok_or_else(|| {
        Refusal::new("response_format.json_schema.name", "Missing or invalid 'response_format.json_schema.name'.")
    })?;
    let schema = inner.get("schema").unwrap_or(&Value::Null);
    if inner.get("strict") == Some(&Value::Bool(true))
        && let Some(problem) = strict_problem(schema, false)
    {
        let message = format!("Invalid schema for response_format '{name}': {problem}.");
        return Err(bad_schema("response_format", &message));
    }
    Ok(Some(name.to_owned()))
}

fn tool_choice(object: &Map<String, Value>, tools: &[String]) -> Result<Option<String>, Refusal> {
    let Some(choice) = object.get("tool_choice").filter(|c| !c.is_null()) else { return Ok(None) };
    if let Some("auto" | "none" | "required") = choice.as_str() {
        return Ok(None);
    }
    let name = choice.pointer("/function/name").and_then(Value::as_str);
    match name {
        Some(name) if tools.iter().any(|t| t == name) => Ok(Some(name.to_owned())),
        _ => Err(Refusal::new("tool_choice", "Invalid 'tool_choice': the named function is not among 'tools'.")),
    }
}

/// The whole text, and the text since the model's last word; checks that tool calls and tool results pair up.
fn messages(object: &Map<String, Value>) -> Result<(String, String), Refusal> {
    let list = object.get("messages").and_then(Value::as_array).filter(|l| !l.is_empty());
    let list = list
        .ok_or_else(|| Refusal::new("messages", "Invalid 'messages': expected an array with at least one message."))?;
    let (mut prompt, mut last) = (String::new(), String::new());
    let mut waiting: Vec<String> = Vec::new();
    for (at, message) in list.iter().enumerate() {
        let param = format!("messages[{at}]");
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        if role != "tool" && !waiting.is_empty() {
            return Err(unanswered(&param, &waiting));
        }
        let text = content(message.get("content"), &param)?;
        match role {
            "developer" | "system" | "user" if text.is_none() => {
                return Err(Refusal::new(&param, format!("Missing required parameter: '{param}.content'.")));
            }
            "developer" | "system" | "user" => {}
            "assistant" => {
                last.clear();
                waiting = calls(message, &param)?;
                if text.is_none() && waiting.is_empty() && message.get("refusal").is_none_or(Value::is_null) {
                    return Err(Refusal::new(
                        &param,
                        format!("Invalid value for 'content' of '{param}': expected a string, got null."),
                    ));
                }
                for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
                    let part = |name| call.pointer(name).and_then(Value::as_str).unwrap_or_default();
                    prompt.extend([part("/function/name"), " ", part("/function/arguments"), "\n"]);
                }
            }
            "tool" => {
                let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
                let Some(found) = waiting.iter().position(|w| w == id) else {
                    let text = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
                    return Err(Refusal::new(&param, format!("Invalid parameter: {text}.")));
                };
                waiting.remove(found);
                if text.is_none() {
                    return Err(Refusal::new(&param, format!("Missing required parameter: '{param}.content'.")));
                }
            }
            other => {
                let message = format!(
                    "Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', 'tool', and 'developer'."
                );
                return Err(Refusal::new(&param, message));
            }
        }
        let text = text.unwrap_or_default();
        prompt.push_str(&text);
        prompt.push('\n');
        if role != "assistant" {
            last.push_str(&text);
            last.push('\n');
        }
    }
    if waiting.is_empty() { Ok((prompt, last)) } else { Err(unanswered("messages", &waiting)) }
}

fn unanswered(param: &str, waiting: &[String]) -> Refusal {
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        waiting.join(", ")
    );
    Refusal::new(param, message)
}

/// The ids of a message's tool calls.
fn calls(message: &Value, param: &str) -> Result<Vec<String>, Refusal> {
    let Some(calls) = message.get("tool_calls").filter(|c| !c.is_null()) else { return Ok(Vec::new()) };
    let list = calls.as_array().filter(|l| !l.is_empty());
    let list = list.ok_or_else(|| {
        Refusal::new(param, format!("Invalid '{param}.tool_calls': expected an array with at least one call."))
    })?;
    let id_of = |call: &Value| {
        let id = call.get("id").and_then(Value::as_str).filter(|id| (1..=40).contains(&id.len()))?;
        let named = call.pointer("/function/name").and_then(Value::as_str).is_some_and(name_is_sound);
        let written = call.pointer("/function/arguments").is_some_and(Value::is_string);
        (named && written && call.get("type") == Some(&Value::from("function"))).then(|| id.to_owned())
    };
    list.iter()
        .map(|call| {
            id_of(call).ok_or_else(|| {
                Refusal::new(param, format!("Invalid '{param}.tool_calls': expected an id of 1 to 40 characters, type 'function', a name and arguments as a string."))
            })
        })
        .collect()
}

/// The text of a content; images and files have none.
fn content(content: Option<&Value>, param: &str) -> Result<Option<String>, Refusal> {
    match content {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Array(parts)) if !parts.is_empty() && parts.iter().all(|p| p.get("type").is_some()) => {
            let texts = parts.iter().filter_map(|p| p.get("text").and_then(Value::as_str));
            Ok(Some(texts.collect::<Vec<_>>().join("\n")))
        }
        Some(_) => Err(Refusal::new(
            param,
            format!("Invalid type for '{param}.content': expected a string or an array of content parts."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(messages: &Value) -> Value {
        json!({"model": "m", "messages": messages})
    }

    fn refusal(body: &Value) -> String {
        read(body, &[]).unwrap_err().message
    }

    #[test]
    fn roles_are_told_by_schema_forced_tool_and_tools() {
        let tool = json!({"type": "function", "function": {"name": "edit_file", "parameters": {"type": "object"}}});
        let mut body = request(&json!([{"role": "user", "content": "hi"}]));
        assert_eq!(read(&body, &[]).unwrap().role, "chat");
        body["tools"] = json!([tool]);
        assert_eq!(read(&body, &[]).unwrap().role, "engineer");
        body["tool_choice"] = json!({"type": "function", "function": {"name": "edit_file"}});
        assert_eq!(read(&body, &[]).unwrap().forced_tool.as_deref(), Some("edit_file"));
        let schema = json!({"type": "object", "properties": {}, "additionalProperties": false, "required": []});
        body["response_format"] =
            json!({"type": "json_schema", "json_schema": {"name": "cto_review", "strict": true, "schema": schema}});
        assert_eq!(read(&body, &[]).unwrap().role, "cto_review");
    }

    #[test]
    fn tool_results_answer_tool_calls() {
        let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let asked = json!({"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]});
        let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": format!("result {id}")});
        let user = json!({"role": "user", "content": "go"});
        let heard = read(&request(&json!([user, asked, result("b"), result("a")])), &[]).unwrap();
        assert_eq!((heard.last.as_str(), heard.prompt.starts_with("go\nf {}")), ("result b\nresult a\n", true));
        assert!(refusal(&request(&json!([user, asked, result("a"), user]))).ends_with("response messages: b"));
        assert!(refusal(&request(&json!([user, asked, result("a")]))).ends_with("response messages: b"));
        assert!(refusal(&request(&json!([user, asked, result("a"), result("a")]))).contains("preceding message"));
        assert!(refusal(&request(&json!([user, result("a")]))).contains("preceding message"));
    }

    #[test]
    fn broken_requests_are_refused_like_a_provider_does() {
        let with = |name: &str, value: Value| {
            let mut body = request(&json!([{"role": "user", "content": "hi"}]));
            body[name] = value;
            refusal(&body)
        };
        assert_eq!(with("max_token", json!(1)), "Unknown parameter: 'max_token'.");
        assert_eq!(with("model", json!("")), "you must provide a model parameter");
        assert!(with("messages", json!([])).contains("at least one message"));
        assert!(with("messages", json!([{"role": "bot", "content": "x"}])).starts_with("Invalid value: 'bot'"));
        assert!(with("messages", json!([{"role": "user"}])).contains("messages[0].content"));
        assert!(with("temperature", json!(2.5)).contains("temperature"));
        assert!(with("max_tokens", json!(0)).contains("max_tokens"));
        assert!(with("tool_choice", json!("auto")).contains("only allowed when 'tools'"));
        assert!(with("tools", json!([])).contains("1 to 128"));
        let loose = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let tool = json!([{"type": "function", "function": {"name": "f", "strict": true, "parameters": loose}}]);
        assert!(with("tools", tool).starts_with("Invalid schema for function 'f'"));
        let body = json!({"model": "m", "temperature": 0.1, "messages": [{"role": "user", "content": "x"}]});
        let unsupported = read(&body, &["temperature".to_owned()]).unwrap_err();
        assert_eq!(
            (unsupported.code, unsupported.param.as_deref()),
            (Some("unsupported_parameter"), Some("temperature"))
        );
    }
}

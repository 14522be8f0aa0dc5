//! Anthropic's Messages: request to wire, wire to reply. Pure.
//!
//! <https://docs.claude.com/en/api/messages>

use serde_json::{Map, Value, json};

use super::wire::{Heard, Quirks, Tokens};
use crate::config::ModelChoice;
use crate::ports::model::{ChatRequest, Message, Stop, ToolCall, ToolResult};

/// The body of a request. The stable prefix (tools and system) is marked for the prompt cache, and in a conversation with
/// tools its end too, so that each turn reads the turns before from the cache.
pub(super) fn body(request: &ChatRequest, choice: &ModelChoice, max_output: u64, quirks: Quirks) -> Value {
    let mut body = json!({"model": choice.model, "max_tokens": max_output});
    if let Some(temperature) = choice.temperature.filter(|_| !quirks.no_temperature) {
        // Messages knows 0 to 1 only.
        body["temperature"] = temperature.min(1.0).into();
    }
    if !request.system.is_empty() {
        body["system"] = json!([{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}]);
    }
    let mut messages: Vec<Value> = request.messages.iter().map(message).collect();
    if let Some(answer) = &request.answer {
        body["tools"] =
            json!([{"name": answer.name, "description": answer.description, "input_schema": plain(&answer.schema)}]);
        body["tool_choice"] = if quirks.free_tool_choice {
            json!({"type": "auto"})
        } else {
            json!({"type": "tool", "name": answer.name})
        };
    } else if !request.tools.is_empty() {
        let tool = |tool: &crate::ports::model::ToolSpec| json!({"name": tool.name, "description": tool.description, "input_schema": plain(&tool.parameters)});
        body["tools"] = request.tools.iter().map(tool).collect();
        if let Some(last) = messages.last_mut().and_then(|m| m["content"].as_array_mut()).and_then(|c| c.last_mut()) {
            last["cache_control"] = json!({"type": "ephemeral"});
        }
    }
    body["messages"] = messages.into();
    body
}

/// Bounds of numbers are held by us: Messages has refused them in schemas.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let kept = object
                .iter()
                .filter(|(key, value)| !(matches!(key.as_str(), "minimum" | "maximum") && value.is_number()));
            Value::Object(kept.map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User { text } => json!({"role": "user", "content": [{"type": "text", "text": text}]}),
        Message::Assistant { text, tool_calls } => {
            let said = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
            let used = tool_calls.iter().map(|call| {
                // The input must be an object, also where the model wrote none.
                let input = match &call.arguments {
                    Value::Object(object) => Value::Object(object.clone()),
                    other => Value::Object(Map::from_iter([("unreadable".to_owned(), other.clone())])),
                };
                json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
            });
            json!({"role": "assistant", "content": said.into_iter().chain(used).collect::<Vec<_>>()})
        }
        Message::ToolResults { results } => {
            json!({"role": "user", "content": results.iter().map(result).collect::<Vec<_>>()})
        }
    }
}

fn result(result: &ToolResult) -> Value {
    let mut block = json!({"type": "tool_result", "tool_use_id": result.call_id});
    // An empty text is refused, an absent one is not.
    if !result.content.is_empty() {
        block["content"] = result.content.clone().into();
    }
    if result.is_error {
        block["is_error"] = true.into();
    }
    block
}

/// Reads an answer; `answer` is the name of the tool that carries the structured one. The error says what is missing.
pub(super) fn read(body: &Value, answer: Option<&str>) -> Result<Heard, &'static str> {
    let blocks = body.get("content").and_then(Value::as_array).ok_or("content is missing")?;
    let mut text = String::new();
    let mut tool_calls = Vec::new();
    for block in blocks {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => text.push_str(block.get("text").and_then(Value::as_str).unwrap_or_default()),
            Some("tool_use") => tool_calls.push(tool_use(block).ok_or("a tool_use block has no id, name or input")?),
            // Thinking and whatever may come: not for us.
            _ => {}
        }
    }
    let at = answer.and_then(|name| tool_calls.iter().position(|call| call.name == name));
    let answer_call = at.map(|at| tool_calls.remove(at));
    let stop = match body.get("stop_reason").and_then(Value::as_str) {
        Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
        Some("refusal") => Stop::Refusal,
        _ if !tool_calls.is_empty() => Stop::ToolCalls,
        _ => Stop::End,
    };
    Ok(Heard {
        text,
        tool_calls,
        answer_call,
        stop,
        tokens: tokens(body.get("usage")),
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
    })
}

fn tool_use(block: &Value) -> Option<ToolCall> {
    let word = |name: &str| block.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some(ToolCall {
        id: word("id")?.to_owned(),
        name: word("name")?.to_owned(),
        arguments: block.get("input")?.clone(),
    })
}

/// Messages counts cached input apart; we count it as a part of the input.
fn tokens(usage: Option<&Value>) -> Option<Tokens> {
    let count = |name: &str| usage?.get(name)?.as_u64();
    let cached = count("cache_read_input_tokens").unwrap_or(0);
    let written = count("cache_creation_input_tokens").unwrap_or(0);
    Some(Tokens { input: count("input_tokens")? + cached + written, cached, written, output: count("output_tokens")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Provider;
    use crate::domain::finding::Role;
    use crate::ports::model::{AnswerSchema, ToolSpec};

    fn choice() -> ModelChoice {
        ModelChoice {
            provider: Provider::Anthropic,
            model: "claude-haiku-4-5".into(),
            temperature: Some(1.5),
            max_output_tokens: 100,
            context_tokens: 1000,
        }
    }

    #[test]
    fn a_conversation_with_tools_is_written_as_documented() {
        let request = ChatRequest {
            role: Role::Engineer,
            system: "S".into(),
            messages: vec![
                Message::User { text: "U".into() },
                Message::Assistant {
                    text: "Reading.".into(),
                    tool_calls: vec![ToolCall {
                        id: "a".into(),
                        name: "read_file".into(),
                        arguments: json!("{broken"),
                    }],
                },
                Message::ToolResults {
                    results: vec![ToolResult { call_id: "a".into(), content: "not JSON".into(), is_error: true }],
                },
            ],
            tools: vec![ToolSpec { name: "read_file", description: "Reads.", parameters: json!({"type": "object"}) }],
            answer: None,
        };
        assert_eq!(
            body(&request, &choice(), 100, Quirks::default()),
            json!({
                "model": "claude-haiku-4-5",
                "max_tokens": 100,
                "temperature": 1.0,
                "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}],
                "tools": [{"name": "read_file", "description": "Reads.", "input_schema": {"type": "object"}}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "U"}]},
                    {"role": "assistant", "content": [
                        {"type": "text", "text": "Reading."},
                        {"type": "tool_use", "id": "a", "name": "read_file", "input": {"unreadable": "{broken"}},
                    ]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "not JSON",
                        "is_error": true, "cache_control": {"type": "ephemeral"}}]},
                ],
            })
        );
    }

    #[test]
    fn a_structured_answer_is_one_forced_tool_without_bounds() {
        let schema = json!({"type": "object", "properties": {"minimum": {"type": "integer", "minimum": 0}}});
        let request = ChatRequest {
            role: Role::Ciso,
            system: String::new(),
            messages: vec![Message::User { text: "U".into() }],
            tools: Vec::new(),
            answer: Some(AnswerSchema { name: "ciso_review", description: "D", schema }),
        };
        let wire = body(&request, &choice(), 7, Quirks { no_temperature: true, ..Quirks::default() });
        assert_eq!(
            wire,
            json!({
                "model": "claude-haiku-4-5",
                "max_tokens": 7,
                "tools": [{"name": "ciso_review", "description": "D",
                    "input_schema": {"type": "object", "properties": {"minimum": {"type": "integer"}}}}],
                "tool_choice": {"type": "tool", "name": "ciso_review"},
                "messages": [{"role": "user", "content": [{"type": "text", "text": "U"}]}],
            })
        );
        let free = body(&request, &choice(), 7, Quirks { free_tool_choice: true, ..Quirks::default() });
        assert_eq!(free["tool_choice"], json!({"type": "auto"}));
    }

    #[test]
    fn an_answer_is_read_with_both_kinds_of_cached_tokens() {
        let wire = json!({
            "model": "claude-haiku-4-5-20251001", "stop_reason": "tool_use",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "text", "text": "Here."},
                {"type": "tool_use", "id": "t1", "name": "ciso_review", "input": {"score": 1}},
            ],
            "usage": {"input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30, "output_tokens": 4},
        });
        let heard = read(&wire, Some("ciso_review")).unwrap();
        assert_eq!(heard.answer_call.unwrap().arguments, json!({"score": 1}));
        assert_eq!((heard.text.as_str(), heard.stop), ("Here.", Stop::End));
        assert_eq!(heard.tokens, Some(Tokens { input: 60, cached: 30, written: 20, output: 4 }));
    }

    #[test]
    fn every_way_to_stop_short_is_known() {
        let stop = |reason: &str| read(&json!({"content": [], "stop_reason": reason}), None).unwrap().stop;
        assert_eq!(stop("max_tokens"), Stop::Length);
        assert_eq!(stop("model_context_window_exceeded"), Stop::Length);
        assert_eq!(stop("refusal"), Stop::Refusal);
        assert_eq!(stop("end_turn"), Stop::End);
        assert!(read(&json!({"type": "error"}), None).is_err());
    }
}

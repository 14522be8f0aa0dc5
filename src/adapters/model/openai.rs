//! Chat Completions: request to wire, wire to reply. Pure.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>

use serde_json::{Value, json};

use super::wire::{Heard, Quirks, Tokens, arguments};
use crate::config::ModelChoice;
use crate::ports::model::{ChatRequest, Message, Stop, ToolCall};

/// The body of a request.
pub(super) fn body(request: &ChatRequest, choice: &ModelChoice, max_output: u64, quirks: Quirks) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    for message in &request.messages {
        push(&mut messages, message);
    }
    let limit = if quirks.old_max_tokens { "max_tokens" } else { "max_completion_tokens" };
    let mut body = json!({"model": choice.model, "messages": messages});
    body[limit] = max_output.into();
    if let Some(temperature) = choice.temperature.filter(|_| !quirks.no_temperature) {
        body["temperature"] = temperature.into();
    }
    if !request.tools.is_empty() {
        let tool = |tool: &crate::ports::model::ToolSpec| {
            json!({"type": "function", "function": {
                "name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": true,
            }})
        };
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(answer) = &request.answer {
        body["response_format"] = json!({"type": "json_schema", "json_schema": {
            "name": answer.name, "description": answer.description, "strict": true, "schema": answer.schema,
        }});
    }
    body
}

fn push(messages: &mut Vec<Value>, message: &Message) {
    match message {
        Message::User { text } => messages.push(json!({"role": "user", "content": text})),
        Message::Assistant { text, tool_calls } => {
            let mut said = json!({"role": "assistant", "content": text});
            if !tool_calls.is_empty() {
                if text.is_empty() {
                    said["content"] = Value::Null;
                }
                said["tool_calls"] = tool_calls.iter().map(call).collect();
            }
            messages.push(said);
        }
        Message::ToolResults { results } => {
            for result in results {
                messages.push(json!({"role": "tool", "tool_call_id": result.call_id, "content": result.content}));
            }
        }
    }
}

fn call(call: &ToolCall) -> Value {
    // What the model wrote as broken JSON goes back as it was.
    let arguments = call.arguments.as_str().map_or_else(|| call.arguments.to_string(), str::to_owned);
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

/// Reads an answer. `turn` makes ids for calls of servers that give none. The error says what is missing.
pub(super) fn read(body: &Value, turn: usize) -> Result<Heard, &'static str> {
    let choice = body.pointer("/choices/0").ok_or("choices[0] is missing")?;
    let message = choice.get("message").filter(|m| m.is_object()).ok_or("choices[0].message is missing")?;
    let refused = message.get("refusal").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    let tool_calls = message
        .get("tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(at, call)| read_call(call, turn, at).ok_or("a tool call has no function"))
        .collect::<Result<Vec<_>, _>>()?;
    let stop = match choice.get("finish_reason").and_then(Value::as_str) {
        _ if refused => Stop::Refusal,
        Some("length" | "max_tokens" | "model_length") => Stop::Length,
        Some("content_filter" | "refusal" | "safety") => Stop::Refusal,
        _ if !tool_calls.is_empty() => Stop::ToolCalls,
        _ => Stop::End,
    };
    Ok(Heard {
        text: text(message.get("content")),
        tool_calls,
        answer_call: None,
        stop,
        tokens: tokens(body.get("usage")),
        model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
    })
}

/// A string, or the list of parts that some servers send.
fn text(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => String::new(),
    }
}

fn read_call(call: &Value, turn: usize, at: usize) -> Option<ToolCall> {
    let function = call.get("function")?;
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let arguments = match function.get("arguments") {
        Some(Value::String(text)) => arguments(text),
        Some(value @ Value::Object(_)) => value.clone(),
        _ => json!({}),
    };
    Some(ToolCall {
        id: id.map_or_else(|| format!("call_{turn}_{at}"), str::to_owned),
        name: function.get("name")?.as_str()?.to_owned(),
        arguments,
    })
}

fn tokens(usage: Option<&Value>) -> Option<Tokens> {
    let usage = usage?;
    let detail = |name: &str| usage.pointer(&format!("/prompt_tokens_details/{name}")).and_then(Value::as_u64);
    Some(Tokens {
        input: usage.get("prompt_tokens")?.as_u64()?,
        cached: detail("cached_tokens").unwrap_or(0),
        written: detail("cache_write_tokens").unwrap_or(0),
        output: usage.get("completion_tokens")?.as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Provider;
    use crate::domain::finding::Role;
    use crate::ports::model::{AnswerSchema, ToolResult, ToolSpec};

    fn choice() -> ModelChoice {
        ModelChoice {
            provider: Provider::Openai,
            model: "gpt-4.1".into(),
            temperature: Some(0.3),
            max_output_tokens: 100,
            context_tokens: 1000,
        }
    }

    fn request() -> ChatRequest {
        ChatRequest {
            role: Role::Engineer,
            system: "S".into(),
            messages: vec![
                Message::User { text: "U".into() },
                Message::Assistant {
                    text: String::new(),
                    tool_calls: vec![
                        ToolCall { id: "a".into(), name: "read_file".into(), arguments: json!({"path": "x"}) },
                        ToolCall { id: "b".into(), name: "read_file".into(), arguments: json!("{broken") },
                    ],
                },
                Message::ToolResults {
                    results: vec![
                        ToolResult { call_id: "a".into(), content: "1".into(), is_error: false },
                        ToolResult { call_id: "b".into(), content: "not JSON".into(), is_error: true },
                    ],
                },
            ],
            tools: vec![ToolSpec { name: "read_file", description: "Reads.", parameters: json!({"type": "object"}) }],
            answer: None,
        }
    }

    #[test]
    fn a_conversation_with_tools_is_written_as_documented() {
        assert_eq!(
            body(&request(), &choice(), 100, Quirks::default()),
            json!({
                "model": "gpt-4.1",
                "messages": [
                    {"role": "system", "content": "S"},
                    {"role": "user", "content": "U"},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "read_file", "arguments": "{\"path\":\"x\"}"}},
                        {"id": "b", "type": "function", "function": {"name": "read_file", "arguments": "{broken"}},
                    ]},
                    {"role": "tool", "tool_call_id": "a", "content": "1"},
                    {"role": "tool", "tool_call_id": "b", "content": "not JSON"},
                ],
                "max_completion_tokens": 100,
                "temperature": 0.3,
                "tools": [{"type": "function", "function": {
                    "name": "read_file", "description": "Reads.", "parameters": {"type": "object"}, "strict": true,
                }}],
            })
        );
    }

    #[test]
    fn a_structured_answer_is_asked_for_by_strict_schema() {
        let request = ChatRequest {
            role: Role::Cto,
            system: "S".into(),
            messages: vec![Message::User { text: "U".into() }],
            tools: Vec::new(),
            answer: Some(AnswerSchema { name: "cto_review", description: "D", schema: json!({"type": "object"}) }),
        };
        let quirks = Quirks { no_temperature: true, old_max_tokens: true, ..Quirks::default() };
        assert_eq!(
            body(&request, &choice(), 7, quirks),
            json!({
                "model": "gpt-4.1",
                "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}],
                "max_tokens": 7,
                "response_format": {"type": "json_schema", "json_schema": {
                    "name": "cto_review", "description": "D", "strict": true, "schema": {"type": "object"},
                }},
            })
        );
    }

    #[test]
    fn an_answer_is_read_with_its_cached_tokens() {
        let wire = json!({
            "model": "gpt-4.1-2025-04-14",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": null, "tool_calls": [
                {"id": "", "type": "function", "function": {"name": "finish", "arguments": "{\"summary\":\"s\"}"}}]}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107,
                "prompt_tokens_details": {"cached_tokens": 64}},
        });
        assert_eq!(
            read(&wire, 3).unwrap(),
            Heard {
                text: String::new(),
                tool_calls: vec![ToolCall {
                    id: "call_3_0".into(),
                    name: "finish".into(),
                    arguments: json!({"summary": "s"})
                }],
                answer_call: None,
                stop: Stop::ToolCalls,
                tokens: Some(Tokens { input: 100, cached: 64, written: 0, output: 7 }),
                model: "gpt-4.1-2025-04-14".into(),
            }
        );
    }

    #[test]
    fn every_way_to_stop_short_is_known() {
        let stop = |message: Value, reason: &str| {
            read(&json!({"choices": [{"message": message, "finish_reason": reason}]}), 0).unwrap().stop
        };
        assert_eq!(stop(json!({"content": "{"}), "length"), Stop::Length);
        assert_eq!(stop(json!({"content": null}), "content_filter"), Stop::Refusal);
        assert_eq!(stop(json!({"content": null, "refusal": "No."}), "stop"), Stop::Refusal);
        assert_eq!(stop(json!({"content": "ok", "refusal": null}), "stop"), Stop::End);
        assert!(read(&json!({"choices": []}), 0).is_err());
        assert!(read(&json!("<html>"), 0).is_err());
    }
}

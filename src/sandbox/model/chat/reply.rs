//! Chat Completions: answers and errors as the provider writes them.
//!
//! <https://platform.openai.com/docs/api-reference/chat/object>

use serde_json::{Value, json};

use crate::sandbox::model::desk::Heard;
use crate::sandbox::model::script::{Reply, Stop, Usage};

/// The documented error envelope.
pub(in crate::sandbox::model) fn error(status: u16, message: &str, param: Option<&str>, code: Option<&str>) -> Value {
    let kind = match status {
        401 | 400 | 404 | 422 => "invalid_request_error",
        403 => "permission_error",
        429 => "requests",
        _ => "server_error",
    };
    let code = code.or(if status == 429 { Some("rate_limit_exceeded") } else { None });
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
}

/// The `chat.completion` object of a reply. `serial` makes ids unique, `created` is in seconds since 1970.
pub(in crate::sandbox::model) fn render(
    heard: &Heard,
    reply: &Reply,
    usage: Usage,
    serial: usize,
    created: i64,
) -> Value {
    let (message, finish) = match reply {
        Reply::Say { text, tool_calls, stop } => {
            let calls: Vec<Value> = tool_calls
                .iter()
                .enumerate()
                .map(|(at, call)| tool_call(serial, at, &call.name, &call.arguments))
                .collect();
            let finish = finish(*stop, !calls.is_empty());
            (message(text.as_deref(), calls, *stop), finish)
        }
        Reply::Answer { json, stop } => match &heard.forced_tool {
            Some(name) => {
                let call = cut(&json.to_string(), *stop);
                // A forced function call finishes with `stop`, not with `tool_calls`.
                (message(None, vec![tool_call(serial, 0, name, &Value::from(call))], *stop), finish(*stop, false))
            }
            None => (message(Some(&cut(&json.to_string(), *stop)), Vec::new(), *stop), finish(*stop, false)),
        },
        Reply::Raw { text, stop } => (message(Some(text), Vec::new(), *stop), finish(*stop, false)),
        Reply::Empty | Reply::Fail { .. } | Reply::Drop => (message(Some(""), Vec::new(), None), "stop"),
    };
    json!({
        "id": format!("chatcmpl-{serial:08}"),
        "object": "chat.completion",
        "created": created,
        "model": heard.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
        },
        "service_tier": "default",
    })
}

fn message(text: Option<&str>, calls: Vec<Value>, stop: Option<Stop>) -> Value {
    if stop == Some(Stop::Refusal) {
        let text = text.unwrap_or("I'm sorry, I cannot assist with that request.");
        return json!({"role": "assistant", "content": null, "refusal": text, "annotations": []});
    }
    let mut message = json!({"role": "assistant", "content": text, "refusal": null, "annotations": []});
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    message
}

fn tool_call(serial: usize, at: usize, name: &str, arguments: &Value) -> Value {
    let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
    let id = format!("call_{serial:08}_{at}");
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

/// A reply that stopped for length is cut in its middle.
fn cut(text: &str, stop: Option<Stop>) -> String {
    if stop == Some(Stop::Length) { text.chars().take(text.chars().count() / 2).collect() } else { text.to_owned() }
}

fn finish(stop: Option<Stop>, calls: bool) -> &'static str {
    match stop {
        Some(Stop::Length) => "length",
        Some(Stop::ContentFilter) => "content_filter",
        None if calls => "tool_calls",
        _ => "stop",
    }
}

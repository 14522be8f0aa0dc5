//! Messages: answers and errors as the provider writes them.
//!
//! <https://docs.claude.com/en/api/messages>

use serde_json::{Map, Value, json};

use crate::sandbox::model::desk::Heard;
use crate::sandbox::model::script::{Reply, Stop, Usage};

/// The documented error envelope.
pub(in crate::sandbox::model) fn error(status: u16, message: &str, serial: usize) -> Value {
    let kind = match status {
        400 | 422 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": format!("req_{serial:08}")})
}

/// The `message` object of a reply. `serial` makes ids unique.
pub(in crate::sandbox::model) fn render(heard: &Heard, reply: &Reply, usage: Usage, serial: usize) -> Value {
    let tool_use = |at: usize, name: &str, input: &Value| {
        // Only objects are possible here; a script's garbage arguments become an empty one.
        let input = if input.is_object() { input.clone() } else { json!({}) };
        json!({"type": "tool_use", "id": format!("toolu_{serial:08}_{at}"), "name": name, "input": input})
    };
    let say = |text: &str| json!({"type": "text", "text": text});
    let (content, stop) = match reply {
        Reply::Say { text, tool_calls, stop } => {
            let mut content: Vec<Value> = text.iter().map(|t| say(t)).collect();
            content.extend(tool_calls.iter().enumerate().map(|(at, call)| tool_use(at, &call.name, &call.arguments)));
            (content, reason(*stop, !tool_calls.is_empty()))
        }
        Reply::Answer { json, stop } => match &heard.forced_tool {
            Some(name) => (vec![tool_use(0, name, &cut(json, *stop))], reason(*stop, true)),
            None => (vec![say(&cut(json, *stop).to_string())], reason(*stop, false)),
        },
        Reply::Raw { text, stop } => (vec![say(text)], reason(*stop, false)),
        Reply::Empty | Reply::Fail { .. } | Reply::Drop => (Vec::new(), "end_turn"),
    };
    json!({
        "id": format!("msg_{serial:08}"),
        "type": "message",
        "role": "assistant",
        "model": heard.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": {
            "input_tokens": usage.input - usage.cached,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": usage.cached,
            "output_tokens": usage.output,
            "service_tier": "standard",
        },
    })
}

/// An answer that stopped for length has lost the second half of its keys.
fn cut(json: &Value, stop: Option<Stop>) -> Value {
    match json.as_object() {
        Some(object) if stop == Some(Stop::Length) => {
            object.iter().take(object.len() / 2).map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>().into()
        }
        _ => json.clone(),
    }
}

fn reason(stop: Option<Stop>, calls: bool) -> &'static str {
    match stop {
        Some(Stop::Length) => "max_tokens",
        Some(Stop::ContentFilter | Stop::Refusal) => "refusal",
        None if calls => "tool_use",
        None => "end_turn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_not_counted_as_input_twice() {
        let (role, model, prompt, last) = (String::new(), "m".to_owned(), String::new(), String::new());
        let heard = Heard { role, model, prompt, last, forced_tool: None };
        let usage = Usage { input: 100, output: 7, cached: 60 };
        let body = render(&heard, &Reply::Raw { text: "x".to_owned(), stop: None }, usage, 1);
        let numbers = ["input_tokens", "cache_read_input_tokens", "output_tokens"].map(|n| body["usage"][n].as_u64());
        assert_eq!(numbers, [Some(40), Some(60), Some(7)]);
    }
}

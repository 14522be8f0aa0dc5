//! A scripted model over HTTP: Chat Completions and Messages, answered from a conversation file.
//!
//! It reads requests as strictly as the providers do, and fails on a request that nobody scripted: 400, and counted.

mod chat;
mod desk;
mod log;
mod messages;
mod schema;
mod script;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use desk::{Desk, Heard};
pub use log::{Dialect, Entry, ModelLog, Outcome};
pub use script::{ModelScript, ScriptError};
use script::{Reply, Turn, Usage};

/// The routes `/v1/chat/completions`, `/anthropic/v1/messages` and `/v1/messages`, to be served alone or nested under a
/// prefix, and the log of what they were asked.
pub fn router(script: ModelScript) -> (Router, ModelLog) {
    let log = ModelLog(Arc::new(Mutex::new(Desk::new(script))));
    let router = Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .route("/anthropic/v1/messages", post(anthropic_messages))
        .route("/v1/messages", post(anthropic_messages))
        .with_state(log.clone());
    (router, log)
}

async fn chat_completions(State(log): State<ModelLog>, headers: HeaderMap, body: Bytes) -> Response {
    serve(&log, Dialect::ChatCompletions, &headers, &body).await
}

async fn anthropic_messages(State(log): State<ModelLog>, headers: HeaderMap, body: Bytes) -> Response {
    serve(&log, Dialect::Messages, &headers, &body).await
}

async fn serve(log: &ModelLog, dialect: Dialect, headers: &HeaderMap, body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let (answer, delay) = {
        let mut desk = log.desk();
        let serial = desk.entries.len() + 1;
        match read(&desk.script, dialect, headers, &request) {
            Err(refused) => {
                let (outcome, answer) = *refused;
                desk.entries.push(entry(String::new(), dialect, outcome, None, request));
                (Some(answer), None)
            }
            Ok(heard) => match desk.take(&heard) {
                Err(outcome) => {
                    let body = error(dialect, 400, reason_of(&outcome), serial);
                    desk.entries.push(entry(heard.role, dialect, outcome, None, request));
                    (Some(Answer { status: 400, body, retry_after: None }), None)
                }
                Ok((number, turn)) => {
                    let (answer, usage) = play(dialect, &heard, &turn, &request, serial);
                    desk.entries.push(entry(heard.role, dialect, Outcome::Played { turn: number }, usage, request));
                    (answer, Some(turn.delay))
                }
            },
        }
    };
    if let Some(delay) = delay.filter(|d| !d.is_zero()) {
        tokio::time::sleep(delay).await;
    }
    answer.map_or_else(cut, Answer::into_response)
}

/// An answer before it is HTTP.
struct Answer {
    status: u16,
    body: Value,
    retry_after: Option<f64>,
}

impl Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        if let Some(value) = self.retry_after.and_then(|s| s.to_string().parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// A body that fails before its first byte, so that the server closes the connection without a status line.
fn cut() -> Response {
    let cut = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "cut by the script");
    Response::new(Body::from_stream(futures_util::stream::once(async { Err::<Bytes, _>(cut) })))
}

fn entry(role: String, dialect: Dialect, outcome: Outcome, usage: Option<Usage>, request: Value) -> Entry {
    let Usage { input, output, cached } = usage.unwrap_or(Usage { input: 0, output: 0, cached: 0 });
    Entry { role, dialect, outcome, input_tokens: input, output_tokens: output, cached_tokens: cached, request }
}

fn reason_of(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Played { .. } => "",
        Outcome::Unscripted { reason } | Outcome::Refused { reason, .. } | Outcome::Declined { reason, .. } => reason,
    }
}

/// What is logged of a refused request, and what it is answered.
type Refused = Box<(Outcome, Answer)>;

/// Reads the request in its dialect; a refusal comes with its answer.
fn read(script: &ModelScript, dialect: Dialect, headers: &HeaderMap, request: &Value) -> Result<Heard, Refused> {
    let key = script.api_key.as_deref();
    let refused = |status: u16, reason: String, body: Value, planned: bool| {
        let outcome = if planned { Outcome::Declined { status, reason } } else { Outcome::Refused { status, reason } };
        Box::new((outcome, Answer { status, body, retry_after: None }))
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if !content_type.is_some_and(|v| v.starts_with("application/json")) {
        let reason = "the content type must be application/json".to_owned();
        let body = error(dialect, 415, &reason, 0);
        return Err(refused(415, reason, body, false));
    }
    match dialect {
        Dialect::ChatCompletions => {
            chat::check_key(headers, key).and_then(|()| chat::read(request, &script.refuse)).map_err(|r| {
                let body = chat::error(r.status, &r.message, r.param.as_deref(), r.code);
                refused(r.status, r.message, body, r.planned)
            })
        }
        Dialect::Messages => {
            messages::check_headers(headers, key).and_then(|()| messages::read(request, &script.refuse)).map_err(|r| {
                let body = messages::error(r.status, &r.message, 0);
                refused(r.status, r.message, body, r.planned)
            })
        }
    }
}

/// The answer of a turn (none: cut the connection) and the tokens it reports.
fn play(
    dialect: Dialect,
    heard: &Heard,
    turn: &Turn,
    request: &Value,
    serial: usize,
) -> (Option<Answer>, Option<Usage>) {
    match &turn.reply {
        Reply::Drop => (None, None),
        Reply::Fail { status, message, retry_after } => {
            let message = message.as_deref().unwrap_or("the script answers this request with an error");
            let body = error(dialect, *status, message, serial);
            (Some(Answer { status: *status, body, retry_after: *retry_after }), None)
        }
        reply => {
            let usage = turn.usage.unwrap_or_else(|| estimate(request, reply));
            let body = match dialect {
                Dialect::ChatCompletions => chat::render(heard, reply, usage, serial, chrono::Utc::now().timestamp()),
                Dialect::Messages => messages::render(heard, reply, usage, serial),
            };
            (Some(Answer { status: 200, body, retry_after: None }), Some(usage))
        }
    }
}

/// Four bytes a token: near enough for a script that gives no figures.
fn estimate(request: &Value, reply: &Reply) -> Usage {
    let tokens = |bytes: usize| u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX);
    let output = match reply {
        Reply::Say { text, tool_calls, .. } => {
            let calls: usize = tool_calls.iter().map(|c| c.name.len() + c.arguments.to_string().len()).sum();
            text.as_deref().map_or(0, str::len) + calls
        }
        Reply::Answer { json, .. } => json.to_string().len(),
        Reply::Raw { text, .. } => text.len(),
        Reply::Empty | Reply::Fail { .. } | Reply::Drop => 0,
    };
    Usage { input: tokens(request.to_string().len()), output: tokens(output), cached: 0 }
}

fn error(dialect: Dialect, status: u16, message: &str, serial: usize) -> Value {
    match dialect {
        Dialect::ChatCompletions => chat::error(status, message, None, None),
        Dialect::Messages => messages::error(status, message, serial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Serves a script on loopback; the base URL and the log.
    async fn serve_script(script: &str) -> (String, ModelLog) {
        let (router, log) = router(ModelScript::parse("talk", script).unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, log)
    }

    fn client() -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new()
    }

    async fn ask(base: &str, body: &Value) -> reqwest::Result<(u16, Option<String>, Value)> {
        let request = client().post(format!("{base}/v1/chat/completions")).bearer_auth("sk-x").json(body);
        let response = request.send().await?;
        let retry_after = response.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok((response.status().as_u16(), retry_after, response.json().await?))
    }

    async fn ask_messages(base: &str, body: &Value) -> (u16, Value) {
        let request = client().post(format!("{base}/anthropic/v1/messages")).header("x-api-key", "sk-x");
        let response = request.header("anthropic-version", "2023-06-01").json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn review() -> Value {
        let schema = json!({"type": "object", "properties": {}, "additionalProperties": false, "required": []});
        let format = json!({"name": "cto_review", "strict": true, "schema": schema});
        json!({"model": "m", "messages": [{"role": "user", "content": "review this"}],
            "response_format": {"type": "json_schema", "json_schema": format}})
    }

    #[tokio::test]
    async fn a_conversation_is_played_over_chat_completions() {
        let (base, log) = serve_script(
            "roles:
  cto_review:
    - {status: 429, retry_after: 2}
    - {answer: {score: 90, summary: fine}, usage: {input: 100, output: 20, cached: 40}}
    - {raw: '{\"score\": '}
    - {answer: {a: 1, b: 2}, stop: length}
    - {stop: refusal}
    - {empty: true}
    - {drop: true}
    - {answer: {}, delay_ms: 50}",
        )
        .await;
        let (status, retry_after, body) = ask(&base, &review()).await.unwrap();
        assert_eq!((status, retry_after.as_deref()), (429, Some("2")));
        assert_eq!(body["error"]["code"], "rate_limit_exceeded");
        let body = ask(&base, &review()).await.unwrap().2;
        assert_eq!(body["choices"][0]["message"]["content"], r#"{"score":90,"summary":"fine"}"#);
        assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 40);
        let mut choices = Vec::new();
        for _ in 0..4 {
            let choice = ask(&base, &review()).await.unwrap().2["choices"][0].clone();
            choices.push((choice["message"]["content"].clone(), choice["finish_reason"].clone()));
        }
        let expected = [
            (json!("{\"score\": "), json!("stop")),
            (json!("{\"a\":1"), json!("length")),
            (Value::Null, json!("stop")),
            (json!(""), json!("stop")),
        ];
        assert_eq!(choices, expected);
        let cut = ask(&base, &review()).await.unwrap_err();
        assert!(cut.is_request(), "the connection is cut before a status: {cut:?}");
        let began = std::time::Instant::now();
        assert_eq!(ask(&base, &review()).await.unwrap().0, 200);
        assert!(began.elapsed().as_millis() >= 50);
        assert_eq!((log.complaints(), log.leftover(), log.entries().len()), (vec![], vec![], 8));
        let (status, _, body) = ask(&base, &review()).await.unwrap();
        assert_eq!(status, 400);
        assert!(body["error"]["message"].as_str().unwrap().contains("all its turns were played"));
        assert_eq!(log.unscripted(), 1);
    }

    const LOOP: &str = "roles:
  engineer:
    - {text: looking, tool_calls: [{name: read_file, arguments: {path: a}}]}
    - {expect_last: ['re:^contents'], text: done}";

    #[tokio::test]
    async fn a_tool_loop_goes_round_in_chat_completions() {
        let (base, log) = serve_script(LOOP).await;
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "go"}],
            "tools": [{"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}]});
        let first = ask(&base, &body).await.unwrap().2["choices"][0].clone();
        assert_eq!(first["finish_reason"], "tool_calls");
        let message = first["message"].clone();
        let id = message["tool_calls"][0]["id"].clone();
        assert_eq!(message["tool_calls"][0]["function"]["arguments"], r#"{"path":"a"}"#);
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": "looking", "tool_calls": message["tool_calls"]}));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": "contents of a"}));
        assert_eq!(ask(&base, &body).await.unwrap().2["choices"][0]["message"]["content"], "done");
        assert_eq!(log.complaints(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_tool_loop_goes_round_in_messages() {
        let (base, log) = serve_script(LOOP).await;
        let mut body = json!({"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "go"}],
            "tools": [{"name": "read_file", "input_schema": {"type": "object"}}]});
        let (_, first) = ask_messages(&base, &body).await;
        assert_eq!(first["stop_reason"], "tool_use");
        assert_eq!(first["content"][1]["input"], json!({"path": "a"}));
        let id = &first["content"][1]["id"];
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": "contents of a"});
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": first["content"]}));
        messages.push(json!({"role": "user", "content": [result]}));
        assert_eq!(ask_messages(&base, &body).await.1["content"][0]["text"], "done");
        assert_eq!((log.unscripted(), log.entries()[1].dialect), (0, Dialect::Messages));
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_forced_answers_with_the_only_tool() {
        let (base, log) = serve_script("refuse: [tool_choice]\nroles: {ciso_review: [{answer: {score: 1}}]}").await;
        let mut body = json!({"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "go"}],
            "tools": [{"name": "ciso_review", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "tool", "name": "ciso_review"}});
        let (status, refused) = ask_messages(&base, &body).await;
        assert_eq!(status, 400);
        assert!(refused["error"]["message"].as_str().unwrap().contains("tool_choice"));
        body["tool_choice"] = json!({"type": "auto"});
        assert_eq!(ask_messages(&base, &body).await.1["content"][0]["input"], json!({"score": 1}));
        assert_eq!((log.unscripted(), log.entries()[1].role.as_str()), (0, "ciso_review"));
    }

    #[tokio::test]
    async fn messages_answer_with_the_forced_tool_and_refuse_in_their_envelope() {
        let script = "api_key: sk-x\nroles: {ciso_review: [{answer: {score: 1}}, {status: 529}]}";
        let (base, log) = serve_script(script).await;
        let body = json!({"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "go"}],
            "tools": [{"name": "ciso_review", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "tool", "name": "ciso_review"}});
        let (_, answer) = ask_messages(&base, &body).await;
        assert_eq!(answer["content"][0]["type"], "tool_use");
        assert_eq!(answer["content"][0]["input"], json!({"score": 1}));
        let (status, answer) = ask_messages(&base, &body).await;
        assert_eq!((status, &answer["error"]["type"]), (529, &json!("overloaded_error")));
        for (key, status) in [("sk-y", 401), ("sk-x", 400)] {
            let request = client().post(format!("{base}/v1/messages")).header("x-api-key", key).json(&body);
            assert_eq!(request.send().await.unwrap().status().as_u16(), status, "wrong key, then no version");
        }
        assert_eq!(log.complaints().len(), 1, "the wrong key was asked for by the script");
    }
}

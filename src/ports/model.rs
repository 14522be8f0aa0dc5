//! A model as jobs see it: text and tool results in, strict answers out, money counted.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::finding::Role;
use crate::domain::money::{Usage, Usd};

#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    pub role: Role,
    /// The trusted part. Byte-stable from run to run, so that prompt caches hit.
    pub system: String,
    pub messages: Vec<Message>,
    /// Tools the model may call; empty for structured answers.
    pub tools: Vec<ToolSpec>,
    /// Ask for one JSON answer of this shape by the provider's own means.
    pub answer: Option<AnswerSchema>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Message {
    User {
        text: String,
    },
    Assistant {
        text: String,
        tool_calls: Vec<ToolCall>,
    },
    /// The answers to the calls of the assistant's message before, in the same order.
    ToolResults {
        results: Vec<ToolResult>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: String,
    pub content: String,
    pub is_error: bool,
}

/// A tool by name with a JSON schema of its arguments (strict: every property required, none additional).
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    pub name: &'static str,
    pub description: &'static str,
    pub parameters: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AnswerSchema {
    /// The name in the model contract, such as `cto_review`.
    pub name: &'static str,
    pub description: &'static str,
    pub schema: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChatReply {
    pub text: String,
    pub tool_calls: Vec<ToolCall>,
    /// The structured answer, parsed; present when [`ChatRequest::answer`] was set and the answer was usable JSON.
    pub answer: Option<Value>,
    pub stop: Stop,
    pub usage: Usage,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// What was changed about the request to make it pass, such as "temperature dropped".
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    End,
    ToolCalls,
    /// The answer was cut at the token limit: never used as an answer.
    Length,
    Refusal,
}

/// Why a model gave nothing that can be used. Carries no prompt, no answer and no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("no model is configured for the role {role}")]
    NoModel { role: &'static str },
    #[error("no API key for {provider}")]
    NoKey { provider: &'static str },
    #[error("{provider} does not accept the API key ({status})")]
    Denied { provider: &'static str, status: u16 },
    /// The next call could cost more than is left.
    #[error(
        "the {cap} budget of {limit} does not cover the next call (spent {spent}, the call could cost {worst_case})"
    )]
    Budget { cap: &'static str, limit: Usd, spent: Usd, worst_case: Usd },
    /// The price is unknown, so nothing can be reserved.
    #[error("the price of the model {model} is not known")]
    NoPrice { model: String },
    #[error("the model refused to answer")]
    Refused,
    #[error("the model's answer was cut at its token limit")]
    Truncated,
    #[error("the model's answer was empty")]
    Empty,
    /// The structured answer was not what the schema says, also after one repair turn.
    #[error("the model's answer could not be used, twice: {problem}")]
    Garbage { problem: String },
    #[error("{provider} refused the request ({status}): {message}")]
    Rejected { provider: &'static str, status: u16, message: String },
    #[error("{provider} asks to wait before the next request")]
    RateLimited { provider: &'static str, retry_after: Duration },
    #[error("{provider} is not reachable: {message}")]
    Unavailable { provider: &'static str, message: String },
}

/// One conversation partner with a budget of its own.
#[async_trait]
pub trait Model: Send + Sync {
    /// Reserves the worst-case cost, asks once (with the retries that are safe), and books what it cost.
    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError>;

    /// What was spent through this value so far.
    fn usage(&self) -> Usage;
}

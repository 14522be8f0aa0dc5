//! One conversation partner: reserve, ask, book, judge, and at most one repair turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::budget::{Purse, Quote, Reservation};
use super::prices::Rate;
use super::send::{Answer, Lost, Sender};
use super::wire::{self, Heard, Quirks};
use super::{Scope, anthropic, openai, provider_name, schema};
use crate::config::{ModelChoice, Provider};
use crate::domain::money::Usage;
use crate::domain::tokens;
use crate::ports::model::{AnswerSchema, ChatReply, ChatRequest, Message, Model, ModelError, Stop, ToolResult};

/// Fewer output tokens than this are not worth asking for.
const LEAST_OUTPUT: u64 = 1_024;

/// What a partner is made of.
pub(super) struct Setup {
    pub(super) choice: ModelChoice,
    pub(super) rate: Rate,
    pub(super) scope: Scope,
    pub(super) base: Url,
    pub(super) key: Option<SecretString>,
    pub(super) sender: Sender,
    pub(super) purse: Arc<Purse>,
    pub(super) total: Arc<Mutex<Usage>>,
}

pub(super) struct Partner {
    setup: Setup,
    quirks: Mutex<Quirks>,
    usage: Mutex<Usage>,
}

/// One judged answer with what it took.
struct Round {
    heard: Heard,
    usage: Usage,
    notes: Vec<String>,
}

impl Partner {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, quirks: Mutex::default(), usage: Mutex::default() }
    }

    /// Asks once. A connection that broke is tried once more, with money of its own.
    async fn ask(&self, request: &ChatRequest) -> Result<Round, ModelError> {
        let mut notes = Vec::new();
        let mut broken = false;
        loop {
            let input = worst_input(request);
            let most = self.setup.choice.max_output_tokens.max(1);
            let cost = |output| self.setup.rate.worst(input, output);
            let quote = Quote { least: most.min(LEAST_OUTPUT), most, cost: &cost };
            let reservation = self.setup.purse.reserve(self.setup.scope, &quote).await?;
            if reservation.output() < most {
                notes.push(format!("the answer was limited to {} tokens by the budget", reservation.output()));
            }
            match self.post(request, reservation.output(), &mut notes).await {
                Ok(answer) => return self.judge(request, &answer, reservation, notes),
                Err(Lost::NotSent(message)) => {
                    reservation.settle(crate::domain::money::Usd::ZERO);
                    return Err(self.unavailable(message));
                }
                Err(Lost::CutOff(_)) if !broken => {
                    broken = true;
                    self.write_off(reservation);
                    notes.push("the connection broke once; that call is counted at its worst case".into());
                }
                Err(Lost::CutOff(message) | Lost::TimedOut(message)) => {
                    self.write_off(reservation);
                    return Err(self.unavailable(message));
                }
            }
        }
    }

    /// Posts the request; a 400 that names a parameter we can do without is asked again without it.
    async fn post(&self, request: &ChatRequest, output: u64, notes: &mut Vec<String>) -> Result<Answer, Lost> {
        let not_sent = |what: &str| Lost::NotSent(what.to_owned());
        let headers = self.headers().ok_or_else(|| not_sent("the API key has characters that no key has"))?;
        let url = self.endpoint().ok_or_else(|| not_sent("the base URL cannot carry a path"))?;
        loop {
            let quirks = *lock(&self.quirks);
            let body = match self.setup.choice.provider {
                Provider::Openai => openai::body(request, &self.setup.choice, output, quirks),
                Provider::Anthropic => anthropic::body(request, &self.setup.choice, output, quirks),
            };
            let answer = self.setup.sender.post(&url, &headers, &body).await?;
            let changed = if answer.status == 400 { quirks.adapt(&wire::complaint(&answer.body)) } else { None };
            let Some((changed, note)) = changed else { return Ok(answer) };
            *lock(&self.quirks) = changed;
            notes.push(note.to_owned());
        }
    }

    /// Books the answer and turns what is no answer into an error.
    fn judge(
        &self,
        request: &ChatRequest,
        answer: &Answer,
        reservation: Reservation,
        notes: Vec<String>,
    ) -> Result<Round, ModelError> {
        if !(200..300).contains(&answer.status) {
            reservation.settle(crate::domain::money::Usd::ZERO);
            return Err(self.failure(answer));
        }
        let read = match self.setup.choice.provider {
            Provider::Openai => openai::read(&answer.body, request.messages.len()),
            Provider::Anthropic => anthropic::read(&answer.body, request.answer.as_ref().map(|answer| answer.name)),
        };
        let heard = match read {
            Ok(heard) => heard,
            Err(missing) => {
                self.write_off(reservation);
                return Err(self.unavailable(format!("its answer is not of the documented shape: {missing}")));
            }
        };
        let usage = match heard.tokens {
            Some(tokens) => Usage {
                requests: 1,
                input_tokens: tokens.input,
                output_tokens: tokens.output,
                cached_tokens: tokens.cached,
                cost: self.setup.rate.cost(tokens),
            },
            // A server that does not say is booked at the worst case.
            None => Usage {
                requests: 1,
                input_tokens: worst_input(request),
                output_tokens: reservation.output(),
                cached_tokens: 0,
                cost: reservation.amount(),
            },
        };
        reservation.settle(usage.cost);
        self.book(usage);
        let whole = request.answer.is_some() || !request.tools.is_empty();
        match heard.stop {
            Stop::Refusal => Err(ModelError::Refused),
            Stop::Length if whole => Err(ModelError::Truncated),
            _ if heard.text.trim().is_empty() && heard.tool_calls.is_empty() && heard.answer_call.is_none() => {
                Err(ModelError::Empty)
            }
            _ => Ok(Round { heard, usage, notes }),
        }
    }

    fn failure(&self, answer: &Answer) -> ModelError {
        let provider = provider_name(self.setup.choice.provider);
        let message = self.without_key(&wire::complaint(&answer.body));
        match answer.status {
            401 | 403 if self.setup.key.is_none() => ModelError::NoKey { provider },
            status @ (401 | 403) => ModelError::Denied { provider, status },
            429 if answer.body.pointer("/error/code").and_then(Value::as_str) != Some("insufficient_quota") => {
                let retry_after = answer.retry_after.unwrap_or(Duration::from_mins(1));
                ModelError::RateLimited { provider, retry_after }
            }
            status @ (408 | 500..=599) => self.unavailable(format!("it answered {status}")),
            status => ModelError::Rejected { provider, status, message },
        }
    }

    fn unavailable(&self, message: String) -> ModelError {
        ModelError::Unavailable { provider: provider_name(self.setup.choice.provider), message }
    }

    fn without_key(&self, text: &str) -> String {
        match &self.setup.key {
            Some(key) if !key.expose_secret().is_empty() => text.replace(key.expose_secret(), "[redacted]"),
            _ => text.to_owned(),
        }
    }

    /// Nobody knows what the call cost: it counts at its worst case.
    fn write_off(&self, reservation: Reservation) {
        let cost = reservation.amount();
        reservation.settle(cost);
        self.book(Usage { requests: 1, cost, ..Usage::default() });
    }

    fn book(&self, usage: Usage) {
        *lock(&self.usage) += usage;
        *lock(&self.setup.total) += usage;
    }

    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        if self.setup.choice.provider == Provider::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        if let Some(key) = &self.setup.key {
            let key = key.expose_secret().trim();
            let (name, value) = match self.setup.choice.provider {
                Provider::Openai => ("authorization", format!("Bearer {key}")),
                Provider::Anthropic => ("x-api-key", key.to_owned()),
            };
            let mut value = HeaderValue::from_str(&value).ok()?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Some(headers)
    }

    fn endpoint(&self) -> Option<Url> {
        let path: &[&str] = match self.setup.choice.provider {
            Provider::Openai => &["chat", "completions"],
            // `https://host` and `https://host/v1` are both in use.
            Provider::Anthropic if self.setup.base.path().trim_end_matches('/').ends_with("/v1") => &["messages"],
            Provider::Anthropic => &["v1", "messages"],
        };
        join(&self.setup.base, path)
    }
}

/// The base URL with a path behind it. A base without a trailing slash keeps all of its path, and a query stays.
fn join(base: &Url, path: &[&str]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url)
}

/// Input tokens at most: the estimate with a quarter on top, since vocabularies differ.
fn worst_input(request: &ChatRequest) -> u64 {
    let message = |message: &Message| {
        8 + match message {
            Message::User { text } => tokens::estimate(text),
            Message::Assistant { text, tool_calls } => {
                let call = |arguments: &Value| 16 + tokens::estimate(&arguments.to_string());
                tokens::estimate(text) + tool_calls.iter().map(|c| call(&c.arguments)).sum::<u64>()
            }
            Message::ToolResults { results } => results.iter().map(|r| 16 + tokens::estimate(&r.content)).sum(),
        }
    };
    let schema =
        |description: &str, schema: &Value| 16 + tokens::estimate(description) + tokens::estimate(&schema.to_string());
    let sum = tokens::estimate(&request.system)
        + request.messages.iter().map(message).sum::<u64>()
        + request.tools.iter().map(|tool| schema(tool.description, &tool.parameters)).sum::<u64>()
        + request.answer.as_ref().map_or(0, |answer| schema(answer.description, &answer.schema));
    64 + sum + sum.div_ceil(4)
}

/// The structured answer, or what is wrong with it.
fn structured(heard: &Heard, wanted: &AnswerSchema) -> Result<Value, String> {
    let answer = match &heard.answer_call {
        Some(call) => call.arguments.clone(),
        None => serde_json::from_str(&heard.text).map_err(|error| format!("the answer is not JSON: {error}"))?,
    };
    schema::problem(&answer, &wanted.schema).map_or(Ok(answer), Err)
}

/// What the model said and what was wrong with it, as the next two messages.
fn repair_turn(heard: &Heard, problem: &str) -> [Message; 2] {
    match &heard.answer_call {
        Some(call) => [
            Message::Assistant { text: String::new(), tool_calls: vec![call.clone()] },
            Message::ToolResults {
                results: vec![ToolResult { call_id: call.id.clone(), content: repair_words(problem), is_error: true }],
            },
        ],
        None => [
            Message::Assistant { text: heard.text.clone(), tool_calls: Vec::new() },
            Message::User { text: repair_words(problem) },
        ],
    }
}

fn repair_words(problem: &str) -> String {
    format!("Your answer could not be used: {problem}. Give the whole answer again, and nothing but the answer.")
}

#[async_trait]
impl Model for Partner {
    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        let mut round = self.ask(request).await?;
        let answer = match &request.answer {
            None => None,
            Some(wanted) => Some(match structured(&round.heard, wanted) {
                Ok(answer) => answer,
                Err(problem) => {
                    let mut again = request.clone();
                    again.messages.extend(repair_turn(&round.heard, &problem));
                    let mut second = self.ask(&again).await?;
                    second.usage += round.usage;
                    round.notes.push(format!("the answer was repaired in a second turn: {problem}"));
                    round.notes.append(&mut second.notes);
                    round = Round { notes: round.notes, ..second };
                    structured(&round.heard, wanted).map_err(|problem| ModelError::Garbage { problem })?
                }
            }),
        };
        let Round { heard, usage, notes } = round;
        let model = if heard.model.is_empty() { self.setup.choice.model.clone() } else { heard.model };
        Ok(ChatReply { text: heard.text, tool_calls: heard.tool_calls, answer, stop: heard.stop, usage, model, notes })
    }

    fn usage(&self) -> Usage {
        *lock(&self.usage)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_and_its_query() {
        let url = |base: &str| join(&base.parse().unwrap(), &["chat", "completions"]).unwrap().to_string();
        assert_eq!(url("https://h/v1"), "https://h/v1/chat/completions");
        assert_eq!(url("https://h/v1/"), "https://h/v1/chat/completions");
        assert_eq!(url("https://h"), "https://h/chat/completions");
        assert_eq!(url("https://h/openai?api-version=1"), "https://h/openai/chat/completions?api-version=1");
    }
}

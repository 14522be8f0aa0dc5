//! One POST to a provider: no redirects, a time limit, a body cap, and retries of what is safe to repeat.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use reqwest::{Client, Response};
use serde_json::Value;
use url::Url;

use super::Patience;
use super::limiter::Limiter;
use crate::adapters::http;
use crate::ports::model::ModelError;

/// No answer of a model is larger.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Sends requests and gives back whatever the provider finally says. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    client: Client,
    patience: Patience,
    limiter: Limiter,
}

/// What came back: a status and its JSON (`Null` where the body is something else).
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) retry_after: Option<Duration>,
}

/// No answer came.
#[derive(Debug)]
pub(super) enum Lost {
    /// The request never left: it cost nothing.
    NotSent(String),
    /// The connection broke after the request had left. The provider may have done the work.
    CutOff(String),
    /// As `CutOff`, and it took all the time there was.
    TimedOut(String),
}

enum Failed {
    /// An answer that asks to come again.
    Busy(Answer),
    Lost(Lost),
}

impl Sender {
    pub(super) fn new(patience: Patience, limiter: Limiter) -> Result<Self, ModelError> {
        let configure = |builder: reqwest::ClientBuilder| {
            builder.timeout(patience.timeout).connect_timeout(patience.timeout.min(Duration::from_secs(15)))
        };
        let client = http::client(configure).map_err(|error| ModelError::Unavailable {
            provider: "the HTTP client",
            message: format!("it cannot be built: {}", reason(&error)),
        })?;
        Ok(Self { client, patience, limiter })
    }

    /// Posts JSON. Answers 408, 429, 5xx and failed connections are repeated, with the pause that the provider asks for; the
    /// last answer is given back as it is.
    pub(super) async fn post(&self, url: &Url, headers: &HeaderMap, body: &Value) -> Result<Answer, Lost> {
        let backoff = ExponentialBuilder::default()
            .with_min_delay(self.patience.first_pause)
            .with_max_delay(self.patience.longest_pause)
            .with_max_times(self.patience.attempts.saturating_sub(1))
            .with_jitter();
        let longest = self.patience.longest_pause;
        let done = (|| self.once(url, headers, body))
            .retry(backoff)
            .when(|failed| matches!(failed, Failed::Busy(_) | Failed::Lost(Lost::NotSent(_))))
            .adjust(|failed, pause| {
                let asked = match failed {
                    Failed::Busy(answer) => answer.retry_after,
                    Failed::Lost(_) => None,
                };
                // No pause: the attempts are used up. A longer one than we wait for ends it too.
                pause.map(|pause| asked.unwrap_or(pause)).filter(|pause| *pause <= longest)
            })
            .await;
        match done {
            Ok(answer) | Err(Failed::Busy(answer)) => Ok(answer),
            Err(Failed::Lost(lost)) => Err(lost),
        }
    }

    async fn once(&self, url: &Url, headers: &HeaderMap, body: &Value) -> Result<Answer, Failed> {
        self.limiter.turn().await;
        let sent = self.client.post(url.clone()).headers(headers.clone()).json(body).send().await;
        let response = sent.map_err(|error| Failed::Lost(lost(&error)))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = read(response).await.map_err(Failed::Lost)?;
        let out_of_money = body.pointer("/error/code").and_then(Value::as_str) == Some("insufficient_quota");
        let busy = matches!(status, 408 | 429 | 500..=599) && !out_of_money;
        let answer = Answer { status, body, retry_after };
        if busy { Err(Failed::Busy(answer)) } else { Ok(answer) }
    }
}

async fn read(mut response: Response) -> Result<Value, Lost> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if bytes.len() + chunk.len() > LARGEST_BODY {
            return Err(Lost::CutOff("the answer is larger than 16 MiB".into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_connect() || error.is_builder() {
        Lost::NotSent(reason(error))
    } else if error.is_timeout() {
        Lost::TimedOut("no answer within the time limit".into())
    } else {
        Lost::CutOff(reason(error))
    }
}

/// The innermost cause; the outer ones hold the address, which may hold a key.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    if cause.source().is_none() {
        return "the request failed".into();
    }
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// `retry-after-ms`, or `Retry-After` in seconds or as a date
/// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let text = text("retry-after")?;
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.with_timezone(&Utc) - Utc::now()).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_retry_after_is_read() {
        let with = |name: &'static str, value: &str| {
            retry_after(&HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]))
        };
        assert_eq!(with("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(with("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(with("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(with("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(with("retry-after", "-1"), None);
        assert_eq!(with("retry-after", "soon"), None);
    }
}

//! One request to GitHub: sent through octocrab, repeated only where nothing can have happened, waited for where GitHub
//! asks for it.

use std::error::Error as _;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use chrono::Utc;
use http::HeaderMap;
use url::Url;

use super::request::Request;
use super::{GitHub, errors, limits};
use crate::ports::forge::ForgeError;

/// How often a read is repeated after a failure.
const REPEATS: usize = 3;
/// How often one request waits for a rate limit.
const WAITS: usize = 3;
/// How many redirects of a read are followed.
const REDIRECTS: usize = 3;
const API_VERSION: &str = "2022-11-28";

/// A success (2xx).
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, request: &Request) -> Result<T, ForgeError> {
        serde_json::from_str(&self.body).map_err(|error| request.malformed(unreadable(&error)))
    }
}

/// Serde's message may quote the body; its kind and place do not.
pub(super) fn unreadable(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "it lacks a field that GitHub documents, or has another type there",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

impl GitHub {
    /// Sends the request and returns the successful answer. See [`Request::safe`] for what is repeated.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, ForgeError> {
        // Held until the answer is there, so that writes go out one by one.
        let mut last = if request.paced { Some(self.pace().await) } else { None };
        let result = self.send_now(request).await;
        if let Some(last) = last.as_mut() {
            **last = Some(tokio::time::Instant::now());
        }
        result
    }

    async fn pace(&self) -> tokio::sync::MutexGuard<'_, Option<tokio::time::Instant>> {
        let last = self.last_write.lock().await;
        if let Some(at) = *last {
            tokio::time::sleep_until(at + self.options.write_pause).await;
        }
        last
    }

    async fn send_now(&self, request: &Request) -> Result<Answer, ForgeError> {
        let mut request = request.clone();
        let mut pauses = self.pauses();
        let (mut waits, mut waited, mut redirects) = (0, Duration::ZERO, 0);
        loop {
            let failure = match self.once(&request).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) => {
                    let message = errors::message(&answer.body, &self.redactor);
                    if let Some(wait) = limits::wait(answer.status, &answer.headers, &message, Utc::now()) {
                        waits += 1;
                        waited += wait;
                        if waits > WAITS || waited > self.options.max_wait {
                            return Err(ForgeError::RateLimited { what: request.doing, retry_after: wait });
                        }
                        self.wait(&request.doing, wait).await;
                        continue;
                    }
                    if let Some(next) = self.redirect(&request, &answer)
                        && redirects < REDIRECTS
                    {
                        redirects += 1;
                        request.url = next;
                        continue;
                    }
                    errors::classify(&request, answer.status, &answer.headers, message)
                }
                Err(message) => ForgeError::Unavailable { what: request.doing.clone(), message },
            };
            match pauses.next() {
                Some(pause) if request.safe && failure.outcome_unknown() => {
                    self.note(|log| log.retries += 1);
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(failure),
            }
        }
    }

    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.retry_pause)
            .with_max_delay(self.retry_pause * 8)
            .with_max_times(REPEATS)
            .with_jitter()
            .build()
    }

    pub(super) async fn wait(&self, doing: &str, wait: Duration) {
        tracing::info!(seconds = wait.as_secs(), "waiting for GitHub's rate limit to {doing}");
        self.note(|log| {
            log.retries += 1;
            log.waits += 1;
            log.waited += wait;
        });
        tokio::time::sleep(wait).await;
    }

    /// Where a read goes on: only to the same host, by the same scheme. A token goes nowhere else.
    fn redirect(&self, request: &Request, answer: &Answer) -> Option<String> {
        if !(request.method == http::Method::GET && matches!(answer.status, 301 | 302 | 307 | 308)) {
            return None;
        }
        let target = Url::parse(&request.url).ok()?.join(answer.headers.get(http::header::LOCATION)?.to_str().ok()?);
        self.is_ours(target.ok()?)
    }

    /// The address, when it is one of the API's own host.
    pub(super) fn is_ours(&self, url: Url) -> Option<String> {
        (url.origin() == self.options.api_url.origin()).then(|| url.into())
    }

    /// One exchange. The error is a short text: no answer came.
    async fn once(&self, request: &Request) -> Result<Answer, String> {
        self.note(|log| *log.routes.entry(format!("{} {}", request.method, request.template)).or_default() += 1);
        let built = self.build(request).map_err(|_| "the request could not be built".to_owned())?;
        let response = self.crab.execute(built).await.map_err(|error| reason(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = self.crab.body_to_string(response).await.map_err(|error| reason(&error))?;
        if let Some(left) = limits::number(&headers, "x-ratelimit-remaining") {
            let graphql = headers.get("x-ratelimit-resource").is_some_and(|name| name == "graphql");
            self.note(|log| *(if graphql { &mut log.graphql_remaining } else { &mut log.rest_remaining }) = Some(left));
        }
        Ok(Answer { status, headers, body })
    }

    fn build(&self, request: &Request) -> Result<http::Request<String>, http::Error> {
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(request.url.as_str())
            .header(http::header::ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
            .header(http::header::AUTHORIZATION, self.authorization.clone());
        if request.body.is_some() {
            builder = builder.header(http::header::CONTENT_TYPE, "application/json");
        }
        builder.body(request.body.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut super::RequestLog)) {
        change(&mut self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

/// Why no answer came, without addresses, headers or bodies.
fn reason(error: &octocrab::Error) -> String {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<reqwest::Error>() {
            let reason = match inner {
                inner if inner.is_timeout() => "no answer in time",
                inner if inner.is_connect() => "no connection",
                inner if inner.is_body() || inner.is_decode() => "the answer broke off",
                _ => "the connection failed",
            };
            return reason.to_owned();
        }
        source = inner.source();
    }
    "the connection failed".to_owned()
}

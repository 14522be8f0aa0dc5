//! GraphQL: an answer with errors is no answer, even where it holds part of the data
//! (<https://docs.github.com/graphql/guides/forming-calls-with-graphql>, rate limits:
//! <https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api>).

use std::time::Duration;

use chrono::Utc;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::request::Request;
use super::{GitHub, errors, limits};
use crate::ports::forge::ForgeError;

/// A named operation. The name shows in the log as `POST /graphql name`.
pub(super) struct Operation {
    pub(super) template: &'static str,
    pub(super) document: &'static str,
}

#[derive(Deserialize)]
struct Envelope<T> {
    // Without this a `T` that is itself optional would hide a missing field.
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default)]
    errors: Vec<GraphQlError>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GraphQlError {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: String,
    extensions: Option<Value>,
}

impl GitHub {
    /// Asks; repeated after failures like any read.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        variables: Value,
        thing: &str,
    ) -> Result<T, ForgeError> {
        let request = self.operation(operation, &variables, format!("read {thing}"), thing.to_owned());
        self.execute(Request { safe: true, paced: false, ..request }).await
    }

    /// Changes; sent once.
    pub(super) async fn mutate<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        variables: Value,
        doing: &str,
    ) -> Result<T, ForgeError> {
        let thing = format!("what is needed to {doing}");
        self.execute(self.operation(operation, &variables, doing.to_owned(), thing)).await
    }

    fn operation(&self, operation: &Operation, variables: &Value, doing: String, thing: String) -> Request {
        Request {
            method: Method::POST,
            template: operation.template,
            url: self.options.graphql_url.to_string(),
            body: Some(json!({ "query": operation.document, "variables": variables })),
            doing,
            thing,
            safe: false,
            pages: false,
            paced: true,
        }
    }

    async fn execute<T: DeserializeOwned>(&self, request: Request) -> Result<T, ForgeError> {
        let mut pauses = self.pauses();
        let (mut waits, mut waited) = (0, Duration::ZERO);
        loop {
            let answer = self.send(&request).await?;
            // The data is read only when there is no error: part of it may be of another shape.
            let envelope: Envelope<Value> = answer.json(&request)?;
            let Some(error) = envelope.errors.first() else {
                let data = envelope.data.ok_or_else(|| request.malformed("it holds neither data nor errors"))?;
                return serde_json::from_value(data)
                    .map_err(|error| request.malformed(super::transport::unreadable(&error)));
            };
            if error.kind.as_deref() == Some("RATE_LIMITED") {
                let wait = limits::graphql_wait(&answer.headers, Utc::now());
                (waits, waited) = (waits + 1, waited + wait);
                if waits > 3 || waited > self.options.max_wait {
                    return Err(ForgeError::RateLimited { what: request.doing, retry_after: wait });
                }
                self.wait(&request.doing, wait).await;
                continue;
            }
            let failure = classify(&request, error, errors::short(&self.redactor.redact(&error.message)));
            match pauses.next() {
                Some(pause) if request.safe && matches!(failure, ForgeError::Unavailable { .. }) => {
                    self.note(|log| log.retries += 1);
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(failure),
            }
        }
    }
}

fn classify(request: &Request, error: &GraphQlError, message: String) -> ForgeError {
    let what = request.doing.clone();
    match error.kind.as_deref() {
        Some("NOT_FOUND") => ForgeError::NotFound { what: request.thing.clone() },
        Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => ForgeError::Denied { what, permission: None },
        Some("STALE_DATA") => ForgeError::Conflict { what, message },
        Some("SERVICE_UNAVAILABLE" | "INTERNAL") => ForgeError::Unavailable { what, message },
        // A query that the server's schema does not know carries `extensions.code`.
        None if error.extensions.is_none() => ForgeError::Unavailable { what, message },
        _ if message.starts_with("Resource not accessible") => ForgeError::Denied { what, permission: None },
        _ => ForgeError::Refused { what, status: 200, message },
    }
}

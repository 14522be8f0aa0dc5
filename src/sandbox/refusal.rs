//! Refusals: what GitHub answers instead of success, with its status, words and shape.

use serde_json::{Value, json};

use super::exchange::{Body, Response};

const DOCS: &str = "https://docs.github.com/rest";

/// An answer other than success.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Box<Response>);

impl Refusal {
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    /// The words of the refusal; for a validation error those of its first error.
    pub(crate) fn message(&self) -> String {
        let Body::Json(body) = &self.0.body else { return String::new() };
        let first = body.pointer("/errors/0");
        let words = first.and_then(|error| error.as_str().or_else(|| error.get("message")?.as_str()));
        words.or_else(|| body.get("message")?.as_str()).unwrap_or_default().to_owned()
    }

    /// The refusal as an error, for the moves of tests.
    pub(crate) fn into_error(self) -> anyhow::Error {
        anyhow::anyhow!("{} ({})", self.message(), self.status())
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "the sandbox failed");
        error_of(500, &format!("sandbox: {error:#}"))
    }
}

pub(crate) fn error_of(status: u16, message: &str) -> Refusal {
    let body = json!({"message": message, "documentation_url": DOCS, "status": status.to_string()});
    Refusal(Box::new(Response::json(status, body)))
}

pub(crate) fn not_found() -> Refusal {
    error_of(404, "Not Found")
}

/// 422 without a list of errors.
pub(crate) fn unprocessable(message: &str) -> Refusal {
    error_of(422, message)
}

/// 422 with one error that names a field; the code is one of GitHub's (`missing_field`, `invalid`, `already_exists`).
pub(crate) fn invalid(resource: &str, field: &str, code: &str) -> Refusal {
    validation(&json!({"resource": resource, "field": field, "code": code}))
}

/// 422 with one error in words.
pub(crate) fn custom(resource: &str, field: Option<&str>, message: &str) -> Refusal {
    let mut error = json!({"resource": resource, "code": "custom", "message": message});
    if let (Some(field), Some(error)) = (field, error.as_object_mut()) {
        error.insert("field".to_owned(), json!(field));
    }
    validation(&error)
}

fn validation(error: &Value) -> Refusal {
    let body = json!({"message": "Validation Failed", "errors": [error], "documentation_url": DOCS, "status": "422"});
    Refusal(Box::new(Response::json(422, body)))
}

/// 422 whose errors are plain sentences, as the review routes answer.
pub(crate) fn sentences(message: &str, errors: &[&str]) -> Refusal {
    let body = json!({"message": message, "errors": errors, "documentation_url": DOCS, "status": "422"});
    Refusal(Box::new(Response::json(422, body)))
}

//! Answers that are wrong on purpose, in GitHub's shapes.

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::plan::{AnswerWith, Data, GraphqlErrors, PrimaryLimit, SecondaryLimit, Truncate};
use crate::sandbox::exchange::{Body, Kind, Request, Response};

const DOCS: &str = "https://docs.github.com/rest";
const RATE: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

/// The answer of a plan.
pub(super) fn answer(with: &AnswerWith) -> Response {
    let mut response = match &with.body {
        Some(Value::String(text)) => Response::bytes(with.status, "text/html; charset=utf-8", text.as_bytes()),
        Some(body) => Response::json(with.status, body.clone()),
        None => Response::json(with.status, words(with.status)),
    };
    response.headers.extend(with.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    faulty(response)
}

fn words(status: u16) -> Value {
    let message = match status {
        401 => "Bad credentials",
        403 => "Resource not accessible by integration",
        404 => "Not Found",
        409 => "Conflict",
        422 => "Validation Failed",
        500 => "Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => {
            "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and contact us if the problem persists."
        }
        _ => "an error of the fault plan",
    };
    json!({"message": message, "documentation_url": DOCS, "status": status.to_string()})
}

/// Over GraphQL a secondary limit is a 200 or a 403; over REST a 403 or a 429.
/// <https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>
pub(super) fn secondary_limit(limit: &SecondaryLimit, request: &Request) -> Response {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let docs = format!("{RATE}#about-secondary-rate-limits");
    let body = if request.kind == Kind::Graphql && limit.status == 200 {
        json!({"errors": [{"type": "RATE_LIMITED", "message": message}]})
    } else {
        json!({"documentation_url": docs, "message": message})
    };
    let mut response = Response::json(limit.status, body);
    if let Some(seconds) = limit.retry_after {
        response = response.with_header("retry-after", seconds.to_string());
    }
    faulty(response)
}

pub(super) fn primary_limit(limit: &PrimaryLimit, request: &Request) -> Response {
    let message = "API rate limit exceeded for installation ID 4242.";
    let graphql = request.kind == Kind::Graphql;
    let response = if graphql {
        Response::json(200, json!({"errors": [{"type": "RATE_LIMITED", "message": message}]}))
    } else {
        Response::json(403, json!({"message": message, "documentation_url": RATE, "status": "403"}))
    };
    let reset = Utc::now().timestamp().saturating_add(i64::try_from(limit.reset_in).unwrap_or(i64::MAX));
    faulty(
        response
            .with_header("x-ratelimit-limit", "1000")
            .with_header("x-ratelimit-remaining", "0")
            .with_header("x-ratelimit-used", "1000")
            .with_header("x-ratelimit-reset", reset.to_string())
            .with_header("x-ratelimit-resource", if graphql { "graphql" } else { "core" }),
    )
}

/// Errors in a 200; `real` is the true answer when its data is kept.
pub(super) fn graphql_errors(errors: &GraphqlErrors, real: Option<&Response>) -> Response {
    let mut error = Map::new();
    if let Some(kind) = &errors.kind {
        error.insert("type".to_owned(), json!(kind));
    }
    error.insert("path".to_owned(), json!(path(errors.nulls.first())));
    error.insert("locations".to_owned(), json!([{"line": 1, "column": 1}]));
    error.insert("message".to_owned(), json!(errors.message));
    let mut body = Map::new();
    match errors.data {
        Data::None => {}
        Data::Null => {
            body.insert("data".to_owned(), Value::Null);
        }
        Data::Keep => {
            let mut data = match real.map(|response| &response.body) {
                Some(Body::Json(body)) => body.get("data").cloned().unwrap_or_default(),
                _ => Value::Null,
            };
            for pointer in &errors.nulls {
                if let Some(place) = data.pointer_mut(pointer) {
                    *place = Value::Null;
                }
            }
            body.insert("data".to_owned(), data);
        }
    }
    body.insert("errors".to_owned(), json!([error]));
    faulty(Response::json(200, Value::Object(body)))
}

fn path(pointer: Option<&String>) -> Vec<&str> {
    pointer.map(|pointer| pointer.split('/').filter(|part| !part.is_empty()).collect()).unwrap_or_default()
}

/// Shortens the list in a response: the array itself, or the one array inside an object.
pub(super) fn truncate(by: &Truncate, response: &mut Response) {
    if let Body::Json(body) = &mut response.body {
        let list = match body {
            Value::Array(list) => Some(list),
            Value::Object(object) => object.values_mut().find_map(Value::as_array_mut),
            _ => None,
        };
        if let Some(list) = list {
            list.truncate(by.keep);
        }
    }
    if !by.link {
        response.headers.remove("link");
    }
    response.fault = true;
}

fn faulty(mut response: Response) -> Response {
    response.fault = true;
    response
}

/// 404 for what is not visible yet.
pub(super) fn unseen() -> Response {
    faulty(Response::json(404, words(404)))
}

//! From an answer that is no success to an error in our words. Bodies stay behind; only GitHub's own message is kept.

use http::HeaderMap;
use serde::Deserialize;

use super::request::Request;
use crate::domain::secret::Redactor;
use crate::ports::forge::ForgeError;

/// Characters of GitHub's message that are kept.
const MESSAGE: usize = 300;

/// What a 403 means that has no permission to name: the repository's or organisation's switch is off
/// (<https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository#preventing-github-actions-from-creating-or-approving-pull-requests>).
pub(crate) const PULLS_BY_ACTIONS: &str = "the setting \"Allow GitHub Actions to create and approve pull requests\"";

/// GitHub's error object (<https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api>).
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: serde_json::Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    field: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

/// GitHub's message with its details in one short line; a fixed text when the body is no error object.
pub(super) fn message(body: &str, redactor: &Redactor) -> String {
    let Ok(error) = serde_json::from_str::<ErrorBody>(body) else {
        return "the answer has no message".to_owned();
    };
    let details = match error.errors {
        serde_json::Value::Array(details) => details.into_iter().filter_map(detail).collect::<Vec<_>>().join("; "),
        serde_json::Value::String(detail) => detail,
        _ => String::new(),
    };
    let text = if details.is_empty() { error.message } else { format!("{}: {details}", error.message) };
    short(&redactor.redact(&text))
}

fn detail(value: serde_json::Value) -> Option<String> {
    if let serde_json::Value::String(text) = value {
        return Some(text);
    }
    let detail: ErrorDetail = serde_json::from_value(value).ok()?;
    match detail {
        ErrorDetail { message: Some(message), .. } => Some(message),
        ErrorDetail { field: Some(field), code: Some(code), .. } => Some(format!("{field} {code}")),
        ErrorDetail { code, field, .. } => code.or(field),
    }
}

/// One line, without control characters, of bounded length, without a final stop.
pub(super) fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE).collect();
    line.trim().trim_end_matches('.').to_owned()
}

pub(super) fn classify(request: &Request, status: u16, headers: &HeaderMap, message: String) -> ForgeError {
    let what = request.doing.clone();
    match status {
        401 => ForgeError::BadToken { what: format!("while trying to {what}") },
        403 => ForgeError::Denied { what, permission: permission(headers).or_else(|| named(&message)) },
        404 | 410 => ForgeError::NotFound { what: request.thing.clone() },
        409 => ForgeError::Conflict { what, message },
        // A branch that was renamed, a repository that was moved.
        300..=399 => ForgeError::Refused { what, status, message: "it has moved to another address".to_owned() },
        405 if message.contains("Base branch was modified") => ForgeError::Conflict { what, message },
        422 if moved(&message) => ForgeError::Conflict { what, message },
        400..=499 => ForgeError::Refused { what, status, message },
        _ => ForgeError::Unavailable { what, message: format!("status {status}") },
    }
}

/// The permissions by which the request would be let through, as GitHub names them
/// (<https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible>).
fn permission(headers: &HeaderMap) -> Option<String> {
    let named = headers.get("x-accepted-github-permissions")?.to_str().ok()?.trim();
    (!named.is_empty()).then(|| short(named))
}

/// A 403 without the header: the message is all there is, unless it only says "not accessible".
fn named(message: &str) -> Option<String> {
    if message.contains("not permitted to create") && message.contains("pull requests") {
        return Some(PULLS_BY_ACTIONS.to_owned());
    }
    let plain = message.starts_with("Resource not accessible") || message == "the answer has no message";
    (!plain).then(|| format!("something that GitHub explains as \"{message}\""))
}

/// A 422 that says somebody was first.
fn moved(message: &str) -> bool {
    [
        "Reference already exists",
        "not a fast forward",
        "A pull request already exists",
        "Reference cannot be updated",
        "Reference does not exist",
    ]
    .iter()
    .any(|known| message.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        message(body, &Redactor::new(["ghp_secretsecret".to_owned()]))
    }

    #[test]
    fn a_message_is_one_short_line_with_its_details() {
        assert_eq!(
            said(
                r#"{"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"}]}"#
            ),
            "Validation Failed: name already_exists"
        );
        assert_eq!(
            said(r#"{"message":"Validation Failed","errors":[{"message":"No commits between main and x"}]}"#),
            "Validation Failed: No commits between main and x"
        );
        assert_eq!(said(r#"{"message":"Bad\ncredentials."}"#), "Bad credentials");
        assert_eq!(said("<html>"), "the answer has no message");
        assert_eq!(said(&format!(r#"{{"message":"{}"}}"#, "x".repeat(900))).len(), MESSAGE);
    }

    #[test]
    fn a_token_in_a_message_is_taken_out() {
        assert_eq!(said(r#"{"message":"bad token ghp_secretsecret"}"#), "bad token [redacted]");
    }
}

//! Requests and responses as the sandbox sees them, and the record of both.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

/// Which protocol a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Rest,
    Graphql,
    Model,
    Control,
}

/// One request. `path` has no `/api/v3` prefix and is still percent-encoded.
#[derive(Debug, Clone)]
pub struct Request {
    pub kind: Kind,
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Header names are lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    /// The decoded parts of the path; an encoded slash stays inside its part.
    pub fn segments(&self) -> Vec<String> {
        self.path.trim_matches('/').split('/').map(decode).collect()
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The secret of `Authorization: token X` or `Bearer X`.
    pub fn token(&self) -> Option<&str> {
        let (scheme, secret) = self.header("authorization")?.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
        known.then(|| secret.trim())
    }

    /// The body as JSON; an empty body is null.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        if self.body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&self.body) }
    }
}

/// What a response carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Empty,
    Json(Value),
    /// Content type and bytes.
    Bytes(String, Vec<u8>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Header names are lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Body,
    /// The answer was made by a fault, not by the sandbox's own sense.
    pub fault: bool,
    /// No route matched.
    pub unknown: bool,
}

impl Response {
    pub fn json(status: u16, value: Value) -> Self {
        Self { status, headers: BTreeMap::new(), body: Body::Json(value), fault: false, unknown: false }
    }

    pub fn empty(status: u16) -> Self {
        Self { body: Body::Empty, ..Self::json(status, Value::Null) }
    }

    pub fn bytes(status: u16, content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Bytes(content_type.to_owned(), bytes.into()), ..Self::json(status, Value::Null) }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// The bytes as they are sent, and their content type.
    pub(crate) fn encoded(&self) -> (Option<String>, Vec<u8>) {
        match &self.body {
            Body::Empty => (None, Vec::new()),
            Body::Json(value) => (Some("application/json; charset=utf-8".to_owned()), value.to_string().into_bytes()),
            Body::Bytes(content_type, bytes) => (Some(content_type.clone()), bytes.clone()),
        }
    }
}

/// One request with its response, as it is recorded: a line of JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    pub kind: Kind,
    pub method: String,
    /// As the client sent it, still percent-encoded, without the `/api/v3` prefix.
    pub path: String,
    pub query: Value,
    pub request_headers: BTreeMap<String, String>,
    pub request_body: Value,
    pub status: u16,
    pub response_headers: BTreeMap<String, String>,
    pub response_body: Value,
    pub fault: bool,
    pub unknown: bool,
    /// The request came from the sandbox's own tests, which also send what the product never would.
    pub probe: bool,
}

impl Exchange {
    /// `who` is the name of the caller's token: the secret itself is never kept.
    pub(crate) fn of(request: &Request, who: Option<&str>, response: &Response, probe: bool) -> Self {
        let mut request_headers = request.headers.clone();
        for secret in ["authorization", "x-api-key", "api-key", "cookie"] {
            if let Some(value) = request_headers.get_mut(secret) {
                *value = format!("[token {}]", who.unwrap_or("unknown"));
            }
        }
        let query = request.query.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        Self {
            kind: request.kind,
            method: request.method.clone(),
            path: request.path.clone(),
            query: Value::Object(query),
            request_headers,
            request_body: as_value(&request.body),
            status: response.status,
            response_headers: response.headers.clone(),
            response_body: match &response.body {
                Body::Empty => Value::Null,
                Body::Json(value) => value.clone(),
                Body::Bytes(_, bytes) => as_value(bytes),
            },
            fault: response.fault,
            unknown: response.unknown,
            probe,
        }
    }
}

fn as_value(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
}

/// Appends exchanges to one file of a folder.
#[derive(Debug)]
pub(crate) struct Recorder {
    path: PathBuf,
    file: File,
}

static RECORDS: AtomicU64 = AtomicU64::new(0);

impl Recorder {
    pub(crate) fn create(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let number = RECORDS.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("sandbox-{}-{number}.jsonl", std::process::id()));
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path, file })
    }

    pub(crate) fn append(&mut self, exchange: &Exchange) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(exchange)?;
        line.push(b'\n');
        self.file.write_all(&line).with_context(|| format!("writing {}", self.path.display()))?;
        self.file.flush()?;
        Ok(())
    }
}

/// Percent-decodes one part of a path; a plus sign stays a plus sign.
fn decode(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = part.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(value)) = (byte, hex) {
            out.push(value);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Request {
        let headers = [("authorization".to_owned(), "Bearer top".to_owned())].into();
        Request {
            kind: Kind::Rest,
            method: "GET".into(),
            path: path.into(),
            query: vec![("a".into(), "b".into())],
            headers,
            body: Vec::new(),
        }
    }

    #[test]
    fn paths_are_decoded_part_by_part() {
        let parts = request("/repos/o/r/branches/automated%2F1-x/a+b/%zz/gr%C3%BC%C3%9Fe").segments();
        assert_eq!(parts, ["repos", "o", "r", "branches", "automated/1-x", "a+b", "%zz", "grüße"]);
    }

    #[test]
    fn a_recorded_exchange_names_the_token_and_hides_it() {
        let exchange = Exchange::of(&request("/user"), Some("workflow"), &Response::empty(204), false);
        let line = serde_json::to_string(&exchange).unwrap();
        assert!(line.contains("[token workflow]") && !line.contains("top"), "{line}");
    }
}

//! A client with one token, and the sandbox all these tests start.

use std::path::{Path, PathBuf};
use std::process::Command;

use autonomy::sandbox::{Options, Sandbox};
use serde_json::Value;

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    pub(super) token: Option<&'static str>,
}

pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) json: Value,
    pub(super) text: String,
}

impl Got {
    pub(super) fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// The first error of a validation error: its words or its code.
    pub(super) fn error(&self) -> &str {
        let first = &self.json["errors"][0];
        first.as_str().or(first["message"].as_str()).or(first["code"].as_str()).unwrap_or_default()
    }

    /// The address of the next page, without the base.
    pub(super) fn next(&self, client: &Client) -> Option<String> {
        let link = self.headers.get("link")?.to_str().ok()?;
        let next = link.split(", ").find(|part| part.ends_with("rel=\"next\""))?;
        let url = next.strip_prefix('<')?.split('>').next()?;
        url.strip_prefix(&client.base).map(str::to_owned)
    }

    /// One field of each element of a list.
    pub(super) fn each(&self, field: &str) -> Vec<String> {
        let text = |value: &Value| value[field].as_str().map_or_else(|| value[field].to_string(), str::to_owned);
        self.json.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
    }
}

impl Client {
    pub(super) fn new(sandbox: &Sandbox, token: &'static str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: reqwest::Client::new(), base: sandbox.api_url(), token: Some(token) }
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Got {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Got { status, headers, json, text }
    }

    pub(super) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, None, &[]).await
    }

    pub(super) async fn get_as(&self, path: &str, accept: &str) -> Got {
        self.send("GET", path, None, &[("accept", accept)]).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Got {
        self.send("POST", path, Some(body), &[]).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Got {
        self.send("PATCH", path, Some(body), &[]).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Got {
        self.send("PUT", path, Some(body), &[]).await
    }

    pub(super) async fn delete(&self, path: &str) -> Got {
        self.send("DELETE", path, None, &[]).await
    }
}

/// A sandbox whose exchanges are recorded when the whole test run is.
pub(super) fn options() -> Options {
    Options {
        record: std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from),
        probe: true,
        ..Options::new("acme/widgets".parse().unwrap())
    }
}

pub(super) async fn start() -> Sandbox {
    Sandbox::start(options()).await.unwrap()
}

/// Runs git in a folder and panics when it fails.
pub(super) fn git(dir: &Path, args: &[&str]) {
    let done = Command::new("git").current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").args(args).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

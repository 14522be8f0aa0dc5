//! The embedded GitHub, asked over real HTTP: its answers are GitHub's, its refusals too.

use std::path::PathBuf;

use autonomy::sandbox::{Options, Sandbox, token};
use serde_json::{Value, json};

/// A client with one token.
struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<&'static str>,
}

struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    json: Value,
    text: String,
}

impl Client {
    fn new(sandbox: &Sandbox, token: &'static str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: reqwest::Client::new(), base: sandbox.api_url(), token: Some(token) }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Got {
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

    async fn get(&self, path: &str) -> Got {
        self.send("GET", path, None, &[]).await
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        self.send("POST", path, Some(body), &[]).await
    }
}

fn options() -> Options {
    Options {
        record: std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from),
        probe: true,
        ..Options::new("acme/widgets".parse().unwrap())
    }
}

async fn start() -> Sandbox {
    Sandbox::start(options()).await.unwrap()
}

#[tokio::test]
async fn the_repository_is_served_with_limits_request_ids_and_etags() {
    let sandbox = start().await;
    let client = Client::new(&sandbox, token::WORKFLOW);
    let got = client.get("/repos/acme/widgets").await;
    assert_eq!((got.status, got.json["full_name"].as_str()), (200, Some("acme/widgets")));
    assert_eq!(got.headers["x-ratelimit-limit"], "1000");
    assert_eq!(got.headers["x-ratelimit-remaining"], "999");
    assert!(got.headers.contains_key("x-github-request-id"));
    let etag = got.headers["etag"].to_str().unwrap().to_owned();
    let again = client.send("GET", "/repos/acme/widgets", None, &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(again.headers["x-ratelimit-remaining"], "999");
    assert_eq!(client.get("/repos/acme/nothing").await.status, 404);
    assert_eq!(client.get("/user").await.status, 403);
    assert!(sandbox.unknown_routes().is_empty());
    assert_eq!(client.post("/repos/acme/widgets/forks", json!({})).await.status, 404);
    assert_eq!(sandbox.unknown_routes(), ["POST /repos/acme/widgets/forks"]);
}

#[tokio::test]
async fn a_wrong_token_is_401_and_a_private_repository_is_404_to_strangers() {
    let sandbox = Sandbox::start(Options { private: true, ..options() }).await.unwrap();
    let mut client = Client::new(&sandbox, "ghp_wrong");
    let got = client.get("/repos/acme/widgets").await;
    assert_eq!((got.status, got.json["message"].as_str()), (401, Some("Bad credentials")));
    client.token = None;
    assert_eq!(client.get("/repos/acme/widgets").await.status, 404);
    client.token = Some(token::OUTSIDER);
    assert_eq!(client.get("/repos/acme/widgets").await.status, 404);
    client.token = Some(token::WRITER);
    assert_eq!(client.get("/repos/acme/widgets").await.status, 200);
}

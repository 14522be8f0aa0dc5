//! Faults on demand, and somebody else's steps between two requests, over real HTTP.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use autonomy::sandbox::faults::{FaultPlan, Faults, Move, Push, gaps, gaps_of_record};
use autonomy::sandbox::{Kind, Options, Sandbox, token};
use serde_json::{Value, json};

struct Bench {
    sandbox: Sandbox,
    faults: Arc<Faults>,
    http: reqwest::Client,
}

impl Bench {
    /// A sandbox with one issue, and a plan that is installed after that.
    async fn new(plan: &str) -> Self {
        Self::with(plan, std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from)).await
    }

    async fn with(plan: &str, record: Option<PathBuf>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let faults = Arc::new(Faults::default());
        let options = Options::new("acme/widgets".parse().unwrap());
        let hooks = Arc::clone(&faults);
        let sandbox = Sandbox::start(Options { hooks, record, probe: true, ..options }).await.unwrap();
        let http = reqwest::Client::builder().timeout(Duration::from_millis(800)).build().unwrap();
        let bench = Self { sandbox, faults, http };
        let (status, _) = bench.post("/issues", json!({"title": "One", "body": "text"})).await.unwrap();
        assert_eq!(status, 201);
        bench.faults.install(FaultPlan::parse("plan", plan).unwrap());
        bench
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/repos/acme/widgets{path}", self.sandbox.api_url());
        self.http.request(method, url).bearer_auth(token::WORKFLOW)
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Result<(u16, Value)> {
        let response = self.request("POST", path).json(&body).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or_default()))
    }

    async fn get(&self, path: &str) -> (u16, reqwest::header::HeaderMap, Value) {
        let response = self.request("GET", path).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.json().await.unwrap_or_default())
    }

    async fn graphql(&self, query: &str, variables: Value) -> (u16, Value) {
        let body = json!({"query": query, "variables": variables});
        let request = self.http.post(self.sandbox.graphql_url()).bearer_auth(token::WORKFLOW).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/_sandbox{path}", self.sandbox.server_url());
        let response = self.http.request(method, url).body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn comment(&self) -> reqwest::Result<u16> {
        Ok(self.post("/issues/1/comments", json!({"body": "hello"})).await?.0)
    }

    async fn comments(&self) -> usize {
        self.get("/issues/1/comments").await.2.as_array().map_or(0, Vec::len)
    }

    async fn head(&self) -> String {
        self.get("/git/ref/heads/main").await.2["object"]["sha"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_error_comes_instead_of_the_effect_or_after_it() {
    let bench = Bench::new(
        "faults:
  - on: {method: POST, path: '/comments$'}
    answer: {status: 502}
  - on: {method: POST, path: '/comments$', nth: 2}
    answer: {status: 500, after: true, body: '<html>oops</html>', headers: {X-Odd: 'yes'}}",
    )
    .await;
    assert_eq!((bench.comment().await.unwrap(), bench.comments().await), (502, 0));
    assert_eq!((bench.comment().await.unwrap(), bench.comments().await), (500, 1));
    assert_eq!((bench.comment().await.unwrap(), bench.comments().await), (201, 2));
    assert_eq!(bench.faults.unfired(), 0);
    let faulty: Vec<u16> = bench.sandbox.exchanges().iter().filter(|e| e.fault).map(|e| e.status).collect();
    assert_eq!(faulty, [502, 500]);
}

#[tokio::test]
async fn a_connection_is_cut_or_left_hanging_before_or_after_the_effect() {
    let bench = Bench::new(
        "faults:
  - {on: {method: POST}, drop: before}
  - {on: {method: POST, nth: 2}, drop: after}
  - {on: {method: POST, nth: 3}, hang: before}
  - {on: {method: POST, nth: 4}, hang: after}",
    )
    .await;
    for (times_out, comments) in [(false, 0), (false, 1), (true, 1), (true, 2)] {
        let error = bench.comment().await.unwrap_err();
        assert_eq!((error.is_timeout(), error.status()), (times_out, None), "{error:?}");
        assert_eq!(bench.comments().await, comments);
    }
}

#[tokio::test]
async fn limits_are_told_as_github_tells_them() {
    let bench = Bench::new(
        "faults:
  - {on: {path: '/labels$'}, secondary_limit: {retry_after: 7}}
  - {on: {path: '/labels$', nth: 2}, secondary_limit: {status: 429}}
  - {on: {path: '/labels$', nth: 3}, primary_limit: {reset_in: 60}}
  - {on: {path: graphql}, primary_limit: {}}
  - {on: {path: graphql, nth: 2}, secondary_limit: {status: 200, retry_after: 1}}",
    )
    .await;
    let (status, headers, body) = bench.get("/labels").await;
    assert_eq!((status, &headers["retry-after"]), (403, &"7".parse().unwrap()));
    assert!(body["message"].as_str().unwrap().contains("secondary rate limit"));
    let (status, headers, _) = bench.get("/labels").await;
    assert_eq!((status, headers.get("retry-after")), (429, None));
    let (status, headers, _) = bench.get("/labels").await;
    assert_eq!((status, &headers["x-ratelimit-remaining"]), (403, &"0".parse().unwrap()));
    let (status, body) = bench.graphql("{ viewer { login } }", json!({})).await;
    assert_eq!((status, &body["errors"][0]["type"]), (200, &json!("RATE_LIMITED")));
    let (status, body) = bench.graphql("{ viewer { login } }", json!({})).await;
    assert!(status == 200 && body["errors"][0]["message"].as_str().unwrap().contains("secondary"));
    assert_eq!(bench.get("/labels").await.0, 200);
}

#[tokio::test]
async fn graphql_errors_come_in_a_200_with_some_of_the_data_or_none() {
    let bench = Bench::new(
        "faults:
  - {on: {body: 'viewer'}, graphql_errors: {message: Something went wrong}}
  - {on: {body: 'viewer', nth: 2}, graphql_errors: {type: FORBIDDEN, message: no, data: keep, nulls: [/repository/issue]}}",
    )
    .await;
    let query =
        "{ viewer { login } repository(owner: \"acme\", name: \"widgets\") { name issue(number: 1) { title } } }";
    let (status, body) = bench.graphql(query, json!({})).await;
    assert_eq!((status, body.get("data"), &body["errors"][0]["message"]), (200, None, &json!("Something went wrong")));
    let (_, body) = bench.graphql(query, json!({})).await;
    assert_eq!(body["data"]["repository"], json!({"name": "widgets", "issue": null}));
    assert_eq!(body["errors"][0]["path"], json!(["repository", "issue"]));
    let (_, body) = bench.graphql(query, json!({})).await;
    assert_eq!((body.get("errors"), &body["data"]["repository"]["issue"]["title"]), (None, &json!("One")));
    assert_eq!(bench.sandbox.unknown_routes(), Vec::<String>::new());
}

#[tokio::test]
async fn reads_are_stale_for_a_while_after_a_write() {
    let bench = Bench::new(
        "faults:
  - {on: {method: POST, path: '/comments$'}, stale: {reads: 2}}
  - {on: {method: POST, path: '/comments$', nth: 2}, stale: {reads: 1, unseen_missing: true}}",
    )
    .await;
    assert_eq!(bench.comments().await, 0);
    assert_eq!(bench.comment().await.unwrap(), 201);
    assert_eq!([bench.comments().await, bench.comments().await, bench.comments().await], [0, 0, 1]);
    assert_eq!(bench.comment().await.unwrap(), 201);
    assert_eq!([bench.get("/issues/1").await.0, bench.get("/issues/1").await.0], [404, 200]);
}

#[tokio::test]
async fn a_list_ends_too_early() {
    let bench = Bench::new("faults: [{on: {path: '/labels$'}, truncate: {keep: 3}}]").await;
    let (_, headers, body) = bench.get("/labels?per_page=5").await;
    assert_eq!((body.as_array().unwrap().len(), headers.get("link")), (3, None));
    let (_, headers, body) = bench.get("/labels?per_page=5").await;
    assert_eq!((body.as_array().unwrap().len(), headers.contains_key("link")), (5, true));
}

#[tokio::test]
async fn somebody_steps_in_between_two_requests() {
    let bench = Bench::new(
        "faults:
  - on: {path: '/git/ref/', nth: 2}
    moves:
      - {push: {branch: main, files: {NEW.md: hello}, by: maintainer}}
      - {label: {label: roadmap, by: maintainer}, edit_issue: {body: other, by: writer}}
      - {comment: {body: me too, by: outsider}}
      - {review: {verdict: approve}}",
    )
    .await;
    let before = bench.head().await;
    let after = bench.head().await;
    assert_ne!(before, after, "the branch moved just before the second read");
    let (_, _, issue) = bench.get("/issues/1").await;
    assert_eq!((&issue["labels"][0]["name"], &issue["body"]), (&json!("roadmap"), &json!("other")));
    assert_eq!(bench.comments().await, 1);
    assert_eq!(bench.faults.fired().len(), 1, "a step without a pull request is skipped");
}

#[tokio::test]
async fn the_control_endpoint_installs_faults_moves_the_world_and_shows_it() {
    let bench = Bench::new("faults: []").await;
    let (status, body) =
        bench.control("POST", "/faults", "faults: [{on: {path: '/labels$'}, answer: {status: 503}}]").await;
    assert_eq!((status, body), (200, json!({"installed": 1})));
    assert_eq!(bench.control("GET", "/faults", "").await.1["unfired"], 1);
    assert_eq!(bench.get("/labels").await.0, 503);
    let fired = bench.control("GET", "/faults", "").await.1;
    assert_eq!(
        fired,
        json!({"fired": [{"request": 2, "what": "GET /repos/acme/widgets/labels", "effect": "answer"}], "unfired": 0})
    );
    let (_, moved) = bench.control("POST", "/world", r#"{"moves": [{"move_base": {}}, {"draft": {}}]}"#).await;
    assert!(moved["moves"][0]["done"].as_str().unwrap().ends_with("to main"), "{moved}");
    assert_eq!(moved["moves"][1], json!({"skipped": "there is no such pull request"}));
    let (_, state) = bench.control("GET", "/state", "").await;
    assert_eq!((&state["branches"]["main"], &state["requests"]), (&json!(bench.head().await), &json!(2)));
    let (status, wrong) = bench.control("POST", "/faults", "faults:\n  - on: {request: 1}\n    hangs: before").await;
    assert_eq!(status, 400);
    assert!(wrong["message"].as_str().unwrap().contains("unknown field `hangs`"), "{wrong}");
    assert_eq!(bench.control("DELETE", "/faults", "").await.0, 204);
    assert_eq!(bench.control("GET", "/nothing", "").await.0, 404);
    assert!(bench.sandbox.exchanges().iter().any(|e| e.kind == Kind::Control && e.path == "/_sandbox/world"));
    assert_eq!(bench.sandbox.unknown_routes(), Vec::<String>::new());
}

const COMMIT: &str =
    "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";

/// A small run: reads the branch, commits to it with the expected head, comments.
async fn run(bench: &Bench) -> Value {
    let head = bench.head().await;
    let input = json!({"branch": {"repositoryNameWithOwner": "acme/widgets", "branchName": "main"},
        "expectedHeadOid": head, "message": {"headline": "x"},
        "fileChanges": {"additions": [{"path": "x.txt", "contents": "eAo="}], "deletions": []}});
    let (_, body) = bench.graphql(COMMIT, json!({"input": input})).await;
    bench.comment().await.unwrap();
    body["errors"][0]["type"].clone()
}

#[tokio::test]
async fn a_sweep_places_a_step_before_every_request_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = Bench::with("faults: []", Some(folder.path().to_owned())).await;
    assert_eq!(run(&undisturbed).await, Value::Null);
    let gaps = gaps(&undisturbed.sandbox.exchanges());
    let record = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(gaps_of_record(&record).unwrap(), gaps);
    let mut refused = Vec::new();
    // The first request files the issue of the bench, before any plan.
    for gap in &gaps[1..] {
        let bench = Bench::new("faults: []").await;
        bench.faults.install(gap.plan("moves: [{move_base: {}}]").unwrap());
        refused.push((gap.request, gap.writes, run(&bench).await));
        assert_eq!(bench.faults.unfired(), 0);
    }
    let (fine, stale) = (Value::Null, json!("STALE_DATA"));
    assert_eq!(refused, [(2, false, fine.clone()), (3, true, stale), (4, true, fine)]);
    let bench = Bench::new("faults: []").await;
    let step = Move { move_base: Some(Push::default()), ..Move::default() };
    bench.faults.install(FaultPlan::before_request(3, vec![step]));
    assert_eq!(run(&bench).await, "STALE_DATA", "by number, too");
}

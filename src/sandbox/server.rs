//! The HTTP door: reads a request, runs hooks and handler, adds GitHub's headers, records, answers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request as HttpRequest, State as Extract};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response as HttpResponse;
use axum::{Router, body};

use super::exchange::{Body, Exchange, Kind, Recorder, Request, Response};
use super::hooks::{After, Before, Hooks};
use super::net::{CuttableListener, Cutter};
use super::state::State;
use super::{World, answer};

const MAX_BODY: usize = 64 * 1024 * 1024;

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) exchanges: Mutex<Vec<Exchange>>,
    pub(crate) unknown: Mutex<Vec<String>>,
    pub(crate) recorder: Mutex<Option<Recorder>>,
    pub(crate) hooks: Arc<dyn Hooks>,
    pub(crate) probe: bool,
    pub(crate) requests: AtomicU64,
    /// Keeps the repository's folder for as long as the world lives.
    pub(crate) _folder: Option<tempfile::TempDir>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Writes an exchange down: in memory, in the record, and among the unknown routes.
    fn note(&self, exchange: Exchange) {
        if exchange.unknown {
            lock(&self.unknown).push(format!("{} {}", exchange.method, exchange.path));
        }
        if let Some(recorder) = lock(&self.recorder).as_mut()
            && let Err(error) = recorder.append(&exchange)
        {
            tracing::error!(%error, "the sandbox cannot record an exchange");
        }
        lock(&self.exchanges).push(exchange);
    }
}

/// A panic of one test move must not hide what the others would show.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until the task is dropped. `model` is mounted under `/model`.
pub(crate) async fn serve(
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    model: Option<Router>,
) -> std::io::Result<()> {
    let mut app = Router::new().fallback(forge);
    if let Some(model) = model {
        let recorded = model.layer(middleware::from_fn_with_state(Arc::clone(&shared), record_model));
        // A nested router brings its own state, so it is complete before it is mounted.
        app = app.nest_service("/model", recorded);
    }
    let app = app.with_state(shared);
    axum::serve(CuttableListener(listener), app.into_make_service_with_connect_info::<Cutter>()).await
}

async fn forge(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: HttpRequest,
) -> HttpResponse {
    match handle(shared, request).await {
        Ok(Some(response)) => http(&response),
        Ok(None) => {
            cutter.cut();
            std::future::pending().await
        }
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the sandbox failed");
            http(&Response::json(500, serde_json::json!({"message": format!("sandbox: {error:#}")})))
        }
    }
}

/// The answer to a request, or nothing when the connection is to be cut.
async fn handle(shared: Arc<Shared>, request: HttpRequest) -> anyhow::Result<Option<Response>> {
    let request = Arc::new(read(request).await?);
    let before = {
        let (shared, request) = (Arc::clone(&shared), Arc::clone(&request));
        blocking(move || shared.hooks.before(&World::of(&shared), &request)).await?
    };
    match before {
        Before::Go => {}
        Before::Delay(time) => tokio::time::sleep(time).await,
        Before::Answer(response) => {
            let response = *response;
            let who = shared.state().people.token_name(&request);
            shared.note(Exchange::of(&request, who.as_deref(), &response, shared.probe));
            return Ok(Some(response));
        }
        Before::Hang => hang().await,
        Before::Drop => return Ok(None),
    }
    let (response, after) = {
        let (shared, request) = (Arc::clone(&shared), Arc::clone(&request));
        blocking(move || {
            let mut response = effect(&shared, &request);
            let after = shared.hooks.after(&World::of(&shared), &request, &mut response);
            let who = shared.state().people.token_name(&request);
            shared.note(Exchange::of(&request, who.as_deref(), &response, shared.probe));
            (response, after)
        })
        .await?
    };
    match after {
        After::Send => {}
        After::Delay(time) => tokio::time::sleep(time).await,
        After::Hang => hang().await,
        After::Drop => return Ok(None),
    }
    Ok(Some(response))
}

fn effect(shared: &Arc<Shared>, request: &Request) -> Response {
    let number = shared.requests.fetch_add(1, Ordering::Relaxed);
    if request.kind == Kind::Control {
        let answer = shared.hooks.control(&World::of(shared), request);
        return answer.unwrap_or_else(|| Response::json(404, serde_json::json!({"message": "no such control"})));
    }
    answer::answer(&mut shared.state(), request, number)
}

/// Longer than any client waits; the client's own timeout ends it.
async fn hang() {
    tokio::time::sleep(Duration::from_hours(1)).await;
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task of the sandbox ended early")
}

async fn read(request: HttpRequest) -> anyhow::Result<Request> {
    let (parts, content) = request.into_parts();
    let path = parts.uri.path();
    let (kind, path) = match (path.strip_prefix("/api/v3"), path.strip_prefix("/api/graphql")) {
        (Some(rest), _) => (Kind::Rest, if rest.is_empty() { "/" } else { rest }),
        (_, Some(_)) => (Kind::Graphql, "/graphql"),
        _ if path.starts_with("/_sandbox") => (Kind::Control, path),
        _ if path.starts_with("/model/") => (Kind::Model, path),
        _ => (Kind::Rest, path),
    };
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes());
    let mut headers = BTreeMap::new();
    for (name, value) in &parts.headers {
        headers.insert(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    Ok(Request {
        kind,
        method: parts.method.as_str().to_owned(),
        path: path.to_owned(),
        query: pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        headers,
        body: body::to_bytes(content, MAX_BODY).await.context("reading a request's body")?.to_vec(),
    })
}

fn http(response: &Response) -> HttpResponse {
    let (content_type, bytes) = response.encoded();
    let mut answer = HttpResponse::new(body::Body::from(bytes));
    *answer.status_mut() = StatusCode::from_u16(response.status).unwrap_or_default();
    let content_type = content_type.map(|value| ("content-type".to_owned(), value));
    for (name, value) in content_type.iter().map(|(n, v)| (n, v)).chain(&response.headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// Records what the scripted model is asked and answers.
async fn record_model(Extract(shared): Extract<Arc<Shared>>, request: HttpRequest, next: Next) -> HttpResponse {
    let (parts, content) = request.into_parts();
    let bytes = body::to_bytes(content, MAX_BODY).await.unwrap_or_default();
    let copy = HttpRequest::from_parts(parts.clone(), body::Body::from(bytes.clone()));
    let seen = read(HttpRequest::from_parts(parts, body::Body::from(bytes))).await;
    let answer = next.run(copy).await;
    let (parts, content) = answer.into_parts();
    let bytes = match body::to_bytes(content, MAX_BODY).await {
        Ok(bytes) => bytes,
        // The script cut its own answer short.
        Err(error) => return HttpResponse::from_parts(parts, body::Body::from_stream(broken(error))),
    };
    if let Ok(mut seen) = seen {
        seen.kind = Kind::Model;
        if !seen.path.starts_with("/model") {
            seen.path = format!("/model{}", seen.path);
        }
        let headers = parts.headers.iter();
        let mut response = Response::bytes(parts.status.as_u16(), "", bytes.to_vec());
        response.headers =
            headers.map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
        response.body = if bytes.is_empty() { Body::Empty } else { response.body };
        shared.note(Exchange::of(&seen, Some("model key"), &response, shared.probe));
    }
    HttpResponse::from_parts(parts, body::Body::from(bytes))
}

fn broken(error: axum::Error) -> impl futures_util::Stream<Item = Result<body::Bytes, axum::Error>> {
    futures_util::stream::once(async { Err(error) })
}

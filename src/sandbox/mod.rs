//! An embedded GitHub: REST and GraphQL over a real bare git repository, on loopback, for `demo`, `sandbox` and tests.
//!
//! It is written from GitHub's documentation and OpenAPI description alone and shares nothing with the adapters, so
//! that it cannot share their mistakes. State changes only in `moves`; `rest` and `graphql` are doors to them, and
//! [`World`] is the door for tests.

mod answer;
mod clock;
mod exchange;
pub mod faults;
mod git;
mod graphql;
mod hooks;
pub mod model;
mod moves;
mod net;
mod people;
mod refusal;
mod render;
mod rest;
mod seed;
mod server;
mod state;
mod world;

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use tokio::task::JoinHandle;

pub use exchange::{Body, Exchange, Kind, Request, Response};
pub use hooks::{After, Before, Hooks, NoHooks};
pub use people::{ACTIONS_APP, ACTIONS_BOT, Access, CUSTOM_APP, login, token};
pub use state::Protection;
pub use world::{CheckFact, CommentFact, IssueFact, PullFact, ReviewFact, Setting, StatusFact, Verdict, World};

use crate::domain::ids::RepoName;
use exchange::Recorder;
use server::Shared;
use state::{State, Urls};

/// How to start a sandbox.
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    pub repo: RepoName,
    pub private: bool,
    /// Any local git repository: its HEAD branch becomes the default branch. Without one, `main` holds a README.
    pub seed: Option<PathBuf>,
    /// A folder of issues written as Markdown.
    pub issues: Option<PathBuf>,
    /// A folder that gets one JSONL file with every exchange.
    pub record: Option<PathBuf>,
    /// Marks the recorded requests as the sandbox's own tests, which send what the product never would.
    pub probe: bool,
    /// Faults and adversaries.
    pub hooks: Arc<dyn Hooks>,
    /// A model server to mount under `/model`.
    pub model: Option<axum::Router>,
}

impl Options {
    pub fn new(repo: RepoName) -> Self {
        Self {
            port: 0,
            repo,
            private: false,
            seed: None,
            issues: None,
            record: None,
            probe: false,
            hooks: Arc::new(NoHooks),
            model: None,
        }
    }
}

/// A running embedded GitHub. Dropping it stops the server.
pub struct Sandbox {
    world: World,
    urls: Urls,
    task: JoinHandle<()>,
}

impl Sandbox {
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let address = ("127.0.0.1", options.port);
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{}", options.port))?;
        let port = listener.local_addr().context("reading the port")?.port();
        let html = format!("http://127.0.0.1:{port}");
        let urls = Urls { api: format!("{html}/api/v3"), graphql: format!("{html}/api/graphql"), html };
        let folder = tempfile::Builder::new().prefix("autonomy-sandbox-").tempdir().context("creating a folder")?;
        let Options { repo, private, seed, issues, record, probe, hooks, model, .. } = options;
        let (git, branch) = seed::repository(&folder.path().join("repository.git"), seed.as_deref())?;
        let mut state = State::new(urls.clone(), git, repo, private, &branch);
        seed::labels(&mut state);
        if let Some(issues) = &issues {
            seed::issues(&mut state, issues)?;
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            exchanges: Mutex::default(),
            unknown: Mutex::default(),
            recorder: Mutex::new(record.as_deref().map(Recorder::create).transpose()?),
            hooks,
            probe,
            requests: AtomicU64::new(1),
            _folder: Some(folder),
        });
        let world = World::of(&shared);
        let task = tokio::spawn(async move {
            if let Err(error) = server::serve(listener, shared, model).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        Ok(Self { world, urls, task })
    }

    /// The REST base, as `GITHUB_API_URL` on GitHub Enterprise Server: with a path, without a trailing slash.
    pub fn api_url(&self) -> String {
        self.urls.api.clone()
    }

    pub fn graphql_url(&self) -> String {
        self.urls.graphql.clone()
    }

    pub fn server_url(&self) -> String {
        self.urls.html.clone()
    }

    /// The base URL of the mounted model server.
    pub fn model_url(&self) -> String {
        format!("{}/model", self.urls.html)
    }

    pub fn world(&self) -> &World {
        &self.world
    }

    /// Requests that no route answers, as `METHOD path`.
    pub fn unknown_routes(&self) -> Vec<String> {
        server::lock(&self.world.shared().unknown).clone()
    }

    /// Every request and response so far, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        server::lock(&self.world.shared().exchanges).clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

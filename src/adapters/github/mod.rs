//! GitHub behind the ports: REST and GraphQL on octocrab, with retries, limits and pauses of our own.
//!
//! `transport` sends one request and repeats only what is safe, `errors` and `limits` read answers, `paging` follows
//! `Link`, `graphql` asks and changes, `wire` holds GitHub's shapes. `read`, `write` and `ledger` are the three ports.

mod errors;
mod graphql;
mod ledger;
mod limits;
mod log;
mod objects;
mod paging;
mod read;
mod request;
mod transport;
mod wire;
mod write;

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub(crate) use errors::PULLS_BY_ACTIONS;
pub use log::RequestLog;

use crate::domain::ids::RepoName;
use crate::domain::secret::Redactor;
use crate::domain::user::Identity;

/// How to reach GitHub. GitHub Enterprise Server has other base addresses (`/api/v3`, `/api/graphql`).
#[derive(Debug, Clone)]
pub struct GitHubOptions {
    /// REST, such as `https://api.github.com`; a trailing slash does not matter.
    pub api_url: Url,
    /// GraphQL in full, such as `https://api.github.com/graphql`.
    pub graphql_url: Url,
    /// The web site, such as `https://github.com`.
    pub server_url: Url,
    pub token: SecretString,
    pub repo: RepoName,
    /// The least time between two writes that create content. GitHub asks for one second.
    pub write_pause: Duration,
    /// For one request, from sending it to the end of the answer.
    pub timeout: Duration,
    /// The longest wait for a rate limit, over all waits of one request.
    pub max_wait: Duration,
}

/// One repository on GitHub, with one token.
pub struct GitHub {
    crab: Octocrab,
    options: GitHubOptions,
    authorization: http::HeaderValue,
    /// Takes the token out of GitHub's own messages, should it ever stand there.
    redactor: Redactor,
    retry_pause: Duration,
    log: Mutex<RequestLog>,
    last_write: tokio::sync::Mutex<Option<tokio::time::Instant>>,
    identity: tokio::sync::OnceCell<Identity>,
    own_issues: tokio::sync::Mutex<write::issue::OwnIssues>,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitHub({} at {})", self.options.repo, self.options.api_url)
    }
}

impl GitHub {
    /// Checks the options and builds the client. Sends nothing. Must be called within a tokio runtime.
    pub fn connect(options: GitHubOptions) -> anyhow::Result<Self> {
        ensure!(tokio::runtime::Handle::try_current().is_ok(), "the GitHub client needs a tokio runtime");
        let token = options.token.expose_secret().trim().to_owned();
        ensure!(!token.is_empty(), "the GitHub token is empty");
        ensure!(
            token.bytes().all(|byte| byte.is_ascii_graphic()),
            "the GitHub token holds a space, a line break or another character that no token has"
        );
        let mut authorization = http::HeaderValue::from_str(&format!("Bearer {token}"))
            .context("the GitHub token cannot be sent in a header")?;
        authorization.set_sensitive(true);
        for url in [&options.api_url, &options.graphql_url] {
            ensure!(matches!(url.scheme(), "http" | "https") && url.has_host(), "`{url}` is no address of an API");
            ensure!(url.username().is_empty() && url.password().is_none(), "an API address must not hold a password");
        }
        let client = super::http::client(|builder| builder.timeout(options.timeout))
            .context("no HTTP client could be built for GitHub")?;
        let crab = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(client))
            .with_auth(AuthState::None)
            .build()
            .context("the GitHub client could not be built")?;
        Ok(Self {
            crab,
            options: GitHubOptions { token: SecretString::from(token.clone()), ..options },
            authorization,
            redactor: Redactor::new([token]),
            retry_pause: Duration::from_millis(500),
            log: Mutex::default(),
            last_write: tokio::sync::Mutex::default(),
            identity: tokio::sync::OnceCell::new(),
            own_issues: tokio::sync::Mutex::default(),
        })
    }

    /// The first pause before a read is repeated; it doubles from there. Half a second unless a test says otherwise.
    #[must_use]
    pub fn with_retry_pause(mut self, pause: Duration) -> Self {
        self.retry_pause = pause;
        self
    }

    /// What was sent so far.
    pub fn requests(&self) -> RequestLog {
        self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The page of the repository on the web.
    fn web_url(&self) -> String {
        format!("{}/{}", self.options.server_url.as_str().trim_end_matches('/'), self.options.repo)
    }
}

#[cfg(test)]
mod tests;

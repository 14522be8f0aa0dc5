//! What was sent: counted by route, printed at the end of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Counts of requests. Retries are counted as requests too: GitHub counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RequestLog {
    /// `GET /repos/{owner}/{repo}/issues` or `POST /graphql viewer`, with how often it was sent.
    pub routes: BTreeMap<String, u64>,
    /// Requests that were sent again after a failure or a limit.
    pub retries: u64,
    /// Waits for a rate limit, and their sum.
    pub waits: u64,
    pub waited: Duration,
    /// What was left of the primary limit at the last answer: REST requests and GraphQL points.
    pub rest_remaining: Option<u64>,
    pub graphql_remaining: Option<u64>,
}

impl RequestLog {
    pub fn total(&self) -> u64 {
        self.routes.values().sum()
    }
}

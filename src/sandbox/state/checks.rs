//! Check suites and runs, commit statuses, workflows and their runs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::sandbox::people::Actor;

#[derive(Debug, Clone)]
pub(crate) struct Suite {
    pub(crate) id: u64,
    pub(crate) app: u64,
    pub(crate) head_sha: String,
    pub(crate) head_branch: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// Waits for a writer's approval, so no run of it exists yet.
    pub(crate) action_required: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) annotations: Vec<serde_json::Value>,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) suite: u64,
    pub(crate) app: u64,
    pub(crate) name: String,
    pub(crate) head_sha: String,
    pub(crate) external_id: Option<String>,
    pub(crate) details_url: Option<String>,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
    pub(crate) output: Output,
    /// A planned end: how many more reads see it unfinished, and the conclusion then.
    pub(crate) planned: Option<(u32, String)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) sha: String,
    /// `error`, `failure`, `pending` or `success`.
    pub(crate) state: String,
    pub(crate) context: String,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) creator: u64,
    pub(crate) created_at: DateTime<Utc>,
}

/// A workflow file on the default branch.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) triggers: Vec<Trigger>,
    /// The names of its jobs, which become the names of check runs.
    pub(crate) jobs: Vec<String>,
}

/// An event that starts a workflow, perhaps only for some branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) event: String,
    /// Patterns; empty means all.
    pub(crate) branches: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct WorkflowRun {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) workflow: u64,
    pub(crate) workflow_name: String,
    pub(crate) path: String,
    pub(crate) event: String,
    pub(crate) suite: u64,
    pub(crate) head_sha: String,
    pub(crate) head_branch: String,
    pub(crate) title: String,
    pub(crate) actor: Actor,
    pub(crate) created_at: DateTime<Utc>,
}

/// How workflow jobs end: nothing really runs.
#[derive(Debug, Clone)]
pub(crate) struct Ci {
    /// How many reads see a job unfinished.
    pub(crate) reads: u32,
    /// Conclusions by job name; any other job ends as `success`.
    pub(crate) conclusions: BTreeMap<String, String>,
    /// Ids of workflows by path, given once.
    pub(crate) workflow_ids: BTreeMap<String, u64>,
    /// Run numbers by workflow path.
    pub(crate) run_numbers: BTreeMap<String, u64>,
}

impl Default for Ci {
    fn default() -> Self {
        Self { reads: 1, conclusions: BTreeMap::new(), workflow_ids: BTreeMap::new(), run_numbers: BTreeMap::new() }
    }
}

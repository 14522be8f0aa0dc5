//! Check runs, statuses, workflow runs and branch rules on the wire.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::domain::check::{CheckRun, CommitStatus, Conclusion, StatusState, WorkflowRun};
use crate::domain::ids::{CheckRunId, CommitSha};

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct CheckRunPage {
    pub(in crate::adapters::github) total_count: u64,
    pub(in crate::adapters::github) check_runs: Vec<CheckRunWire>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::adapters::github) struct CheckRunWire {
    pub(in crate::adapters::github) id: u64,
    pub(in crate::adapters::github) name: String,
    status: String,
    pub(in crate::adapters::github) conclusion: Option<String>,
    pub(in crate::adapters::github) external_id: Option<String>,
    pub(in crate::adapters::github) html_url: Option<String>,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    pub(in crate::adapters::github) output: OutputWire,
    check_suite: Option<IdWire>,
    app: Option<IdWire>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::adapters::github) struct OutputWire {
    pub(in crate::adapters::github) title: Option<String>,
    pub(in crate::adapters::github) summary: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct IdWire {
    id: u64,
}

impl CheckRunWire {
    pub(in crate::adapters::github) fn app_id(&self) -> Option<u64> {
        self.app.map(|app| app.id)
    }
}

impl From<CheckRunWire> for CheckRun {
    fn from(run: CheckRunWire) -> Self {
        let completed = run.status == "completed";
        Self {
            id: CheckRunId(run.id),
            name: run.name,
            suite_id: run.check_suite.map(|suite| suite.id),
            app_id: run.app.map(|app| app.id),
            completed,
            conclusion: run.conclusion.as_deref().filter(|_| completed).map(conclusion),
            external_id: run.external_id.filter(|id| !id.is_empty()),
            started_at: run.started_at,
            completed_at: run.completed_at,
        }
    }
}

fn conclusion(name: &str) -> Conclusion {
    match name {
        "success" => Conclusion::Success,
        "failure" => Conclusion::Failure,
        "neutral" => Conclusion::Neutral,
        "cancelled" => Conclusion::Cancelled,
        "skipped" => Conclusion::Skipped,
        "timed_out" => Conclusion::TimedOut,
        "action_required" => Conclusion::ActionRequired,
        "stale" => Conclusion::Stale,
        "startup_failure" => Conclusion::StartupFailure,
        _ => Conclusion::Other,
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct StatusWire {
    context: String,
    state: String,
    created_at: DateTime<Utc>,
}

impl From<StatusWire> for CommitStatus {
    fn from(status: StatusWire) -> Self {
        let state = match status.state.as_str() {
            "success" => StatusState::Success,
            "pending" => StatusState::Pending,
            "failure" => StatusState::Failure,
            // An unknown word never passes.
            _ => StatusState::Error,
        };
        Self { context: status.context, state, created_at: status.created_at }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct WorkflowRunPage {
    pub(in crate::adapters::github) total_count: u64,
    pub(in crate::adapters::github) workflow_runs: Vec<WorkflowRunWire>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct WorkflowRunWire {
    id: u64,
    path: String,
    event: String,
    head_sha: CommitSha,
    #[serde(default)]
    run_attempt: Option<u64>,
    status: Option<String>,
    conclusion: Option<String>,
    #[serde(default)]
    check_suite_id: Option<u64>,
}

impl From<WorkflowRunWire> for WorkflowRun {
    fn from(run: WorkflowRunWire) -> Self {
        let completed = run.status.as_deref() == Some("completed");
        // A reusable or required workflow carries its ref: `.github/workflows/ci.yml@main`.
        let path = run.path.split('@').next().unwrap_or_default().to_owned();
        Self {
            id: run.id,
            path,
            event: run.event,
            head_sha: run.head_sha,
            attempt: run.run_attempt.unwrap_or(1),
            completed,
            conclusion: run.conclusion.as_deref().filter(|_| completed).map(conclusion),
            suite_id: run.check_suite_id,
        }
    }
}

/// A rule of any active ruleset (<https://docs.github.com/rest/repos/rules#get-rules-for-a-branch>).
#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct RuleWire {
    #[serde(rename = "type")]
    pub(in crate::adapters::github) kind: String,
    #[serde(default)]
    pub(in crate::adapters::github) parameters: Option<RuleParameters>,
}

/// The parameters of the rule types that we read; other types have other fields.
#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct RuleParameters {
    #[serde(default)]
    pub(in crate::adapters::github) required_status_checks: Option<Vec<RuleCheck>>,
    #[serde(default)]
    pub(in crate::adapters::github) strict_required_status_checks_policy: Option<bool>,
    #[serde(default)]
    pub(in crate::adapters::github) required_approving_review_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct RuleCheck {
    pub(in crate::adapters::github) context: String,
    #[serde(default)]
    pub(in crate::adapters::github) integration_id: Option<i64>,
}

/// Classic protection, as `GET /branches/{b}` shows it and as `GET /branches/{b}/protection` does.
#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ProtectionWire {
    #[serde(default)]
    pub(in crate::adapters::github) enabled: Option<bool>,
    #[serde(default)]
    pub(in crate::adapters::github) required_status_checks: Option<ClassicChecks>,
    #[serde(default)]
    pub(in crate::adapters::github) required_pull_request_reviews: Option<ClassicReviews>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ClassicChecks {
    #[serde(default)]
    pub(in crate::adapters::github) contexts: Vec<String>,
    #[serde(default)]
    pub(in crate::adapters::github) checks: Vec<ClassicCheck>,
    #[serde(default)]
    pub(in crate::adapters::github) strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ClassicCheck {
    pub(in crate::adapters::github) context: String,
    /// `-1` and null: any app.
    #[serde(default)]
    pub(in crate::adapters::github) app_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(in crate::adapters::github) struct ClassicReviews {
    #[serde(default)]
    pub(in crate::adapters::github) required_approving_review_count: Option<u64>,
}

//! `sandbox`: the embedded GitHub alone, until it is interrupted.

use std::sync::Arc;

use serde_json::json;

use super::console::Console;
use super::outcome::Ended;
use crate::cli;
use crate::outcome::{Exit, Failure};
use crate::sandbox::faults::{FaultPlan, Faults};
use crate::sandbox::model::{self, ModelScript};
use crate::sandbox::{Options, Sandbox, token};

/// The name of the repository in an embedded GitHub.
pub(super) const REPO: &str = "acme/sample";

pub(super) async fn serve(arguments: &cli::Sandbox, console: &Console) -> Result<Ended, Failure> {
    let bad = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string(), "");
    let faults = match &arguments.faults {
        Some(path) => FaultPlan::read(path).map_err(|error| bad(&error))?,
        None => FaultPlan::default(),
    };
    let script = match &arguments.model_script {
        Some(path) => Some(ModelScript::read(path).map_err(|error| bad(&error))?),
        None => None,
    };
    let sandbox = Sandbox::start(Options {
        port: arguments.port,
        seed: Some(arguments.repo_dir.clone()),
        issues: arguments.issues.clone(),
        record: arguments.record.clone(),
        hooks: Arc::new(Faults::new(faults)),
        model: script.map(|script| model::router(script).0),
        ..Options::new(REPO.parse().map_err(|error| bad(&error))?)
    })
    .await
    .map_err(|error| Failure::new(Exit::Usage, format!("the embedded GitHub cannot start: {error:#}"), ""))?;
    console.result(&environment(&sandbox));
    console.say("Press Ctrl-C to stop.");
    let _ = tokio::signal::ctrl_c().await;
    let unknown = sandbox.unknown_routes();
    let text = match unknown.len() {
        0 => format!("stopped after {} requests", sandbox.exchanges().len()),
        count => format!("stopped; {count} requests had no route: {}", unknown.join(", ")),
    };
    Ended::sentence("sandbox", "stopped", &text).with_json(&json!({ "unknown_routes": unknown }))
}

/// Lines for a shell: with these set, every command works on the embedded GitHub.
pub(super) fn environment(sandbox: &Sandbox) -> String {
    [
        ("GITHUB_API_URL", sandbox.api_url()),
        ("GITHUB_GRAPHQL_URL", sandbox.graphql_url()),
        ("GITHUB_SERVER_URL", sandbox.server_url()),
        ("GITHUB_REPOSITORY", REPO.to_owned()),
        ("GITHUB_TOKEN", token::WORKFLOW.to_owned()),
        ("OPENAI_BASE_URL", format!("{}/v1", sandbox.model_url())),
        ("OPENAI_API_KEY", "sandbox-key-of-no-worth".to_owned()),
    ]
    .map(|(name, value)| format!("export {name}={value}\n"))
    .concat()
}

//! Errors of the ports as failures for people: which exit code, and what to do.

use crate::adapters::github::PULLS_BY_ACTIONS;
use crate::outcome::{Exit, Failure};
use crate::ports::checkout::CheckoutError;
use crate::ports::forge::ForgeError;
use crate::ports::model::ModelError;

pub(super) fn forge(error: &ForgeError) -> Failure {
    let (exit, hint) = match error {
        ForgeError::BadToken { .. } => {
            (Exit::Usage, "pass a valid token: `github-token` in the workflow, or GITHUB_TOKEN on a laptop".to_owned())
        }
        ForgeError::Denied { permission: Some(permission), .. } if permission == PULLS_BY_ACTIONS => (
            Exit::Usage,
            "switch it on under Settings > Actions > General > Workflow permissions, or pass the token of a GitHub App; \
             then run it again"
                .to_owned(),
        ),
        ForgeError::Denied { permission: Some(permission), .. } if permission.contains('=') => {
            let keys = permission.replace('=', ": ").replace('_', "-");
            (Exit::Usage, format!("grant `{keys}` in the workflow's `permissions:`"))
        }
        ForgeError::Denied { .. } => {
            (Exit::Usage, "check the workflow's `permissions:` against the table in the README".to_owned())
        }
        ForgeError::NotFound { .. } => {
            (Exit::Usage, "check the name, and that the token may see the repository".to_owned())
        }
        ForgeError::RateLimited { retry_after, .. } => {
            (Exit::Unavailable, format!("run it again in {} s", retry_after.as_secs().max(1)))
        }
        ForgeError::Unavailable { .. } => (Exit::Unavailable, "it is safe to run it again".to_owned()),
        ForgeError::Conflict { .. } => (Exit::Unavailable, "the state has moved meanwhile; run it again".to_owned()),
        ForgeError::Refused { .. } => (Exit::Unexpected, String::new()),
        ForgeError::Malformed { .. } => {
            (Exit::Unavailable, "run it again; if it stays, is GITHUB_API_URL an API of GitHub?".to_owned())
        }
    };
    Failure::new(exit, error.to_string(), hint)
}

pub(super) fn model(error: &ModelError) -> Failure {
    let (exit, hint) = match error {
        ModelError::NoModel { .. } => (
            Exit::Usage,
            "name one in .autonomy/config.yaml (`models: { engineer: { provider: openai, model: NAME } }`) or with the inputs \
             `model-provider` and `model`",
        ),
        ModelError::NoKey { .. } => {
            (Exit::Usage, "set OPENAI_API_KEY or ANTHROPIC_API_KEY (inputs `openai-api-key`, `anthropic-api-key`)")
        }
        ModelError::Denied { .. } => (Exit::Usage, "check the API key and what it may use"),
        ModelError::NoPrice { .. } => {
            (Exit::Usage, "add it under `prices:` in .autonomy/config.yaml, so that a budget can be kept")
        }
        ModelError::Budget { .. } => {
            (Exit::Stopped, "raise `budget:` in .autonomy/config.yaml, or wait for the next month")
        }
        ModelError::Refused | ModelError::Truncated | ModelError::Empty | ModelError::Garbage { .. } => {
            (Exit::Stopped, "nothing was changed; run it again, or name another model for the role")
        }
        ModelError::Rejected { .. } => (Exit::Usage, "check the model's name and the base URL"),
        ModelError::RateLimited { .. } | ModelError::Unavailable { .. } => {
            (Exit::Unavailable, "it is safe to run it again")
        }
    };
    Failure::new(exit, error.to_string(), hint)
}

pub(super) fn checkout(error: &CheckoutError) -> Failure {
    Failure::new(
        Exit::Usage,
        error.to_string(),
        "run it in a checkout of the default branch (actions/checkout, or --repo-dir)",
    )
}

pub(super) fn interrupted(cause: &crate::jobs::implement::Cause) -> Failure {
    match cause {
        crate::jobs::implement::Cause::Model(error) => model(error),
        crate::jobs::implement::Cause::Checkout(error) => checkout(error),
    }
}

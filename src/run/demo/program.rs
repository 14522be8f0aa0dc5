//! The git program for setting the stage: no user's configuration, no hooks, a fixed name.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::outcome::{Exit, Failure};

pub(super) async fn git(dir: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("git");
    for (name, _) in crate::cli::variables().into_iter().filter(|(name, _)| name.starts_with("GIT_")) {
        command.env_remove(name);
    }
    let output = command
        .args([
            "-c",
            "user.name=maintainer",
            "-c",
            "user.email=maintainer@example.invalid",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(["-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| Failure::new(Exit::Usage, format!("git cannot be started: {error}"), "install git"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let verb = arguments.first().copied().unwrap_or_default();
    Err(Failure::new(Exit::Unexpected, format!("git {verb} failed: {}", said.trim()), ""))
}

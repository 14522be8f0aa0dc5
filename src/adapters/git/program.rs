//! The git program, sealed: no system or user configuration, no hooks, no filters, no network, no inherited `GIT_*`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::domain::secret::Redactor;
use crate::ports::checkout::CheckoutError;

/// Local work only, but of a repository of any size.
const TIMEOUT: Duration = Duration::from_mins(10);

/// Read as the user's configuration, also by the `upload-pack` that git starts in the source repository. `safe.directory`: the
/// source may belong to another user (a container's root); nothing of its configuration is run for reading objects.
pub(super) const GLOBAL_CONFIG: &str = "[safe]\n\tdirectory = *\n";

/// Goes before every command and wins over a repository's own configuration.
const ALWAYS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.logAllRefUpdates=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "protocol.version=2",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "advice.detachedHead=false",
];

/// Starts git. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Program {
    search_path: OsString,
    /// An empty folder but for the file of [`GLOBAL_CONFIG`].
    home: PathBuf,
    redactor: Redactor,
}

impl Program {
    /// Puts git's whole configuration into `home`, an empty folder.
    pub(super) fn new(search_path: &OsStr, home: &Path, redactor: Redactor) -> Result<Self, CheckoutError> {
        std::fs::write(home.join("gitconfig"), GLOBAL_CONFIG).map_err(|error| unusable(no_scratch(&error)))?;
        Ok(Self { search_path: search_path.to_owned(), home: home.to_owned(), redactor })
    }

    /// Runs git and gives its standard output. `purpose` completes "git could not …".
    pub(super) async fn run<I>(&self, purpose: &str, arguments: I) -> Result<Vec<u8>, CheckoutError>
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let output = tokio::time::timeout(TIMEOUT, self.command(arguments).output())
            .await
            .map_err(|_| unusable(format!("git could not {purpose} within {} seconds", TIMEOUT.as_secs())))?
            .map_err(|error| unusable(not_started(&error)))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = self.redactor.redact(&last_line(&output.stderr));
        Err(unusable(format!("git could not {purpose}: {words}")))
    }

    fn command<I>(&self, arguments: I) -> Command
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let mut command = Command::new("git");
        command
            .env_clear()
            .env("PATH", &self.search_path)
            .env("HOME", &self.home)
            .env("GIT_CONFIG_GLOBAL", self.home.join("gitconfig"))
            .envs([
                ("LC_ALL", "C"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_ATTR_NOSYSTEM", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_NO_REPLACE_OBJECTS", "1"),
                ("GIT_NO_LAZY_FETCH", "1"),
                ("GIT_LFS_SKIP_SMUDGE", "1"),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .current_dir(&self.home);
        for setting in ALWAYS {
            command.args(["-c", setting]);
        }
        command.args(arguments);
        command
    }
}

pub(super) fn unusable(reason: String) -> CheckoutError {
    CheckoutError::Unusable { reason }
}

pub(super) fn no_scratch(error: &io::Error) -> String {
    format!("no scratch folder could be made in {}: {error}", std::env::temp_dir().display())
}

fn not_started(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "the git program was not found on PATH; install git 2.32 or newer".to_owned()
    } else {
        format!("git could not be started: {error}")
    }
}

/// What git said last, without its `fatal:`.
fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gave no reason");
    line.trim_start_matches("fatal: ").trim_start_matches("error: ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_git_is_said_with_its_cure() {
        let home = tempfile::tempdir().unwrap();
        let empty = tempfile::tempdir().unwrap();
        let git = Program::new(empty.path().as_os_str(), home.path(), Redactor::default()).unwrap();
        let error = git.run("say its version", ["--version"]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the checkout cannot be used: the git program was not found on PATH; install git 2.32 or newer"
        );
    }

    #[tokio::test]
    async fn a_failure_says_what_was_tried_without_secrets() {
        let home = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let redactor = Redactor::new(["no-such-command".to_owned()]);
        let git = Program::new(&path, home.path(), redactor).unwrap();
        let error = git.run("do that", ["no-such-command"]).await.unwrap_err().to_string();
        assert!(error.contains("git could not do that: ") && error.contains("[redacted]"), "{error}");
    }
}

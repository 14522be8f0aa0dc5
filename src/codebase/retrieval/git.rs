//! The git program as this room uses it: argument arrays, no inherited `GIT_*` settings, no user or system configuration.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::RetrievalError;

/// Settings of the surroundings that would point git somewhere else or make it run something.
const FORGOTTEN: [&str; 19] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_ATTR_SOURCE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_TRACE",
    "GIT_EXEC_PATH",
];

#[derive(Debug, Clone)]
pub(super) struct Git {
    folder: PathBuf,
}

impl Git {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in FORGOTTEN {
            command.env_remove(name);
        }
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .arg("-C")
            .arg(&self.folder)
            .args(["-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Standard output of a command that ends well.
    pub(super) fn output(&self, arguments: &[&str]) -> Result<Vec<u8>, RetrievalError> {
        let failed = |reason: String| RetrievalError::Git { command: arguments.join(" "), reason };
        let output = self.command(arguments).output().map_err(|error| failed(error.to_string()))?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(output.status.to_string())) }
    }

    /// A process that answers requests for objects, one after the other.
    pub(super) fn objects(&self) -> Result<Objects, RetrievalError> {
        let failed = |reason: &str| RetrievalError::Git { command: "cat-file --batch".into(), reason: reason.into() };
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(requests), Some(answers)) => {
                Ok(Objects { child, requests: Some(requests), answers: BufReader::with_capacity(1 << 16, answers) })
            }
            _ => Err(failed("it has no pipes")),
        }
    }
}

/// `git cat-file --batch`, ended when dropped.
pub(super) struct Objects {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Reads the object `name` into `into`, at most `cap` bytes of it; `false` when it is missing.
    pub(super) fn read(&mut self, name: &str, cap: u64, into: &mut Vec<u8>) -> std::io::Result<bool> {
        into.clear();
        let Some(requests) = self.requests.as_mut() else { return Ok(false) };
        requests.write_all(format!("{name}\n").as_bytes())?;
        requests.flush()?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let Some(size) = header.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok()) else {
            return Ok(false);
        };
        let wanted = size.min(cap);
        (&mut self.answers).take(wanted).read_to_end(into)?;
        std::io::copy(&mut (&mut self.answers).take(size - wanted + 1), &mut std::io::sink())?;
        Ok(true)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // Closing its input ends the program; waiting leaves no zombie behind.
        self.requests.take();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

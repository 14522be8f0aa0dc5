//! Runs the repository's own checks, and agents, in child processes that hold no token and cannot outlive their time.
//!
//! The command line comes from the owner's configuration on the default branch and is the one text that reaches a shell.
//! The child gets an allow-listed environment, a home and a temporary folder of its own, and its own process group.
//! It runs as our user: it can read what that user can read and use the network. What a check leaves in the working tree stays
//! there for the next one, and is no part of the change: see [`crate::ports::checkout::Checkout::changed`].

mod capture;
mod environment;
mod group;
mod memory;

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::domain::secret::Redactor;
use crate::domain::verification::{CheckResult, CheckSpec, CheckStatus};
use capture::Capture;
use group::{Group, MARK};

pub use environment::ChildEnvironment;
pub use memory::protect_own_memory;

/// How long output is still read after the last process of a check was ended.
const DRAIN: Duration = Duration::from_millis(500);

/// Starts children with one environment, and removes the known secrets from what they print.
#[derive(Debug, Clone)]
pub struct Runner {
    environment: ChildEnvironment,
    redactor: Redactor,
}

/// Where a child runs. All three folders exist.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub dir: &'a Path,
    pub home: &'a Path,
    pub temporary: &'a Path,
}

impl Runner {
    pub fn new(environment: ChildEnvironment, redactor: Redactor) -> Self {
        Self { environment, redactor }
    }

    pub(super) fn environment(&self) -> &ChildEnvironment {
        &self.environment
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Runs the check's command line with `sh -c`, `input` on its standard input. When the first process ends, whatever else the
    /// check has started is ended too, and likewise when the time is over or the future is dropped.
    pub async fn run(&self, check: &CheckSpec, place: Place<'_>, input: Option<&str>) -> CheckResult {
        let start = Instant::now();
        let mut capture = Capture::default();
        let status = match self.start(check, place, input.is_some()) {
            Ok(mut started) => started.finish(check.timeout, input, &mut capture).await,
            Err(error) => CheckStatus::CouldNotRun(could_not_start(&error)),
        };
        CheckResult {
            name: check.name.clone(),
            status,
            output: capture.into_text(&self.redactor),
            millis: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn start(&self, check: &CheckSpec, place: Place<'_>, input: bool) -> io::Result<Started> {
        // One pipe for both streams keeps the order in which lines were printed.
        let (read, write) = io::pipe()?;
        let output = pipe::Receiver::from_owned_fd(read.into())?;
        let mark = new_mark();
        let child = Command::new("sh")
            .arg("-c")
            .arg(&check.run)
            .current_dir(place.dir)
            .env_clear()
            .envs(self.environment.variables())
            .envs([("HOME", place.home), ("TMPDIR", place.temporary)])
            .envs([("CI", "true"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("SHELL", "/bin/sh")])
            .envs([("GIT_TERMINAL_PROMPT", "0"), ("GIT_CONFIG_NOSYSTEM", "1"), (MARK, mark.as_str())])
            .stdin(if input { Stdio::piped() } else { Stdio::null() })
            .stdout(write.try_clone()?)
            .stderr(write)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = Group::new(child.id(), mark);
        Ok(Started { child, group, output })
    }
}

/// A running check.
struct Started {
    child: Child,
    group: Group,
    output: pipe::Receiver,
}

impl Started {
    async fn finish(&mut self, timeout: Duration, input: Option<&str>, capture: &mut Capture) -> CheckStatus {
        let stdin = self.child.stdin.take();
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A child that does not read its input to the end is no failure.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
            std::future::pending::<()>().await;
        };
        let (child, output) = (&mut self.child, &mut self.output);
        let ended = tokio::select! {
            status = child.wait() => Some(status),
            () = feed => None,
            () = read_all(output, capture) => None,
            () = tokio::time::sleep(timeout) => None,
        };
        self.group.kill();
        let _ = tokio::time::timeout(DRAIN, drain(&mut self.output, capture)).await;
        match ended {
            Some(Ok(status)) => of_exit(status),
            Some(Err(error)) => CheckStatus::CouldNotRun(format!("its end could not be awaited: {error}")),
            None => {
                // Reaps the killed child.
                let _ = self.child.wait().await;
                CheckStatus::TimedOut
            }
        }
    }
}

/// Reads for as long as it is polled: a child that closed its output may still be at work.
async fn read_all(output: &mut pipe::Receiver, capture: &mut Capture) {
    drain(output, capture).await;
    std::future::pending::<()>().await;
}

async fn drain(output: &mut pipe::Receiver, capture: &mut Capture) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = output.read(&mut buffer).await {
        capture.push(&buffer[..read]);
    }
}

fn of_exit(status: ExitStatus) -> CheckStatus {
    if status.success() { CheckStatus::Passed } else { CheckStatus::Failed(status.code()) }
}

fn could_not_start(error: &io::Error) -> String {
    format!("`sh` could not be started: {error}")
}

/// Different for every child that this machine runs at a time.
fn new_mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

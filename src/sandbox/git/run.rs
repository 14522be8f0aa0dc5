//! Runs git: argument arrays only, no shell, no configuration of the machine, no inherited `GIT_*`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail};

/// One bare repository.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    dir: PathBuf,
}

impl Git {
    pub(crate) fn open(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = plain(&self.dir);
        command.arg("--git-dir").arg(&self.dir);
        command.args(["-c", "gc.auto=0", "-c", "core.quotePath=false", "-c", "diff.renames=true"]);
        command.args(args);
        command
    }

    /// Runs git and gives what it printed and how it ended, whatever that was.
    pub(crate) fn output(&self, args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> anyhow::Result<Output> {
        let mut command = self.command(args);
        command.envs(env.iter().copied());
        feed(command, stdin).with_context(|| format!("running git {}", args.first().unwrap_or(&"")))
    }

    /// The standard output of a git command that must succeed.
    pub(crate) fn bytes(&self, args: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self.output(args, &[], &[])?;
        checked(args, output)
    }

    /// As [`Git::bytes`], as trimmed text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, args: &[&str]) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(args)?).trim_end().to_owned())
    }

    /// The trimmed text of a git command, or nothing when it fails.
    pub(crate) fn try_text(&self, args: &[&str]) -> Option<String> {
        self.text(args).ok()
    }

    /// As [`Git::text`] with standard input.
    pub(crate) fn text_from(&self, args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> anyhow::Result<String> {
        let output = self.output(args, stdin, env)?;
        Ok(String::from_utf8_lossy(&checked(args, output)?).trim_end().to_owned())
    }

    pub(crate) fn succeeds(&self, args: &[&str]) -> bool {
        self.output(args, &[], &[]).is_ok_and(|output| output.status.success())
    }

    /// Makes an empty bare repository whose HEAD names `branch`.
    pub(crate) fn init(dir: &Path, branch: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let git = Self::open(dir);
        git.bytes(&["init", "--quiet", "--bare", &format!("--initial-branch={branch}")])?;
        Ok(git)
    }

    /// Copies the commits that HEAD of another local repository reaches into `branch`.
    /// An unborn HEAD leaves this repository empty.
    pub(crate) fn seed(&self, source: &Path, branch: &str) -> anyhow::Result<()> {
        if Self::probe(source, &["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).is_none() {
            return Ok(());
        }
        // The git folder itself, so that a linked work tree and a folder below the top work too.
        let source = Self::probe(source, &["rev-parse", "--absolute-git-dir"]).context("no git folder")?;
        let spec = format!("+HEAD:refs/heads/{branch}");
        self.bytes(&["fetch", "--quiet", "--no-tags", "--update-shallow", &source, &spec])?;
        Ok(())
    }

    /// The branch that HEAD of a local repository names, or nothing when it is detached or is no repository.
    pub(crate) fn head_branch(source: &Path) -> Option<String> {
        Self::probe(source, &["symbolic-ref", "--quiet", "--short", "HEAD"])
    }

    pub(crate) fn is_repository(source: &Path) -> bool {
        Self::probe(source, &["rev-parse", "--git-dir"]).is_some()
    }

    fn probe(source: &Path, args: &[&str]) -> Option<String> {
        if !source.is_dir() {
            return None;
        }
        // The folder is the working directory already: naming it again would go wrong for a relative one.
        let mut command = plain(source);
        command.args(args);
        let output = feed(command, &[]).ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// A git that knows nothing of the machine's configuration.
fn plain(dir: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("GIT_")) {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "sandbox")
        .env("GIT_AUTHOR_EMAIL", "sandbox@localhost")
        .env("GIT_COMMITTER_NAME", "sandbox")
        .env("GIT_COMMITTER_EMAIL", "sandbox@localhost")
        .env("LC_ALL", "C")
        .current_dir(if dir.is_dir() { dir } else { Path::new(".") });
    command
}

fn feed(mut command: Command, stdin: &[u8]) -> anyhow::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting git; is it installed?")?;
    let pipe = child.stdin.take();
    // Written from a thread, so that a full output pipe cannot block both sides.
    std::thread::scope(|scope| {
        if let Some(mut pipe) = pipe {
            scope.spawn(move || {
                // A git that does not read its input has its reasons; its exit code tells.
                let _ = pipe.write_all(stdin);
            });
        }
        child.wait_with_output().context("waiting for git")
    })
}

fn checked(args: &[&str], output: Output) -> anyhow::Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("git {} failed: {}", args.first().unwrap_or(&""), said.trim())
}

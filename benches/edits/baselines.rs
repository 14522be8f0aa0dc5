//! What others do with the same replies, measured in the same run.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::corpus::{Expect, Record};
use crate::stage::{Stage, Verdict};

type Failure = Box<dyn std::error::Error>;
/// `None` where the baseline does not know the record's format.
pub(crate) type Baseline = fn(&Path, &Record) -> Result<Option<Verdict>, Failure>;

pub(crate) const ALL: [(&str, Baseline); 2] = [("git apply --recount", git_apply), ("patch -p1", patch)];

fn git_apply(corpus: &Path, record: &Record) -> Result<Option<Verdict>, Failure> {
    program(corpus, record, "git", &["apply", "--recount", "-"])
}

fn patch(corpus: &Path, record: &Record) -> Result<Option<Verdict>, Failure> {
    program(corpus, record, "patch", &["-p1", "--batch", "--silent", "--no-backup-if-mismatch", "--reject-file=-"])
}

/// Gives the diff without its fence to a program. Replies that aim outside the tree are not given to others.
fn program(corpus: &Path, record: &Record, name: &str, arguments: &[&str]) -> Result<Option<Verdict>, Failure> {
    if record.format != "udiff" || record.expect != Expect::Apply {
        return Ok(None);
    }
    let stage = Stage::set(corpus, record)?;
    let diff: String =
        record.reply.lines().filter(|line| !line.starts_with("```")).flat_map(|line| [line, "\n"]).collect();
    let input = stage.root().with_file_name("diff");
    std::fs::write(&input, diff)?;
    let status = Command::new(name)
        .args(arguments)
        .current_dir(stage.root())
        // Were a repository around the temporary folder, git would look there.
        .env("GIT_CEILING_DIRECTORIES", stage.root())
        .stdin(std::fs::File::open(&input)?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    std::fs::remove_file(&input)?;
    match status {
        Ok(status) => stage.judge(record, status.success()).map(Some),
        Err(_) => Ok(None),
    }
}

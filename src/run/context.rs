//! `context`: the files the engineer would be shown for an issue or a text, and why. Asks no model and writes nothing.

use std::path::Path;

use super::outcome::Ended;
use super::session::Session;
use super::{failures, files};
use crate::adapters::checks::{ChildEnvironment, Runner};
use crate::adapters::git::{Scratch, head_commit};
use crate::cli::{About, Invocation};
use crate::codebase::retrieval::{History, Question};
use crate::config::Config;
use crate::domain::ids::CommitSha;
use crate::domain::secret::Redactor;
use crate::jobs::implement;
use crate::outcome::Failure;
use crate::ports::forge::ForgeRead as _;

pub(super) async fn context(invocation: &Invocation, about: &About) -> Result<Ended, Failure> {
    let dir = invocation.repo_dir.as_deref().unwrap_or(Path::new("."));
    let redactor = invocation.environment.redactor();
    let ours = crate::cli::variables().into_iter().map(|(name, value)| (name.into(), value.into()));
    let runner = Runner::new(ChildEnvironment::from_ours(ours, &redactor), redactor.clone());
    let (question, commit, config) = match about {
        About::Issue(number) => {
            let session = Session::open(invocation).await?;
            let issue = session.forge.issue(*number).await.map_err(|error| failures::forge(&error))?;
            let question = Question { title: issue.title, body: issue.body };
            (question, session.base.sha.clone(), session.config().clone())
        }
        About::Text(path) => {
            let text = files::read_text(path, "the text")?;
            let commit = head_commit(dir, &runner).await.map_err(|error| failures::checkout(&error))?;
            (Question::from_text(text.trim_start_matches('#')), commit, Config::defaults())
        }
    };
    let scratch = Scratch::create(dir, &commit, runner).await.map_err(|error| failures::checkout(&error))?;
    shown(dir, &commit, &scratch, question, &config, &redactor).await
}

async fn shown(
    dir: &Path,
    commit: &CommitSha,
    scratch: &Scratch,
    question: Question,
    config: &Config,
    redactor: &Redactor,
) -> Result<Ended, Failure> {
    let history = history(dir, commit).await;
    let context = implement::context(scratch, history, question, config, redactor)
        .await
        .map_err(|error| failures::checkout(&error))?;
    let reason = format!("{} files were searched", context.scanned);
    Ended::text("context", "shown", &reason, context.text.clone()).with_json(&context)
}

/// What past commits of the user's own checkout say; nothing where they cannot be read.
pub(super) async fn history(dir: &Path, commit: &CommitSha) -> History {
    let (dir, commit) = (dir.to_owned(), commit.clone());
    tokio::task::spawn_blocking(move || History::read(&dir, commit.as_str())).await.unwrap_or_default()
}

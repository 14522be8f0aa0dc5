//! Moves on check runs and statuses.

use anyhow::Context as _;

use super::{World, actor};
use crate::sandbox::moves::checks;
use crate::sandbox::state::{CheckRun, Output};

impl World {
    /// An App (made up when unknown) reports a check run on a commit, and its id is given. Without a conclusion the run
    /// is in progress.
    pub fn check_run(&self, sha: &str, name: &str, conclusion: Option<&str>, app: u64) -> u64 {
        let mut state = self.state();
        state.people.app(app, &format!("app-{app}"), &format!("App {app}"));
        let suite = checks::suite_for(&mut state, app, sha);
        let (id, now) = (state.id(), state.now());
        let run = CheckRun {
            id,
            suite,
            app,
            name: name.to_owned(),
            head_sha: sha.to_owned(),
            external_id: None,
            details_url: None,
            status: if conclusion.is_some() { "completed" } else { "in_progress" }.to_owned(),
            conclusion: conclusion.map(str::to_owned),
            started_at: Some(now),
            completed_at: conclusion.map(|_| now),
            output: Output::default(),
            planned: None,
        };
        checks::add(&mut state, run)
    }

    /// Ends a check run.
    pub fn finish_check_run(&self, id: u64, conclusion: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let now = state.now();
        let run = state.check_runs.iter_mut().find(|run| run.id == id).context("no such check run")?;
        "completed".clone_into(&mut run.status);
        run.conclusion = Some(conclusion.to_owned());
        run.completed_at = Some(now);
        run.planned = None;
        Ok(())
    }

    /// Sets a commit status and gives its id.
    pub fn status(&self, who: &str, sha: &str, context: &str, word: &str) -> anyhow::Result<u64> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        Ok(checks::status(&mut state, actor, sha, context, word, None, None))
    }
}

//! The world as tests move and read it: no HTTP, nothing counted, nothing recorded. Moves take the actor's login and
//! have the same consequences as the same act over the API.

mod checks;
mod facts;
mod issues;
mod pulls;
mod repository;

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};

use anyhow::Context as _;

use super::people::Actor;
use super::server::Shared;
use super::state::State;

pub use facts::{CheckFact, CommentFact, IssueFact, PullFact, ReviewFact, StatusFact};
pub use pulls::Verdict;
pub use repository::Setting;

/// A handle on the state of a sandbox. Clones share it.
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

impl World {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    /// The bare repository, for clones and for looking at it with git.
    pub fn git_dir(&self) -> PathBuf {
        self.state().git.dir().to_path_buf()
    }
}

/// The actor of a login.
fn actor(state: &State, login: &str) -> anyhow::Result<Actor> {
    state.people.actor(login).with_context(|| format!("the world knows nobody called {login}"))
}

fn known_issue(state: &State, number: u64) -> anyhow::Result<u64> {
    state.issues.get(&number).map(|issue| issue.number).with_context(|| format!("there is no issue {number}"))
}

fn known_pull(state: &State, number: u64) -> anyhow::Result<u64> {
    state.pulls.get(&number).map(|pull| pull.number).with_context(|| format!("there is no pull request {number}"))
}

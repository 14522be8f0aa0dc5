//! Moves on pull requests and reviews.

use anyhow::Context as _;

use super::{World, actor, known_pull};
use crate::sandbox::moves::merge::{self, Method, Wish};
use crate::sandbox::moves::pulls::{self, NewPull};
use crate::sandbox::moves::reviews;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::ReviewState;

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Comment,
    Approve,
    RequestChanges,
}

impl World {
    /// Opens a pull request and gives its number.
    pub fn open_pull(&self, who: &str, head: &str, base: &str, title: &str, body: &str) -> anyhow::Result<u64> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        let body = Some(body).filter(|body| !body.is_empty());
        let new = NewPull { title, body, head, base, draft: false };
        pulls::open(&mut state, actor, &new).map_err(Refusal::into_error)
    }

    /// Shows the head of a pull request as standing in somebody's fork. The commits stay in the one repository there is, as
    /// GitHub shares them between a repository and its forks.
    pub fn move_to_fork(&self, number: u64, owner: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let owner = actor(&state, owner)?.user;
        let pull = state.pulls.get_mut(&number).context("no such pull request")?;
        pull.fork = Some(owner);
        Ok(())
    }

    pub fn close_pull(&self, who: &str, number: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        pulls::close(&mut state, actor, number);
        Ok(())
    }

    pub fn reopen_pull(&self, who: &str, number: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        pulls::reopen(&mut state, actor, number).map_err(Refusal::into_error)
    }

    pub fn retarget(&self, who: &str, number: u64, base: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        pulls::retarget(&mut state, actor, number, base).map_err(Refusal::into_error)
    }

    pub fn set_draft(&self, who: &str, number: u64, draft: bool) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        pulls::set_draft(&mut state, actor, number, draft);
        Ok(())
    }

    /// Somebody arms auto-merge.
    pub fn set_auto_merge(&self, who: &str, number: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let user = actor(&state, who)?.user;
        if let Some(pull) = state.pulls.get_mut(&number) {
            pull.auto_merge = Some(user);
        }
        Ok(())
    }

    /// Submits a review of a commit (the head, when none is given) and gives its id.
    pub fn review(
        &self,
        who: &str,
        number: u64,
        verdict: Verdict,
        body: &str,
        commit: Option<&str>,
    ) -> anyhow::Result<u64> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        let verdict = match verdict {
            Verdict::Comment => ReviewState::Commented,
            Verdict::Approve => ReviewState::Approved,
            Verdict::RequestChanges => ReviewState::ChangesRequested,
        };
        reviews::submit(&mut state, actor, number, verdict, body, commit).map_err(Refusal::into_error)
    }

    /// The commit of a review is gone, as after garbage collection.
    pub fn forget_review_commit(&self, id: u64) {
        if let Some(review) = self.state().reviews.iter_mut().find(|review| review.id == id) {
            review.commit = None;
        }
    }

    pub fn dismiss(&self, who: &str, review: u64, message: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        reviews::dismiss(&mut state, actor, review, Some(message)).map_err(Refusal::into_error)
    }

    /// Somebody else merges, with a merge commit; gives the new commit of the base branch.
    pub fn merge(&self, who: &str, number: u64) -> anyhow::Result<String> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_pull(&state, number)?);
        let wish = Wish { method: Method::Merge, sha: None, title: None, message: None };
        merge::merge(&mut state, actor, number, &wish).map_err(Refusal::into_error)
    }
}

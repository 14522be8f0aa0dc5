//! What a step is about when it does not say.

use anyhow::Context as _;

use crate::sandbox::moves::pulls;
use crate::sandbox::state::State;

/// The newest open pull request, or the one with this number.
pub(super) fn pull(state: &State, number: Option<u64>) -> anyhow::Result<u64> {
    let number = number.or_else(|| pulls::open_where(state, |_| true).into_iter().max());
    let known = number.filter(|number| state.pulls.contains_key(number));
    known.context("there is no such pull request")
}

/// A pull request and its head.
pub(super) fn head(state: &State, number: Option<u64>) -> anyhow::Result<(u64, String)> {
    let number = pull(state, number)?;
    let head = state.pulls.get(&number).map(|pull| pull.head_sha.clone());
    Ok((number, head.unwrap_or_default()))
}

/// The newest open issue, or the newest open pull request, or what has this number.
pub(super) fn number(state: &State, number: Option<u64>, on_pull: bool) -> anyhow::Result<u64> {
    if on_pull {
        return pull(state, number);
    }
    let newest = || {
        let open = state.issues.values().filter(|issue| issue.open && !state.pulls.contains_key(&issue.number));
        open.map(|issue| issue.number).max()
    };
    let number = number.or_else(newest).filter(|number| state.issues.contains_key(number));
    number.context("there is no such issue")
}

/// A branch: the named one, the head of the newest open pull request, or the default branch.
pub(super) fn branch(state: &State, name: Option<&str>) -> String {
    let head = || {
        let number = pull(state, None).ok()?;
        state.pulls.get(&number).map(|pull| pull.head_ref.clone())
    };
    name.map(str::to_owned).or_else(head).unwrap_or_else(|| state.repo.default_branch.clone())
}

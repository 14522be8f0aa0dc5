//! What a step is about when it does not say.

use anyhow::Context as _;

use crate::sandbox::World;
use crate::sandbox::world::PullFact;

/// The newest open pull request, or the one with this number.
pub(super) fn pull(world: &World, number: Option<u64>) -> anyhow::Result<PullFact> {
    let known = match number {
        Some(number) => world.pull(number),
        None => world.pulls().into_iter().filter(|pull| pull.open).max_by_key(|pull| pull.number),
    };
    known.context("there is no such pull request")
}

/// The newest open issue, or the newest open pull request, or what has this number.
pub(super) fn number(world: &World, number: Option<u64>, on_pull: bool) -> anyhow::Result<u64> {
    if on_pull {
        return Ok(pull(world, number)?.number);
    }
    if let Some(number) = number {
        let known = world.issue(number).is_some() || world.pull(number).is_some();
        return known.then_some(number).with_context(|| format!("there is no #{number}"));
    }
    let newest = world.issues().into_iter().filter(|issue| issue.open).map(|issue| issue.number).max();
    newest.context("there is no open issue")
}

/// A branch: the named one, the head of the newest open pull request, or the default branch.
pub(super) fn branch(world: &World, name: Option<&str>) -> String {
    let head = || pull(world, None).ok().map(|pull| pull.head_ref);
    name.map(str::to_owned).or_else(head).unwrap_or_else(|| world.default_branch())
}

//! Moving references, with all that follows: pull requests, activity, workflows, closing keywords.

use super::rules::{Change, refuses};
use super::{closing, pulls, workflows};
use crate::sandbox::git::RefUpdate;
use crate::sandbox::people::{ACTIONS_APP, Access, Actor};
use crate::sandbox::refusal::{Refusal, error_of, unprocessable};
use crate::sandbox::state::{Activity, EventKind, State};

pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000";

/// Makes a reference.
pub(crate) fn create(state: &mut State, actor: Actor, full: &str, sha: &str) -> Result<(), Refusal> {
    if state.git.ref_sha(full).is_some() {
        return Err(unprocessable("Reference already exists"));
    }
    if let Some(branch) = full.strip_prefix("refs/heads/") {
        if let Some(words) = refuses(state, branch, actor, Change::Create) {
            return Err(unprocessable(&words));
        }
        let base = state.git.branch(&state.repo.default_branch);
        guard_workflows(state, actor, base.as_deref(), sha)?;
    }
    // A branch below a branch (`a/b` beside `a`) cannot be stored.
    state.git.create_ref(full, sha).map_err(|_| unprocessable("Reference update failed"))?;
    note(state, actor, full, ZERO, sha, "branch_creation");
    if let Some(branch) = full.strip_prefix("refs/heads/") {
        workflows::pushed(state, actor, branch, sha);
    }
    Ok(())
}

/// Moves a reference; `force` allows leaving commits behind.
pub(crate) fn update(state: &mut State, actor: Actor, full: &str, sha: &str, force: bool) -> Result<(), Refusal> {
    let Some(old) = state.git.ref_sha(full) else { return Err(unprocessable("Reference does not exist")) };
    let forward = old == sha || state.git.contains(sha, &old);
    if !forward && !force {
        return Err(unprocessable("Update is not a fast forward"));
    }
    if let Some(branch) = full.strip_prefix("refs/heads/") {
        let change = if forward { Change::Update { signed: signed(state, &old, sha) } } else { Change::Force };
        if let Some(words) = refuses(state, branch, actor, change).filter(|_| old != sha) {
            return Err(unprocessable(&words));
        }
        guard_workflows(state, actor, Some(&old), sha)?;
    }
    apply(state, actor, full, &old, sha, !forward)
}

/// Deletes a reference.
pub(crate) fn delete(state: &mut State, actor: Actor, full: &str) -> Result<(), Refusal> {
    let Some(old) = state.git.ref_sha(full) else { return Err(unprocessable("Reference does not exist")) };
    let Some(branch) = full.strip_prefix("refs/heads/") else {
        state.git.delete_ref(full)?;
        return Ok(());
    };
    if branch == state.repo.default_branch {
        return Err(unprocessable("Cannot delete the default branch"));
    }
    if let Some(words) = refuses(state, branch, actor, Change::Delete) {
        return Err(unprocessable(&words));
    }
    state.git.delete_ref(full)?;
    note(state, actor, full, &old, ZERO, "branch_deletion");
    let numbers: Vec<u64> = state.pulls.values().map(|pull| pull.number).collect();
    for number in numbers {
        let Some(pull) = state.pulls.get(&number) else { continue };
        let (is_head, is_base) = (pull.head_ref == branch, pull.base_ref == branch);
        if is_head {
            state.event(number, actor, EventKind::HeadRefDeleted);
        }
        if (is_head || is_base) && state.issues.get(&number).is_some_and(|issue| issue.open) {
            pulls::close(state, actor, number);
        }
    }
    Ok(())
}

/// Moves a reference that may be moved, and does what follows.
pub(crate) fn apply(
    state: &mut State,
    actor: Actor,
    full: &str,
    old: &str,
    new: &str,
    forced: bool,
) -> Result<(), Refusal> {
    if state.git.move_ref(full, old, new, true)? == RefUpdate::NotFastForward {
        return Err(unprocessable("Update is not a fast forward"));
    }
    let Some(branch) = full.strip_prefix("refs/heads/") else { return Ok(()) };
    if old == new {
        return Ok(());
    }
    note(state, actor, full, old, new, if forced { "force_push" } else { "push" });
    follow_heads(state, actor, branch, new, forced)?;
    settle_merged(state, actor, branch, new);
    if branch == state.repo.default_branch {
        closing::by_commits(state, actor, old, new);
    }
    workflows::pushed(state, actor, branch, new);
    Ok(())
}

/// Open pull requests from the branch get the new head.
fn follow_heads(state: &mut State, actor: Actor, branch: &str, new: &str, forced: bool) -> Result<(), Refusal> {
    for number in pulls::open_where(state, |pull| pull.head_ref == branch) {
        let now = state.now();
        let base = state.pulls.get(&number).and_then(|pull| state.git.branch(&pull.base_ref));
        if let Some(pull) = state.pulls.get_mut(&number) {
            new.clone_into(&mut pull.head_sha);
            pull.mergeability = None;
            if let Some(base) = base {
                pull.base_sha = base;
            }
        }
        if let Some(issue) = state.issues.get_mut(&number) {
            issue.updated_at = now;
        }
        state.git.set_ref(&format!("refs/pull/{number}/head"), new)?;
        if forced {
            state.event(number, actor, EventKind::HeadRefForcePushed(new.to_owned()));
        }
        super::reviews::dismiss_stale(state, number);
        workflows::pull_changed(state, actor, number);
    }
    Ok(())
}

/// Open pull requests into the branch whose head it now contains are merged.
fn settle_merged(state: &mut State, actor: Actor, branch: &str, new: &str) {
    for number in pulls::open_where(state, |pull| pull.base_ref == branch) {
        let head = state.pulls.get(&number).map(|pull| pull.head_sha.clone()).unwrap_or_default();
        if state.git.contains(new, &head) {
            pulls::mark_merged(state, actor, number, new);
        }
    }
}

fn note(state: &mut State, actor: Actor, full: &str, before: &str, after: &str, kind: &'static str) {
    let (id, at) = (state.id(), state.now());
    state.repo.pushed_at = at;
    state.repo.updated_at = at;
    let (before, after, reference) = (before.to_owned(), after.to_owned(), full.to_owned());
    state.activities.push(Activity { id, before, after, reference, kind, actor, at });
}

/// Whether every commit that `new` adds was signed by GitHub.
fn signed(state: &State, old: &str, new: &str) -> bool {
    let commits = state.git.commits_between(old, new).unwrap_or_default();
    commits.iter().all(|sha| state.signed.contains(sha))
}

/// Refuses a bot that changes a workflow file without the permission for it.
pub(crate) fn guard_workflows(state: &State, actor: Actor, base: Option<&str>, head: &str) -> Result<(), Refusal> {
    let Some(app) = actor.app else { return Ok(()) };
    let token = state.people.tokens.iter().find(|token| token.actor.app == Some(app));
    let granted = token.and_then(|token| token.access.get("workflows")).copied() == Some(Access::Write);
    if granted && app != ACTIONS_APP {
        return Ok(());
    }
    let Some(base) = base.and_then(|base| state.git.merge_base(base, head)) else { return Ok(()) };
    let files = state.git.diff(&base, head)?;
    let touched = files.iter().find(|file| file.path.starts_with(".github/workflows/"));
    touched.map_or(Ok(()), |file| {
        let words = "refusing to allow a GitHub App to create or update workflow";
        let refusal = error_of(403, &format!("{words} `{}` without `workflows` permission", file.path));
        Err(refusal)
    })
}

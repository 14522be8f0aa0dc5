//! Pull requests: opened, closed, retargeted, drafted, and what they change.

use super::{issues, workflows};
use crate::sandbox::git::{FileDiff, Merged, NewCommit};
use crate::sandbox::people::Actor;
use crate::sandbox::refusal::{Refusal, custom, invalid, unprocessable};
use crate::sandbox::state::{EventKind, Mergeability, Pull, State};

/// A pull request to open.
#[derive(Debug, Clone)]
pub(crate) struct NewPull<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: Option<&'a str>,
    /// `branch` or `owner:branch`.
    pub(crate) head: &'a str,
    pub(crate) base: &'a str,
    pub(crate) draft: bool,
}

/// The numbers of the open pull requests that a rule holds for.
pub(crate) fn open_where(state: &State, rule: impl Fn(&Pull) -> bool) -> Vec<u64> {
    let open = |pull: &&Pull| state.issues.get(&pull.number).is_some_and(|issue| issue.open);
    state.pulls.values().filter(open).filter(|pull| rule(pull)).map(|pull| pull.number).collect()
}

/// Opens a pull request and gives its number.
pub(crate) fn open(state: &mut State, actor: Actor, new: &NewPull<'_>) -> Result<u64, Refusal> {
    issues::check_text("PullRequest", Some(new.title), new.body)?;
    let owner = state.name.owner().to_owned();
    let head_ref = match new.head.split_once(':') {
        Some((place, branch)) if place.eq_ignore_ascii_case(&owner) => branch,
        Some(_) => return Err(invalid("PullRequest", "head", "invalid")),
        None => new.head,
    };
    let head = state.git.branch(head_ref).ok_or_else(|| invalid("PullRequest", "head", "invalid"))?;
    let base = state.git.branch(new.base).ok_or_else(|| invalid("PullRequest", "base", "invalid"))?;
    let twin = open_where(state, |pull| pull.head_ref == head_ref && pull.base_ref == new.base);
    if !twin.is_empty() {
        let words = format!("A pull request already exists for {owner}:{head_ref}.");
        return Err(custom("PullRequest", None, &words));
    }
    if state.git.merge_base(&base, &head).is_none() {
        let words = format!("The {head_ref} branch has no history in common with {}", new.base);
        return Err(custom("PullRequest", None, &words));
    }
    if state.git.contains(&base, &head) {
        return Err(custom("PullRequest", None, &format!("No commits between {} and {head_ref}", new.base)));
    }
    let number = issues::create(state, actor, new.title, new.body);
    let id = state.id();
    state.git.set_ref(&format!("refs/pull/{number}/head"), &head)?;
    let pull = Pull {
        id,
        number,
        head_ref: head_ref.to_owned(),
        head_sha: head,
        base_ref: new.base.to_owned(),
        base_sha: base,
        draft: new.draft,
        merged_at: None,
        merged_by: None,
        merge_commit: None,
        frozen_base: None,
        requested_reviewers: Vec::new(),
        mergeability: None,
        auto_merge: None,
        fork: None,
    };
    state.pulls.insert(number, pull);
    workflows::pull_changed(state, actor, number);
    Ok(number)
}

/// Closes a pull request without merging it.
pub(crate) fn close(state: &mut State, actor: Actor, number: u64) {
    freeze(state, number);
    issues::close(state, actor, number, None, None);
}

/// Opens a closed pull request again, while its branch still exists.
pub(crate) fn reopen(state: &mut State, actor: Actor, number: u64) -> Result<(), Refusal> {
    let Some(pull) = state.pulls.get(&number) else { return Ok(()) };
    if pull.merged_at.is_some() {
        return Err(custom("PullRequest", Some("state"), "state cannot be changed. The pull request was merged."));
    }
    let (head_ref, base_ref) = (pull.head_ref.clone(), pull.base_ref.clone());
    let Some(head) = state.git.branch(&head_ref) else {
        let words = format!("state cannot be changed. The {head_ref} branch has been deleted.");
        return Err(custom("PullRequest", Some("state"), &words));
    };
    let twin = open_where(state, |pull| pull.head_ref == head_ref && pull.base_ref == base_ref);
    if let Some(twin) = twin.iter().find(|twin| **twin != number) {
        let words = format!("state cannot be changed. There is already an open pull request (#{twin}).");
        return Err(custom("PullRequest", Some("state"), &words));
    }
    if let Some(pull) = state.pulls.get_mut(&number) {
        pull.head_sha = head;
        pull.frozen_base = None;
        pull.mergeability = None;
    }
    issues::reopen(state, actor, number);
    Ok(())
}

/// Keeps what the files of a finished pull request are compared with.
fn freeze(state: &mut State, number: u64) {
    let base = state.pulls.get(&number).and_then(|pull| diff_base(state, pull));
    if let Some(pull) = state.pulls.get_mut(&number)
        && pull.frozen_base.is_none()
    {
        pull.frozen_base = base;
    }
}

/// Marks a pull request as merged by a commit, and closes it.
pub(crate) fn mark_merged(state: &mut State, actor: Actor, number: u64, commit: &str) {
    let now = state.now();
    if let Some(pull) = state.pulls.get_mut(&number) {
        // What was merged is the difference from where the two histories parted.
        if pull.frozen_base.is_none() {
            pull.frozen_base = state.git.merge_base(&pull.base_sha, &pull.head_sha);
        }
        pull.merged_at = Some(now);
        pull.merged_by = Some(actor.user);
        pull.merge_commit = Some(commit.to_owned());
    }
    state.event(number, actor, EventKind::Merged(commit.to_owned()));
    issues::close(state, actor, number, None, Some(commit));
}

/// Changes the base branch.
pub(crate) fn retarget(state: &mut State, actor: Actor, number: u64, base: &str) -> Result<(), Refusal> {
    let tip = state.git.branch(base).ok_or_else(|| invalid("PullRequest", "base", "invalid"))?;
    let Some(pull) = state.pulls.get_mut(&number).filter(|pull| pull.base_ref != base) else { return Ok(()) };
    if base == pull.head_ref {
        return Err(unprocessable("base and head must differ"));
    }
    base.clone_into(&mut pull.base_ref);
    pull.base_sha = tip;
    pull.mergeability = None;
    state.event(number, actor, EventKind::BaseRefChanged);
    Ok(())
}

pub(crate) fn set_draft(state: &mut State, actor: Actor, number: u64, draft: bool) {
    if let Some(pull) = state.pulls.get_mut(&number).filter(|pull| pull.draft != draft) {
        pull.draft = draft;
        let kind = if draft { EventKind::ConvertToDraft } else { EventKind::ReadyForReview };
        state.event(number, actor, kind);
    }
}

pub(crate) fn request_reviewer(state: &mut State, actor: Actor, number: u64, user: u64, on: bool) {
    let Some(pull) = state.pulls.get_mut(&number) else { return };
    let held = pull.requested_reviewers.contains(&user);
    if on && !held {
        pull.requested_reviewers.push(user);
        state.event(number, actor, EventKind::ReviewRequested(user));
    } else if !on && held {
        pull.requested_reviewers.retain(|known| *known != user);
        state.event(number, actor, EventKind::ReviewRequestRemoved(user));
    }
}

/// The commit that the pull request's changes are counted from.
pub(crate) fn diff_base(state: &State, pull: &Pull) -> Option<String> {
    if let Some(frozen) = &pull.frozen_base {
        return Some(frozen.clone());
    }
    let tip = state.git.branch(&pull.base_ref).unwrap_or_else(|| pull.base_sha.clone());
    state.git.merge_base(&tip, &pull.head_sha)
}

/// The changed files, all of them.
pub(crate) fn files(state: &State, pull: &Pull) -> anyhow::Result<Vec<FileDiff>> {
    match diff_base(state, pull) {
        Some(base) => state.git.diff(&base, &pull.head_sha),
        None => Ok(Vec::new()),
    }
}

/// The commits, oldest first.
pub(crate) fn commits(state: &State, pull: &Pull) -> Vec<String> {
    let base = diff_base(state, pull);
    base.and_then(|base| state.git.commits_between(&base, &pull.head_sha).ok()).unwrap_or_default()
}

/// What the background job knows, which a read starts: nothing for the first reads of a pair of head and base.
pub(crate) fn look_at_mergeability(state: &mut State, number: u64) -> anyhow::Result<()> {
    let Some(pull) = state.pulls.get(&number) else { return Ok(()) };
    let head = pull.head_sha.clone();
    let base = state.git.branch(&pull.base_ref).unwrap_or_else(|| pull.base_sha.clone());
    let fresh = pull.mergeability.as_ref().is_some_and(|known| known.head == head && known.base == base);
    let reads = state.repo.mergeable_reads;
    let mut known = if fresh { pull.mergeability.clone() } else { None };
    match &mut known {
        Some(known) => known.reads_left = known.reads_left.saturating_sub(1),
        None => known = Some(compute(state, number, &head, &base, reads)?),
    }
    if let Some(pull) = state.pulls.get_mut(&number) {
        pull.mergeability = known;
    }
    Ok(())
}

fn compute(state: &mut State, number: u64, head: &str, base: &str, reads_left: u32) -> anyhow::Result<Mergeability> {
    let (head, base) = (head.to_owned(), base.to_owned());
    let Merged::Tree(tree) = state.git.merge_trees(&base, &head)? else {
        return Ok(Mergeability { head, base, reads_left, clean: false, rebaseable: false, test_merge: None });
    };
    let committer = state.github_signature();
    let rebaseable = state.git.rebase(&base, &head, &committer)?.is_some();
    let test = state.git.write_commit(&NewCommit {
        tree: &tree,
        parents: &[base.clone(), head.clone()],
        message: &format!("Merge {head} into {base}"),
        author: committer.clone(),
        committer,
    })?;
    state.git.set_ref(&format!("refs/pull/{number}/merge"), &test)?;
    Ok(Mergeability { head, base, reads_left, clean: true, rebaseable, test_merge: Some(test) })
}

//! Merging a pull request: what GitHub refuses, and how the three methods write history.

use super::checks::{self, Standing};
use super::{closing, pulls, refs, reviews, rules};
use crate::sandbox::git::{CommitInfo, Merged, NewCommit};
use crate::sandbox::people::Actor;
use crate::sandbox::refusal::{Refusal, error_of, not_found};
use crate::sandbox::state::{Pull, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Merge,
    Squash,
    Rebase,
}

/// A merge as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish<'a> {
    pub(crate) method: Method,
    /// What the head must be.
    pub(crate) sha: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

/// Merges and gives the new commit of the base branch.
pub(crate) fn merge(state: &mut State, actor: Actor, number: u64, wish: &Wish<'_>) -> Result<String, Refusal> {
    let pull = state.pulls.get(&number).cloned().ok_or_else(not_found)?;
    let base = state.git.branch(&pull.base_ref).ok_or_else(|| error_of(405, "Pull Request is not mergeable"))?;
    refuse(state, actor, &pull, wish, &base)?;
    refs::guard_workflows(state, actor, Some(&base), &pull.head_sha)?;
    let new = write(state, actor, &pull, wish, &base)?;
    state.signed.insert(new.clone());
    let title = state.issues.get(&number).map(|issue| issue.title.clone()).unwrap_or_default();
    let body = state.issues.get(&number).and_then(|issue| issue.body.clone()).unwrap_or_default();
    pulls::mark_merged(state, actor, number, &new);
    refs::apply(state, actor, &format!("refs/heads/{}", pull.base_ref), &base, &new, false)?;
    if let Some(entry) = state.activities.iter_mut().rev().find(|entry| entry.after == new) {
        entry.kind = "pr_merge";
    }
    if pull.base_ref == state.repo.default_branch {
        closing::by_text(state, actor, &format!("{title}\n{body}"), None);
    }
    if state.repo.delete_branch_on_merge {
        let head = format!("refs/heads/{}", pull.head_ref);
        if state.git.ref_sha(&head).is_some() {
            refs::delete(state, actor, &head)?;
        }
    }
    Ok(new)
}

/// The refusals, in GitHub's order and words.
fn refuse(state: &mut State, actor: Actor, pull: &Pull, wish: &Wish<'_>, base: &str) -> Result<(), Refusal> {
    let open = state.issues.get(&pull.number).is_some_and(|issue| issue.open);
    if !open || pull.merged_at.is_some() {
        return Err(error_of(405, "Pull Request is not mergeable"));
    }
    if pull.draft {
        return Err(error_of(405, "Pull Request is still a draft"));
    }
    if wish.sha.is_some_and(|sha| sha != pull.head_sha) {
        return Err(error_of(409, "Head branch was modified. Review and try the merge again."));
    }
    // The mergeability that was last looked at was for another base, and is not computed again in time.
    if pull.mergeability.as_ref().is_some_and(|known| known.base != base) {
        if let Some(pull) = state.pulls.get_mut(&pull.number) {
            pull.mergeability = None;
        }
        return Err(error_of(405, "Base branch was modified. Review and try the merge again."));
    }
    let (allowed, words) = match wish.method {
        Method::Merge => (state.repo.allow_merge_commit, "Merge commits are not allowed on this repository."),
        Method::Squash => (state.repo.allow_squash_merge, "Squash merges are not allowed on this repository."),
        Method::Rebase => (state.repo.allow_rebase_merge, "Rebase merges are not allowed on this repository."),
    };
    if !allowed {
        return Err(error_of(405, words));
    }
    match blocked(state, actor, pull) {
        Some(words) => Err(error_of(405, &words)),
        None => Ok(()),
    }
}

/// Why the rules of the base branch do not let the pull request in.
pub(crate) fn blocked(state: &State, actor: Actor, pull: &Pull) -> Option<String> {
    let branch = &pull.base_ref;
    for (context, app) in rules::required_checks(state, branch, Some(actor)) {
        let words = match checks::standing(state, &pull.head_sha, &context, app) {
            Standing::Passed => continue,
            Standing::Missing => "expected",
            Standing::Running => "in progress",
            Standing::Failed => "failing",
        };
        return Some(format!("Required status check \"{context}\" is {words}."));
    }
    if rules::strict(state, branch, Some(actor)) {
        let tip = state.git.branch(branch).unwrap_or_default();
        if !state.git.contains(&pull.head_sha, &tip) {
            return Some("The head branch is not up to date with the base branch.".to_owned());
        }
    }
    let wanted = rules::required_approvals(state, branch, Some(actor));
    let (approvals, refusals) = reviews::tally(state, pull.number);
    if wanted > 0 && (approvals < wanted || refusals > 0) {
        let noun = if wanted == 1 { "review is" } else { "reviews are" };
        return Some(format!("At least {wanted} approving {noun} required by reviewers with write access."));
    }
    if rules::rules(state, branch, Some(actor)).iter().any(|(_, rule)| rules::kind(rule) == "merge_queue") {
        return Some("Changes must be made through the merge queue".to_owned());
    }
    None
}

fn write(state: &mut State, actor: Actor, pull: &Pull, wish: &Wish<'_>, base: &str) -> Result<String, Refusal> {
    let conflict = || error_of(405, "Pull Request is not mergeable");
    let committer = state.github_signature();
    let title = state.issues.get(&pull.number).map(|issue| issue.title.clone()).unwrap_or_default();
    let tree = match state.git.merge_trees(base, &pull.head_sha)? {
        Merged::Tree(tree) => tree,
        Merged::Conflict => return Err(conflict()),
    };
    let (parents, message, author) = match wish.method {
        Method::Rebase => {
            let tip = state.git.rebase(base, &pull.head_sha, &committer)?;
            return tip.ok_or_else(|| error_of(405, "This branch can't be rebased"));
        }
        Method::Merge => {
            let owner = state.name.owner();
            let head = wish.title.map_or_else(
                || format!("Merge pull request #{} from {owner}/{}", pull.number, pull.head_ref),
                str::to_owned,
            );
            let text = wish.message.map_or(title, str::to_owned);
            let author = state.signature(actor);
            (vec![base.to_owned(), pull.head_sha.clone()], joined(&head, &text), author)
        }
        Method::Squash => {
            let commits: Vec<CommitInfo> =
                pulls::commits(state, pull).iter().filter_map(|sha| state.git.commit(sha).ok()).collect();
            let single = if commits.len() == 1 { commits.first() } else { None };
            let (subject, rest) = single.map_or((title.as_str(), ""), |commit| split(&commit.message));
            let head = wish.title.map_or_else(|| format!("{subject} (#{})", pull.number), str::to_owned);
            let list = || {
                let lines: Vec<String> = commits.iter().map(|commit| format!("* {}", commit.message.trim())).collect();
                if single.is_some() { rest.to_owned() } else { lines.join("\n\n") }
            };
            let text = wish.message.map_or_else(list, str::to_owned);
            let opener = state.issues.get(&pull.number).map_or(actor, |issue| issue.author);
            let author = state.signature(opener);
            (vec![base.to_owned()], joined(&head, &text), author)
        }
    };
    let new = NewCommit { tree: &tree, parents: &parents, message: &message, author, committer };
    Ok(state.git.write_commit(&new)?)
}

fn joined(head: &str, text: &str) -> String {
    if text.is_empty() { head.to_owned() } else { format!("{head}\n\n{text}") }
}

fn split(message: &str) -> (&str, &str) {
    message.split_once('\n').map_or((message, ""), |(subject, rest)| (subject, rest.trim()))
}

/// Merges the base branch into the head of a pull request and gives the new head, or nothing when it is up to date.
pub(crate) fn update_branch(state: &mut State, actor: Actor, number: u64) -> Result<Option<String>, Refusal> {
    let pull = state.pulls.get(&number).cloned().ok_or_else(not_found)?;
    let base = state.git.branch(&pull.base_ref).ok_or_else(not_found)?;
    if state.git.contains(&pull.head_sha, &base) {
        return Ok(None);
    }
    let Merged::Tree(tree) = state.git.merge_trees(&pull.head_sha, &base)? else {
        return Err(error_of(422, "merge conflict between base and head"));
    };
    let (author, committer) = (state.signature(actor), state.github_signature());
    let new = state.git.write_commit(&NewCommit {
        tree: &tree,
        parents: &[pull.head_sha.clone(), base],
        message: &format!("Merge branch '{}' into {}", pull.base_ref, pull.head_ref),
        author,
        committer,
    })?;
    state.signed.insert(new.clone());
    refs::apply(state, actor, &format!("refs/heads/{}", pull.head_ref), &pull.head_sha, &new, false)?;
    Ok(Some(new))
}

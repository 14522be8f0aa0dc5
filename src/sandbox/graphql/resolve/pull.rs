//! Pull requests: head, base, mergeability, commits and files.

use super::{Answer, Ask, actor, maybe_time};
use crate::sandbox::git::{CommitInfo, FileDiff};
use crate::sandbox::graphql::node::{Node, Out, leaf, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::moves::{closing, pulls, reviews, rules};
use crate::sandbox::render::{self, node_id};
use crate::sandbox::state::{Issue, Pull, State};

/// The word for the state of a pull request.
pub(super) fn word(state: &State, number: u64) -> &'static str {
    let merged = state.pulls.get(&number).is_some_and(|pull| pull.merged_at.is_some());
    let open = state.issues.get(&number).is_some_and(|issue| issue.open);
    match (merged, open) {
        (true, _) => "MERGED",
        (false, true) => "OPEN",
        (false, false) => "CLOSED",
    }
}

pub(super) fn pull(ask: &mut Ask<'_>, number: u64) -> Answer {
    if matches!(ask.field, "mergeable" | "mergeStateStatus") && ask.looked.pulls.insert(number) {
        pulls::look_at_mergeability(ask.state, number)?;
    }
    let (Some(pull), Some(issue)) = (ask.state.pulls.get(&number).cloned(), ask.state.issues.get(&number).cloned())
    else {
        return Ok(Out::Null);
    };
    if ask.field == "statusCheckRollup" {
        return super::checks::rollup_of(ask, &pull.head_sha);
    }
    of(ask, &pull, &issue)
}

fn of(ask: &Ask<'_>, pull: &Pull, issue: &Issue) -> Answer {
    let (state, number) = (&*ask.state, pull.number);
    let branch = |name: &str| {
        let full = format!("refs/heads/{name}");
        node_or_null(state.git.ref_sha(&full).map(|_| Node::Ref(full)))
    };
    Ok(match ask.field {
        "id" => leaf(node_id("PR", pull.id)),
        "databaseId" => leaf(pull.id),
        "url" => leaf(format!("{}/{}/pull/{number}", state.urls.html, state.name)),
        "state" => leaf(word(state, number)),
        "merged" => leaf(pull.merged_at.is_some()),
        "mergedAt" => maybe_time(pull.merged_at),
        "mergedBy" => pull.merged_by.map_or(Out::Null, |id| actor(ask, id)),
        "mergeCommit" => node_or_null(pull.merge_commit.as_ref().and_then(|sha| super::code::node_of(state, sha))),
        "isDraft" => leaf(pull.draft),
        "isCrossRepository" => leaf(pull.fork.is_some()),
        "baseRefName" => leaf(pull.base_ref.as_str()),
        "baseRefOid" => leaf(state.git.branch(&pull.base_ref).unwrap_or_else(|| pull.base_sha.clone())),
        "baseRef" => branch(&pull.base_ref),
        "headRefName" => leaf(pull.head_ref.as_str()),
        "headRefOid" => leaf(pull.head_sha.as_str()),
        "headRef" => branch(&pull.head_ref),
        "headRepository" => Node::Repository.out(),
        "mergeable" => leaf(mergeable(pull)),
        "mergeStateStatus" => super::upper(render::mergeable_state(state, pull, ask.caller.actor)),
        "reviewDecision" => decision(state, pull),
        "autoMergeRequest" => node_or_null(pull.auto_merge.map(|_| Node::AutoMerge(number))),
        "additions" => leaf(pulls::files(state, pull)?.iter().map(|file| file.additions).sum::<usize>()),
        "deletions" => leaf(pulls::files(state, pull)?.iter().map(|file| file.deletions).sum::<usize>()),
        "changedFiles" => leaf(pulls::files(state, pull)?.len()),
        "commits" | "files" | "reviews" | "reviewThreads" | "closingIssuesReferences" => {
            return list(ask, pull, issue);
        }
        "timelineItems" => return super::timeline::of_pull(ask, number),
        _ => return super::conversation::shared(ask, issue),
    })
}

fn list(ask: &Ask<'_>, pull: &Pull, issue: &Issue) -> Answer {
    let state = &*ask.state;
    let (types, nodes): (_, Vec<Node>) = match ask.field {
        "commits" => {
            let shas = pulls::commits(state, pull);
            // GitHub gives at most 250, as over REST.
            let infos = shas.iter().take(250).filter_map(|sha| state.git.commit(sha).ok());
            let nodes = infos.map(|info| Node::PullCommit(pull.number, Box::new(info))).collect();
            (("PullRequestCommitConnection", "PullRequestCommitEdge"), nodes)
        }
        "files" => {
            let nodes = pulls::files(state, pull)?.into_iter().map(|file| Node::File(Box::new(file))).collect();
            (("PullRequestChangedFileConnection", "PullRequestChangedFileEdge"), nodes)
        }
        "reviews" => {
            let (states, author) = (ask.args.words("states"), ask.args.text("author"));
            let login = |id| state.people.living(id).map(|a| a.login.trim_end_matches("[bot]"));
            let fits = state.reviews.iter().filter(|review| {
                review.pull == pull.number
                    && states.as_ref().is_none_or(|s| s.contains(&review.state.name()))
                    && author.is_none_or(|author| login(review.author.user) == Some(author))
            });
            (("PullRequestReviewConnection", "PullRequestReviewEdge"), fits.map(|r| Node::Review(r.id)).collect())
        }
        "reviewThreads" => {
            let first = state.review_comments.iter().filter(|c| c.pull == pull.number && c.reply_to.is_none());
            let types = ("PullRequestReviewThreadConnection", "PullRequestReviewThreadEdge");
            (types, first.map(|c| Node::Thread(c.id)).collect())
        }
        _ => {
            let text = issue.body.as_deref().unwrap_or_default();
            let closes = pull.base_ref == state.repo.default_branch;
            let numbers = if closes { closing::numbers(state, text) } else { Vec::new() };
            let issue = |number: &u64| state.issues.contains_key(number) && !state.pulls.contains_key(number);
            (("IssueConnection", "IssueEdge"), numbers.into_iter().filter(issue).map(Node::Issue).collect())
        }
    };
    page(types, ask.field, nodes, ask.args)
}

fn mergeable(pull: &Pull) -> &'static str {
    match &pull.mergeability {
        Some(known) if known.reads_left == 0 && known.clean => "MERGEABLE",
        Some(known) if known.reads_left == 0 => "CONFLICTING",
        _ => "UNKNOWN",
    }
}

/// Null where no rule asks for reviews, whatever was reviewed.
fn decision(state: &State, pull: &Pull) -> Out {
    let required = rules::required_approvals(state, &pull.base_ref, None);
    if required == 0 {
        return Out::Null;
    }
    let (approvals, changes) = reviews::tally(state, pull.number);
    leaf(match (changes, approvals) {
        (1.., _) => "CHANGES_REQUESTED",
        (_, approvals) if approvals >= required => "APPROVED",
        _ => "REVIEW_REQUIRED",
    })
}

pub(super) fn auto_merge(ask: &Ask<'_>, number: u64) -> Answer {
    let at = ask.state.issues.get(&number).map(|issue| issue.updated_at);
    Ok(match ask.field {
        "enabledAt" => maybe_time(at),
        "mergeMethod" => leaf("SQUASH"),
        _ => return ask.unknown(),
    })
}

pub(super) fn commit(ask: &Ask<'_>, number: u64, commit: &CommitInfo) -> Answer {
    let pull = ask.state.pulls.get(&number).map(|pull| pull.id).unwrap_or_default();
    let page = format!("{}/{}/pull/{number}/commits/{}", ask.state.urls.html, ask.state.name, commit.sha);
    Ok(match ask.field {
        "id" => leaf(node_id("PURC", format!("{pull}:{}", commit.sha))),
        "commit" => Node::Commit(Box::new(commit.clone())).out(),
        "pullRequest" => Node::Pull(number).out(),
        "url" => leaf(page),
        _ => return ask.unknown(),
    })
}

pub(super) fn file(ask: &Ask<'_>, file: &FileDiff) -> Answer {
    Ok(match ask.field {
        "path" => leaf(file.path.as_str()),
        "additions" => leaf(file.additions),
        "deletions" => leaf(file.deletions),
        "changeType" => leaf(match file.status {
            "added" => "ADDED",
            "removed" => "DELETED",
            "renamed" => "RENAMED",
            "copied" => "COPIED",
            "changed" => "CHANGED",
            _ => "MODIFIED",
        }),
        _ => return ask.unknown(),
    })
}

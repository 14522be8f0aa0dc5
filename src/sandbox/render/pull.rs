//! Pull requests in their sizes: full, simple, minimal.

use serde_json::{Value, json};

use super::issue::{association, label_by_id, milestone_of};
use super::{in_link, merged, node_id, repository, user};
use crate::sandbox::clock::stamp;
use crate::sandbox::moves::{checks, merge, pulls};
use crate::sandbox::people::Actor;
use crate::sandbox::state::{Pull, State};

/// `pull-request-minimal`.
pub(crate) fn pull_minimal(state: &State, pull: &Pull) -> Value {
    let repo = |id: u64| json!({"id": id, "url": state.api(), "name": state.name.name()});
    let head_repo = pull.fork.map_or(state.repo.id, fork_id);
    json!({
        "id": pull.id,
        "number": pull.number,
        "url": format!("{}/pulls/{}", state.api(), pull.number),
        "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": repo(head_repo)},
        "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo(state.repo.id)},
    })
}

/// The id of an account's fork.
fn fork_id(owner: u64) -> u64 {
    900_000_000 + owner % 1_000_000
}

/// A head that stands in a fork: another owner, another repository, the same shape.
fn in_fork(state: &State, pull: &Pull, mut side: Value) -> Value {
    let Some(owner) = pull.fork else { return side };
    let login = state.people.account(owner).map_or("ghost", |account| account.login.as_str());
    side["label"] = json!(format!("{login}:{}", pull.head_ref));
    side["user"] = user(state, owner);
    side["repo"]["id"] = json!(fork_id(owner));
    side["repo"]["owner"] = user(state, owner);
    side["repo"]["full_name"] = json!(format!("{login}/{}", state.name.name()));
    side["repo"]["fork"] = json!(true);
    side
}

/// `pull-request-simple`: as lists show it.
pub(crate) fn pull_simple(state: &State, pull: &Pull) -> Value {
    let Some(issue) = state.issues.get(&pull.number) else { return Value::Null };
    let api = format!("{}/pulls/{}", state.api(), pull.number);
    let thread = format!("{}/issues/{}", state.api(), pull.number);
    let page = format!("{}/pull/{}", state.page(), pull.number);
    let statuses = format!("{}/statuses/{}", state.api(), pull.head_sha);
    let labels: Vec<Value> = issue.labels.iter().filter_map(|id| label_by_id(state, *id)).collect();
    let people = |ids: &[u64]| ids.iter().map(|id| user(state, *id)).collect::<Vec<_>>();
    let owner = user(state, state.people.owner);
    let side = |branch: &str, sha: &str| {
        json!({
            "label": format!("{}:{branch}", state.name.owner()),
            "ref": branch,
            "sha": sha,
            "user": owner,
            "repo": repository(state),
        })
    };
    let test_merge = pull.mergeability.as_ref().and_then(|known| known.test_merge.clone());
    let links = json!({
        "self": {"href": api},
        "html": {"href": page},
        "issue": {"href": thread},
        "comments": {"href": format!("{thread}/comments")},
        "review_comments": {"href": format!("{api}/comments")},
        "review_comment": {"href": format!("{}/pulls/comments{{/number}}", state.api())},
        "commits": {"href": format!("{api}/commits")},
        "statuses": {"href": statuses},
    });
    let open = issue.open;
    json!({
        "url": api,
        "id": pull.id,
        "node_id": node_id("PR", pull.number),
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": thread,
        "number": pull.number,
        "state": if open { "open" } else { "closed" },
        "locked": issue.lock.is_some(),
        "title": issue.title,
        "user": user(state, issue.author.user),
        "body": issue.body,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": issue.closed_at.map(stamp),
        "merged_at": pull.merged_at.map(stamp),
        "merge_commit_sha": pull.merge_commit.clone().or(test_merge),
        "assignee": people(&issue.assignees).first(),
        "assignees": people(&issue.assignees),
        "requested_reviewers": people(&pull.requested_reviewers),
        "requested_teams": [],
        "labels": labels,
        "milestone": milestone_of(state, issue.milestone),
        "draft": pull.draft,
        "commits_url": format!("{api}/commits"),
        "review_comments_url": format!("{api}/comments"),
        "review_comment_url": format!("{}/pulls/comments{{/number}}", state.api()),
        "comments_url": format!("{thread}/comments"),
        "statuses_url": statuses,
        "head": in_fork(state, pull, side(&pull.head_ref, &pull.head_sha)),
        "base": side(&pull.base_ref, &pull.base_sha),
        "_links": links,
        "author_association": association(state, issue.author),
        "auto_merge": auto_merge(state, pull),
        "active_lock_reason": issue.lock.as_ref().and_then(|lock| lock.reason.clone()),
    })
}

fn auto_merge(state: &State, pull: &Pull) -> Value {
    let Some(enabled_by) = pull.auto_merge else { return Value::Null };
    json!({
        "enabled_by": user(state, enabled_by),
        "merge_method": "squash",
        "commit_title": format!("Merge {}", in_link(&pull.head_ref)),
        "commit_message": "",
    })
}

/// `pull-request`: as it is shown alone.
pub(crate) fn pull(state: &State, pull: &Pull, viewer: Actor) -> Value {
    let known = pull.mergeability.as_ref().filter(|known| known.reads_left == 0);
    let merged_already = pull.merged_at.is_some();
    let files = pulls::files(state, pull).unwrap_or_default();
    let additions: usize = files.iter().map(|file| file.additions).sum();
    let deletions: usize = files.iter().map(|file| file.deletions).sum();
    let more = json!({
        "merged": merged_already,
        "mergeable": if merged_already { None } else { known.map(|known| known.clean) },
        "rebaseable": if merged_already { None } else { known.map(|known| known.rebaseable) },
        "mergeable_state": if merged_already { "unknown" } else { mergeable_state(state, pull, viewer) },
        "merged_by": pull.merged_by.map(|id| user(state, id)),
        "comments": state.comments.values().filter(|comment| comment.issue == pull.number).count(),
        "review_comments": state.review_comments.iter().filter(|comment| comment.pull == pull.number).count(),
        "maintainer_can_modify": false,
        "commits": pulls::commits(state, pull).len(),
        "additions": additions,
        "deletions": deletions,
        "changed_files": files.len(),
    });
    merged(pull_simple(state, pull), more)
}

/// GitHub's word for how near a merge is, as the viewer sees it.
pub(crate) fn mergeable_state(state: &State, pull: &Pull, viewer: Actor) -> &'static str {
    let Some(known) = pull.mergeability.as_ref().filter(|known| known.reads_left == 0) else { return "unknown" };
    if !known.clean {
        return "dirty";
    }
    if pull.draft {
        return "draft";
    }
    match merge::blocked(state, viewer, pull) {
        Some(words) if words.contains("up to date") => return "behind",
        Some(_) => return "blocked",
        None => {}
    }
    let runs = checks::latest(state.check_runs.iter().filter(|run| run.head_sha == pull.head_sha));
    let good = |word: &str| matches!(word, "success" | "neutral" | "skipped");
    let runs_pass = runs.iter().all(|run| run.conclusion.as_deref().is_some_and(good));
    let statuses = checks::latest_statuses(state, &pull.head_sha);
    let statuses_pass = statuses.iter().all(|status| status.state == "success");
    if runs_pass && statuses_pass { "clean" } else { "unstable" }
}

//! Issues, comments, labels, milestones and reactions.

use serde_json::{Value, json};

use super::{app, in_link, merged, node_id, user};
use crate::domain::user::Permission;
use crate::sandbox::clock::stamp;
use crate::sandbox::people::Actor;
use crate::sandbox::state::{Comment, Issue, Label, Milestone, Reaction, State, Subject};

/// `label`.
pub(crate) fn label(state: &State, label: &Label) -> Value {
    json!({
        "id": label.id,
        "node_id": node_id("LA", label.id),
        "url": format!("{}/labels/{}", state.api(), in_link(&label.name)),
        "name": label.name,
        "color": label.color,
        "default": is_default(&label.name),
        "description": label.description,
    })
}

fn is_default(name: &str) -> bool {
    ["bug", "documentation", "duplicate", "enhancement", "good first issue", "help wanted", "invalid", "question"]
        .contains(&name)
        || name == "wontfix"
}

/// `milestone`.
pub(crate) fn milestone(state: &State, milestone: &Milestone) -> Value {
    let count = |open: bool| {
        let issues = state.issues.values().filter(|issue| issue.milestone == Some(milestone.number));
        issues.filter(|issue| issue.open == open).count()
    };
    let api = format!("{}/milestones/{}", state.api(), milestone.number);
    json!({
        "url": api,
        "html_url": format!("{}/milestone/{}", state.page(), milestone.number),
        "labels_url": format!("{api}/labels"),
        "id": milestone.id,
        "node_id": node_id("MI", milestone.id),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description,
        "creator": user(state, milestone.creator),
        "open_issues": count(true),
        "closed_issues": count(false),
        "state": if milestone.open { "open" } else { "closed" },
        "created_at": stamp(milestone.created_at),
        "updated_at": stamp(milestone.updated_at),
        "due_on": milestone.due_on.map(stamp),
        "closed_at": milestone.closed_at.map(stamp),
    })
}

/// `author-association`: how an author stands to the repository. Not a permission.
pub(crate) fn association(state: &State, actor: Actor) -> &'static str {
    if actor.user == state.people.owner {
        return "OWNER";
    }
    if actor.app.is_some() {
        return "NONE";
    }
    match state.people.role(actor.user) {
        Permission::Admin | Permission::Maintain => "MEMBER",
        Permission::Write | Permission::Triage => "COLLABORATOR",
        Permission::Read | Permission::None => {
            let merged = state.pulls.values().any(|pull| {
                let author = state.issues.get(&pull.number).map(|issue| issue.author.user);
                pull.merged_at.is_some() && author == Some(actor.user)
            });
            if merged { "CONTRIBUTOR" } else { "NONE" }
        }
    }
}

/// `reaction-rollup`.
pub(crate) fn reactions(state: &State, subject: Subject, url: &str) -> Value {
    let count = |word: &str| {
        let here = state.reactions.iter().filter(|reaction| reaction.subject == subject);
        here.filter(|reaction| word.is_empty() || reaction.content == word).count()
    };
    let mut value = json!({"url": format!("{url}/reactions"), "total_count": count("")});
    for word in ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"] {
        value = merged(value, json!({word: count(word)}));
    }
    value
}

/// `reaction`.
pub(crate) fn reaction(state: &State, reaction: &Reaction) -> Value {
    json!({
        "id": reaction.id,
        "node_id": node_id("REA", reaction.id),
        "user": user(state, reaction.user),
        "content": reaction.content,
        "created_at": stamp(reaction.created_at),
    })
}

/// `issue`; a pull request is one too.
pub(crate) fn issue(state: &State, issue: &Issue) -> Value {
    let api = format!("{}/issues/{}", state.api(), issue.number);
    let pull = state.pulls.get(&issue.number);
    let place = if pull.is_some() { "pull" } else { "issues" };
    let labels: Vec<Value> = issue.labels.iter().filter_map(|id| label_by_id(state, *id)).collect();
    let assignees: Vec<Value> = issue.assignees.iter().map(|id| user(state, *id)).collect();
    let mut value = json!({
        "url": api,
        "repository_url": state.api(),
        "labels_url": format!("{api}/labels{{/name}}"),
        "comments_url": format!("{api}/comments"),
        "events_url": format!("{api}/events"),
        "html_url": format!("{}/{place}/{}", state.page(), issue.number),
        "id": issue.id,
        "node_id": if pull.is_some() { node_id("PR", issue.number) } else { node_id("I", issue.number) },
        "number": issue.number,
        "title": issue.title,
        "user": user(state, issue.author.user),
        "labels": labels,
        "state": if issue.open { "open" } else { "closed" },
        "locked": issue.lock.is_some(),
        "assignee": assignees.first(),
        "assignees": assignees,
        "milestone": milestone_of(state, issue.milestone),
        "comments": state.comments.values().filter(|comment| comment.issue == issue.number).count(),
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": issue.closed_at.map(stamp),
        "author_association": association(state, issue.author),
        "active_lock_reason": issue.lock.as_ref().and_then(|lock| lock.reason.clone()),
        "body": issue.body,
        "closed_by": issue.closed_by.map(|id| user(state, id)),
        "reactions": reactions(state, Subject::Issue(issue.number), &api),
        "timeline_url": format!("{api}/timeline"),
        "performed_via_github_app": app(state, issue.author.app),
        "state_reason": issue.state_reason,
    });
    if let Some(pull) = pull {
        let page = format!("{}/pull/{}", state.page(), pull.number);
        let links = json!({
            "url": format!("{}/pulls/{}", state.api(), pull.number),
            "html_url": page,
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "merged_at": pull.merged_at.map(stamp),
        });
        value = merged(value, json!({"draft": pull.draft, "pull_request": links}));
    } else {
        let blocked_by = |number: &&u64| state.issues.get(number).is_some_and(|issue| issue.open);
        let blocking = state.issues.values().filter(|other| other.blocked_by.contains(&issue.number));
        let (open, total) = blocking.fold((0, 0), |(open, total), other| (open + u64::from(other.open), total + 1));
        let dependencies = json!({
            "blocked_by": issue.blocked_by.iter().filter(blocked_by).count(),
            "total_blocked_by": issue.blocked_by.len(),
            "blocking": if issue.open { open } else { 0 },
            "total_blocking": total,
        });
        let sub_issues = json!({"total": 0, "completed": 0, "percent_completed": 0});
        let more = json!({"sub_issues_summary": sub_issues, "issue_dependencies_summary": dependencies});
        value = merged(value, more);
    }
    value
}

pub(crate) fn label_by_id(state: &State, id: u64) -> Option<Value> {
    state.labels.iter().find(|known| known.id == id).map(|known| label(state, known))
}

pub(crate) fn milestone_of(state: &State, number: Option<u64>) -> Option<Value> {
    let number = number?;
    state.milestones.iter().find(|known| known.number == number).map(|known| milestone(state, known))
}

/// `issue-comment`.
pub(crate) fn comment(state: &State, comment: &Comment) -> Value {
    let api = format!("{}/issues/comments/{}", state.api(), comment.id);
    let place = if state.pulls.contains_key(&comment.issue) { "pull" } else { "issues" };
    json!({
        "url": api,
        "html_url": format!("{}/{place}/{}#issuecomment-{}", state.page(), comment.issue, comment.id),
        "issue_url": format!("{}/issues/{}", state.api(), comment.issue),
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "user": user(state, comment.author.user),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "author_association": association(state, comment.author),
        "body": comment.body,
        "reactions": reactions(state, Subject::Comment(comment.id), &api),
        "performed_via_github_app": app(state, comment.author.app),
    })
}

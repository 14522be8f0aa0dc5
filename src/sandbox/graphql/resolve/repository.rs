//! The repository, its labels and milestones.

use super::{Answer, Ask, maybe_time, time};
use crate::sandbox::graphql::node::{Failure, Node, Out, leaf, maybe, node_or_null};
use crate::sandbox::graphql::page::page;
use crate::sandbox::render::node_id;

pub(super) fn repository(ask: &Ask<'_>) -> Answer {
    let (state, args) = (&*ask.state, ask.args);
    Ok(match ask.field {
        "id" => leaf(node_id("R", state.repo.id)),
        "databaseId" => leaf(state.repo.id),
        "name" => leaf(state.name.name()),
        "nameWithOwner" => leaf(state.name.to_string()),
        "owner" => Node::Account(state.people.owner).out(),
        "isPrivate" => leaf(state.repo.private),
        "isFork" | "autoMergeAllowed" => leaf(false),
        "isArchived" => leaf(state.repo.archived),
        "isEmpty" => leaf(state.is_empty()),
        "visibility" => leaf(if state.repo.private { "PRIVATE" } else { "PUBLIC" }),
        "url" => leaf(format!("{}/{}", state.urls.html, state.name)),
        "createdAt" => time(state.repo.created_at),
        "updatedAt" => time(state.repo.updated_at),
        "pushedAt" => time(state.repo.pushed_at),
        "hasIssuesEnabled" => leaf(state.repo.has_issues),
        "deleteBranchOnMerge" => leaf(state.repo.delete_branch_on_merge),
        "mergeCommitAllowed" => leaf(state.repo.allow_merge_commit),
        "squashMergeAllowed" => leaf(state.repo.allow_squash_merge),
        "rebaseMergeAllowed" => leaf(state.repo.allow_rebase_merge),
        "viewerPermission" => permission(ask),
        "defaultBranchRef" => {
            let full = format!("refs/heads/{}", state.repo.default_branch);
            node_or_null(state.git.ref_sha(&full).map(|_| Node::Ref(full)))
        }
        "ref" => node_or_null(qualified(ask, args.text("qualifiedName").unwrap_or_default()).map(Node::Ref)),
        "refs" => {
            let prefix = args.text("refPrefix").unwrap_or_default();
            let wanted = args.text("query").unwrap_or_default();
            let refs = state.git.refs(prefix).into_iter().map(|(name, _)| name).filter(|n| n.contains(wanted));
            return page(("RefConnection", "RefEdge"), ask.field, refs.map(Node::Ref).collect(), args);
        }
        "object" => object(ask),
        "issue" => {
            ask.may_read("issues")?;
            Node::Issue(number(ask, "an Issue", |n| !state.pulls.contains_key(&n))?).out()
        }
        "pullRequest" => {
            ask.may_read("pull_requests")?;
            Node::Pull(number(ask, "a PullRequest", |n| state.pulls.contains_key(&n))?).out()
        }
        "issueOrPullRequest" => {
            let number = number(ask, "an issue or pull request", |_| true)?;
            if state.pulls.contains_key(&number) { Node::Pull(number).out() } else { Node::Issue(number).out() }
        }
        "issues" => {
            ask.may_read("issues")?;
            return page(("IssueConnection", "IssueEdge"), ask.field, issues(ask), args);
        }
        "pullRequests" => {
            ask.may_read("pull_requests")?;
            return page(("PullRequestConnection", "PullRequestEdge"), ask.field, pulls(ask, None), args);
        }
        "label" => {
            let label = state.label(args.text("name").unwrap_or_default());
            node_or_null(label.map(|l| Node::Label(l.name.clone(), l.color.clone(), l.description.clone(), l.id)))
        }
        "labels" => {
            let wanted = args.text("query").unwrap_or_default();
            let labels = state.labels.iter().filter(|l| l.name.contains(wanted));
            let labels = labels.map(|l| Node::Label(l.name.clone(), l.color.clone(), l.description.clone(), l.id));
            return page(("LabelConnection", "LabelEdge"), ask.field, labels.collect(), args);
        }
        _ => return ask.unknown(),
    })
}

/// The number in the arguments when it is one of ours.
fn number(ask: &Ask<'_>, what: &str, fits: impl Fn(u64) -> bool) -> Result<u64, Failure> {
    let number = ask.args.number("number").unwrap_or_default();
    if ask.state.issues.contains_key(&number) && fits(number) {
        return Ok(number);
    }
    Err(Failure::not_found(format!("Could not resolve to {what} with the number of {number}.")))
}

fn permission(ask: &Ask<'_>) -> Out {
    use crate::domain::user::Permission;
    if ask.caller.actor.app.is_some() {
        return leaf("WRITE");
    }
    match ask.state.role_of(ask.caller.actor) {
        Permission::None => Out::Null,
        Permission::Read => leaf("READ"),
        Permission::Triage => leaf("TRIAGE"),
        Permission::Write => leaf("WRITE"),
        Permission::Maintain => leaf("MAINTAIN"),
        Permission::Admin => leaf("ADMIN"),
    }
}

/// The full name of a reference that exists, from a full or a short one.
fn qualified(ask: &Ask<'_>, name: &str) -> Option<String> {
    let candidates = [name.to_owned(), format!("refs/heads/{name}"), format!("refs/tags/{name}")];
    candidates.into_iter().find(|full| full.starts_with("refs/") && ask.state.git.ref_sha(full).is_some())
}

fn object(ask: &Ask<'_>) -> Out {
    let git = &ask.state.git;
    let sha = match (ask.args.text("oid"), ask.args.text("expression")) {
        (Some(oid), _) => Some(oid.to_owned()),
        (None, Some(expression)) => match expression.split_once(':') {
            Some((commit, path)) => git.resolve(named(ask, commit)).and_then(|commit| {
                let path = path.trim_matches('/');
                if path.is_empty() {
                    return git.commit(&commit).ok().map(|c| c.tree);
                }
                git.entry_at(&commit, path).map(|entry| entry.sha)
            }),
            None => git.resolve(named(ask, expression)),
        },
        (None, None) => None,
    };
    node_or_null(sha.and_then(|sha| super::code::node_of(ask.state, &sha)))
}

fn named<'a>(ask: &'a Ask<'_>, name: &'a str) -> &'a str {
    if name == "HEAD" { &ask.state.repo.default_branch } else { name }
}

fn issues(ask: &Ask<'_>) -> Vec<Node> {
    let state = &*ask.state;
    let (states, labels) = (ask.args.words("states"), ask.args.words("labels"));
    let fits = |issue: &&crate::sandbox::state::Issue| {
        let word = if issue.open { "OPEN" } else { "CLOSED" };
        let has = |name: &&str| state.label(name).is_some_and(|l| issue.labels.contains(&l.id));
        !state.pulls.contains_key(&issue.number)
            && states.as_ref().is_none_or(|s| s.contains(&word))
            && labels.as_ref().is_none_or(|l| l.iter().any(has))
    };
    state.issues.values().filter(fits).map(|issue| Node::Issue(issue.number)).collect()
}

/// The pull requests that the arguments ask for, of one head branch when it is given.
pub(super) fn pulls(ask: &Ask<'_>, head: Option<&str>) -> Vec<Node> {
    let (state, args) = (&*ask.state, ask.args);
    let (states, labels) = (args.words("states"), args.words("labels"));
    let head = head.or_else(|| args.text("headRefName"));
    let fits = |pull: &&crate::sandbox::state::Pull| {
        let Some(issue) = state.issues.get(&pull.number) else { return false };
        let has = |name: &&str| state.label(name).is_some_and(|l| issue.labels.contains(&l.id));
        states.as_ref().is_none_or(|s| s.contains(&super::pull::word(state, pull.number)))
            && labels.as_ref().is_none_or(|l| l.iter().any(has))
            && head.is_none_or(|h| h == pull.head_ref)
            && args.text("baseRefName").is_none_or(|b| b == pull.base_ref)
    };
    state.pulls.values().filter(fits).map(|pull| Node::Pull(pull.number)).collect()
}

pub(super) fn label(ask: &Ask<'_>, name: &str, color: &str, description: Option<&str>, id: u64) -> Answer {
    Ok(match ask.field {
        "id" => leaf(node_id("LA", id)),
        "name" => leaf(name),
        "color" => leaf(color),
        "description" => maybe(description),
        "isDefault" => leaf(false),
        _ => return ask.unknown(),
    })
}

pub(super) fn milestone(ask: &Ask<'_>, number: u64) -> Answer {
    let Some(m) = ask.state.milestones.iter().find(|m| m.number == number) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("MI", m.id)),
        "number" => leaf(m.number),
        "title" => leaf(m.title.as_str()),
        "description" => maybe(m.description.as_deref()),
        "dueOn" => maybe_time(m.due_on),
        "state" => leaf(if m.open { "OPEN" } else { "CLOSED" }),
        "closed" => leaf(!m.open),
        "closedAt" => maybe_time(m.closed_at),
        "createdAt" => time(m.created_at),
        "updatedAt" => time(m.updated_at),
        "url" => leaf(format!("{}/{}/milestone/{}", ask.state.urls.html, ask.state.name, m.number)),
        _ => return ask.unknown(),
    })
}

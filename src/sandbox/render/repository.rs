//! The repository in its sizes: simple, minimal, full.

use serde_json::{Value, json};

use super::{merged, node_id, people};
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::clock::stamp;
use crate::sandbox::people::Access;
use crate::sandbox::rest::Caller;
use crate::sandbox::state::State;

/// `simple-repository`: what every size begins with.
pub(crate) fn simple_repository(state: &State) -> Value {
    let api = format!("{}/repos/{}", state.urls.api, state.name);
    let mut value = json!({
        "id": state.repo.id,
        "node_id": node_id("R", state.repo.id),
        "name": state.name.name(),
        "full_name": state.name.to_string(),
        "private": state.repo.private,
        "owner": people::user(state, state.people.owner),
        "html_url": format!("{}/{}", state.urls.html, state.name),
        "description": state.repo.description,
        "fork": false,
        "url": api,
    });
    let links = [
        ("forks_url", "/forks"),
        ("keys_url", "/keys{/key_id}"),
        ("collaborators_url", "/collaborators{/collaborator}"),
        ("teams_url", "/teams"),
        ("hooks_url", "/hooks"),
        ("issue_events_url", "/issues/events{/number}"),
        ("events_url", "/events"),
        ("assignees_url", "/assignees{/user}"),
        ("branches_url", "/branches{/branch}"),
        ("tags_url", "/tags"),
        ("blobs_url", "/git/blobs{/sha}"),
        ("git_tags_url", "/git/tags{/sha}"),
        ("git_refs_url", "/git/refs{/sha}"),
        ("trees_url", "/git/trees{/sha}"),
        ("statuses_url", "/statuses/{sha}"),
        ("languages_url", "/languages"),
        ("stargazers_url", "/stargazers"),
        ("contributors_url", "/contributors"),
        ("subscribers_url", "/subscribers"),
        ("subscription_url", "/subscription"),
        ("commits_url", "/commits{/sha}"),
        ("git_commits_url", "/git/commits{/sha}"),
        ("comments_url", "/comments{/number}"),
        ("issue_comment_url", "/issues/comments{/number}"),
        ("contents_url", "/contents/{+path}"),
        ("compare_url", "/compare/{base}...{head}"),
        ("merges_url", "/merges"),
        ("archive_url", "/{archive_format}{/ref}"),
        ("downloads_url", "/downloads"),
        ("issues_url", "/issues{/number}"),
        ("pulls_url", "/pulls{/number}"),
        ("milestones_url", "/milestones{/number}"),
        ("notifications_url", "/notifications{?since,all,participating}"),
        ("labels_url", "/labels{/name}"),
        ("releases_url", "/releases{/id}"),
        ("deployments_url", "/deployments"),
    ];
    if let Some(map) = value.as_object_mut() {
        map.extend(links.iter().map(|(name, tail)| ((*name).to_owned(), json!(format!("{api}{tail}")))));
    }
    value
}

/// `minimal-repository`.
pub(crate) fn minimal_repository(state: &State) -> Value {
    simple_repository(state)
}

/// `repository`: as it stands in the head and base of a pull request.
pub(crate) fn repository(state: &State) -> Value {
    let page = format!("{}/{}", state.urls.html, state.name);
    let host = state.urls.html.split("//").nth(1).unwrap_or_default();
    let open = state.issues.values().filter(|issue| issue.open).count();
    let more = json!({
        "created_at": stamp(state.repo.created_at),
        "updated_at": stamp(state.repo.updated_at),
        "pushed_at": stamp(state.repo.pushed_at),
        "git_url": format!("git://{host}/{}.git", state.name),
        "ssh_url": format!("git@{host}:{}.git", state.name),
        "clone_url": format!("{page}.git"),
        "svn_url": page,
        "homepage": null,
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": state.repo.has_issues,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": 0,
        "mirror_url": null,
        "archived": state.repo.archived,
        "disabled": false,
        "open_issues_count": open,
        "license": null,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": if state.repo.private { "private" } else { "public" },
        "forks": 0,
        "open_issues": open,
        "watchers": 0,
        "default_branch": state.repo.default_branch,
    });
    merged(simple_repository(state), more)
}

/// `full-repository` as a caller sees it: merge settings are shown to those who may push.
pub(crate) fn full_repository(state: &State, caller: Option<&Caller>) -> Value {
    let more = json!({"network_count": 0, "subscribers_count": 0, "temp_clone_token": null});
    let mut value = merged(repository(state), more);
    let Some(caller) = caller else { return value };
    let (person, writes) = match caller.kind {
        TokenKind::Personal => (true, state.role_of(caller.actor) >= Permission::Write),
        TokenKind::Workflow => (false, false),
        TokenKind::App => (false, state.access(caller, "administration") >= Access::Read),
    };
    let at_least = |role| person && state.role_of(caller.actor) >= role;
    let permissions = json!({
        "admin": at_least(Permission::Admin),
        "maintain": at_least(Permission::Maintain),
        "push": at_least(Permission::Write),
        "triage": at_least(Permission::Triage),
        "pull": at_least(Permission::Read),
    });
    value = merged(value, json!({"permissions": permissions}));
    if writes {
        let settings = json!({
            "allow_squash_merge": state.repo.allow_squash_merge,
            "allow_merge_commit": state.repo.allow_merge_commit,
            "allow_rebase_merge": state.repo.allow_rebase_merge,
            "allow_auto_merge": false,
            "delete_branch_on_merge": state.repo.delete_branch_on_merge,
            "allow_update_branch": false,
            "use_squash_pr_title_as_default": false,
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE",
        });
        value = merged(value, settings);
    }
    value
}

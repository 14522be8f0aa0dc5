//! Accounts and Apps.

use serde_json::{Value, json};

use super::{merged, node_id};
use crate::domain::user::UserKind;
use crate::sandbox::clock::stamp;
use crate::sandbox::people::Account;
use crate::sandbox::state::State;

/// The type word of an account.
pub(crate) fn kind(account: &Account) -> &'static str {
    match account.kind {
        UserKind::Bot => "Bot",
        UserKind::Organization => "Organization",
        UserKind::Human | UserKind::Other => "User",
    }
}

/// The node id prefix of an account.
pub(crate) fn prefix(account: &Account) -> &'static str {
    match account.kind {
        UserKind::Bot => "BOT",
        UserKind::Organization => "O",
        UserKind::Human | UserKind::Other => "U",
    }
}

/// `simple-user`; a deleted account is the ghost.
pub(crate) fn user(state: &State, id: u64) -> Value {
    state.people.account(id).map_or(Value::Null, |account| simple(state, account))
}

/// `nullable-simple-user` as events show actors: null for a deleted account.
pub(crate) fn ghost_or(state: &State, id: u64) -> Value {
    state.people.living(id).map_or(Value::Null, |account| simple(state, account))
}

fn simple(state: &State, account: &Account) -> Value {
    let login = account.login.replace('[', "%5B").replace(']', "%5D");
    let api = format!("{}/users/{login}", state.urls.api);
    let page = match account.login.strip_suffix("[bot]") {
        Some(slug) => format!("{}/apps/{slug}", state.urls.html),
        None => format!("{}/{}", state.urls.html, account.login),
    };
    json!({
        "login": account.login,
        "id": account.id,
        "node_id": node_id(prefix(account), account.id),
        "avatar_url": format!("{}/avatars/u/{}?v=4", state.urls.html, account.id),
        "gravatar_id": "",
        "url": api,
        "html_url": page,
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": kind(account),
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// `public-user`.
pub(crate) fn public_user(state: &State, account: &Account) -> Value {
    let more = json!({
        "name": account.login,
        "company": null,
        "blog": "",
        "location": null,
        "email": null,
        "hireable": null,
        "bio": null,
        "twitter_username": null,
        "public_repos": 1,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": stamp(state.repo.created_at),
    });
    merged(simple(state, account), more)
}

/// `nullable-integration`.
pub(crate) fn app(state: &State, id: Option<u64>) -> Value {
    let Some(app) = id.and_then(|id| state.people.apps.get(&id)) else { return Value::Null };
    json!({
        "id": app.id,
        "client_id": format!("Iv1.{:016x}", app.id),
        "slug": app.slug,
        "node_id": node_id("A", app.id),
        "owner": user(state, state.people.owner),
        "name": app.name,
        "description": "",
        "external_url": format!("{}/apps/{}", state.urls.html, app.slug),
        "html_url": format!("{}/apps/{}", state.urls.html, app.slug),
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
        "permissions": {"checks": "write", "contents": "write", "issues": "write", "metadata": "read"},
        "events": ["check_suite", "push"],
    })
}

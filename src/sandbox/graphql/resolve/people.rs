//! Accounts and Apps. A bot's login has no `[bot]` here, except the viewer's own.

use super::{Answer, Ask};
use crate::domain::user::UserKind;
use crate::sandbox::graphql::node::{Out, leaf};
use crate::sandbox::people::Account;
use crate::sandbox::render::{node_id, user_prefix};

fn id_of(account: &Account) -> String {
    node_id(user_prefix(account), account.id)
}

/// Whoever asks. The schema makes it a `User` even for a bot, and then its login keeps the `[bot]`.
pub(super) fn viewer(ask: &Ask<'_>, id: u64) -> Answer {
    let Some(account) = ask.state.people.account(id) else { return Ok(Out::Null) };
    if ask.field == "login" { Ok(leaf(account.login.as_str())) } else { of(ask, account) }
}

pub(super) fn account(ask: &Ask<'_>, id: u64) -> Answer {
    let Some(account) = ask.state.people.account(id) else { return Ok(Out::Null) };
    of(ask, account)
}

fn of(ask: &Ask<'_>, account: &Account) -> Answer {
    let login = account.login.trim_end_matches("[bot]");
    Ok(match ask.field {
        "id" => leaf(id_of(account)),
        "databaseId" => leaf(account.id),
        "login" => leaf(login),
        "name" => Out::Null,
        "url" => {
            let apps = if account.kind == UserKind::Bot { "/apps" } else { "" };
            leaf(format!("{}{apps}/{login}", ask.state.urls.html))
        }
        _ => return ask.unknown(),
    })
}

pub(super) fn app(ask: &Ask<'_>, id: u64) -> Answer {
    let Some(app) = ask.state.people.apps.get(&id) else { return Ok(Out::Null) };
    Ok(match ask.field {
        "id" => leaf(node_id("A", app.id)),
        "databaseId" => leaf(app.id),
        "name" => leaf(app.name.as_str()),
        "slug" => leaf(app.slug.as_str()),
        _ => return ask.unknown(),
    })
}

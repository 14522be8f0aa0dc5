//! Who we are, what others may do, and our security advisories.

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;

use super::optional;
use crate::adapters::github::GitHub;
use crate::adapters::github::graphql::Operation;
use crate::adapters::github::wire::{UserWire, user_kind};
use crate::domain::ids::UserId;
use crate::domain::user::{Identity, Permission, TokenKind, User, UserKind};
use crate::ports::forge::ForgeError;

/// github-actions\[bot\], as which every workflow's `GITHUB_TOKEN` acts.
const ACTIONS_BOT: UserId = UserId(41_898_282);

const VIEWER: Operation =
    Operation { template: "/graphql viewer", document: "query viewer { viewer { __typename login databaseId } }" };

#[derive(Deserialize)]
struct ViewerData {
    viewer: Viewer,
}

#[derive(Deserialize)]
struct Viewer {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
    #[serde(rename = "databaseId")]
    id: Option<u64>,
}

#[derive(Deserialize)]
struct PermissionWire {
    permission: String,
    #[serde(default)]
    role_name: Option<String>,
}

#[derive(Deserialize)]
struct AdvisoryWire {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    author: Option<UserWire>,
}

impl GitHub {
    /// Asked once: a token does not change hands.
    pub(in crate::adapters::github) async fn read_identity(&self) -> Result<&Identity, ForgeError> {
        self.identity
            .get_or_try_init(|| async {
                let data: ViewerData = self.query(&VIEWER, json!({}), "the owner of the token").await?;
                let viewer = data.viewer;
                let Some(id) = viewer.id.map(UserId) else {
                    let (what, message) = ("the owner of the token".to_owned(), "it has no id".to_owned());
                    return Err(ForgeError::Malformed { what, message });
                };
                let installation = self.options.token.expose_secret().starts_with("ghs_");
                Ok(identity(id, viewer.login, &viewer.kind, installation))
            })
            .await
    }

    pub(super) async fn read_permission(&self, login: &str) -> Result<Option<Permission>, ForgeError> {
        let template = "/repos/{owner}/{repo}/collaborators/{username}/permission";
        let request = self.get(template, &[&login], format!("the permission of {login}"));
        let Some(answer) = optional(self.send(&request).await)? else { return Ok(None) };
        let found: PermissionWire = answer.json(&request)?;
        let named = |name: &str| match name {
            "admin" => Some(Permission::Admin),
            "maintain" => Some(Permission::Maintain),
            "write" => Some(Permission::Write),
            "triage" => Some(Permission::Triage),
            "read" => Some(Permission::Read),
            "none" => Some(Permission::None),
            _ => None,
        };
        // A custom role has a name of its own; the older field says what it is built on.
        let permission = found.role_name.as_deref().and_then(named).or_else(|| named(&found.permission));
        Ok(Some(permission.unwrap_or(Permission::None)))
    }

    pub(in crate::adapters::github) async fn read_advisory_keys(&self) -> Result<Vec<String>, ForgeError> {
        let us = self.read_identity().await?.user.id;
        let request = self.get("/repos/{owner}/{repo}/security-advisories", &[], "the security advisories");
        let advisories: Vec<AdvisoryWire> = self.list(request).await?;
        // Anybody may report an advisory; only our own markers count.
        let ours = advisories.into_iter().filter(|found| found.author.as_ref().is_some_and(|author| author.id == us.0));
        Ok(ours.filter_map(|found| Some(key_of(&found.description?)?.to_owned())).collect())
    }
}

/// The key in the hidden last line.
fn key_of(body: &str) -> Option<&str> {
    body.trim_end().lines().last()?.strip_prefix("<!-- autonomy:")?.strip_suffix(" -->")
}

/// GraphQL shows a bot's login with or without `[bot]`, and the viewer's type as `User` even for bots.
fn identity(id: UserId, login: String, typename: &str, installation: bool) -> Identity {
    let bot = id == ACTIONS_BOT || installation || typename == "Bot" || login.ends_with("[bot]");
    let token = match bot {
        _ if id == ACTIONS_BOT => TokenKind::Workflow,
        true => TokenKind::App,
        false => TokenKind::Personal,
    };
    let login = if bot && !login.ends_with("[bot]") { format!("{login}[bot]") } else { login };
    let kind = if bot { UserKind::Bot } else { user_kind(typename) };
    Identity { user: User { id, login, kind }, token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_token_is_told_by_who_it_acts_as() {
        let seen = |id, login: &str, typename, installation| {
            let who = identity(UserId(id), login.to_owned(), typename, installation);
            (who.token, who.user.kind, who.user.login)
        };
        let bot = |name: &str| format!("{name}[bot]");
        assert_eq!(
            seen(41_898_282, "github-actions", "User", false),
            (TokenKind::Workflow, UserKind::Bot, bot("github-actions"))
        );
        assert_eq!(seen(7, "acme", "Bot", false), (TokenKind::App, UserKind::Bot, bot("acme")));
        assert_eq!(seen(7, "acme[bot]", "User", false), (TokenKind::App, UserKind::Bot, bot("acme")));
        assert_eq!(seen(7, "acme", "User", true), (TokenKind::App, UserKind::Bot, bot("acme")));
        assert_eq!(seen(8, "ann", "User", false), (TokenKind::Personal, UserKind::Human, "ann".to_owned()));
    }

    #[test]
    fn a_key_is_read_from_the_last_line_only() {
        assert_eq!(key_of("text\n\n<!-- autonomy:a/b -->\n"), Some("a/b"));
        assert_eq!(key_of("<!-- autonomy:a -->\ntext"), None);
    }
}

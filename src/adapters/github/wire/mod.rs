//! GitHub's shapes, as far as we read them, and their conversion into our words.
//!
//! Source of every field: GitHub's OpenAPI description (<https://github.com/github/rest-api-description>).

pub(super) mod check;
pub(super) mod git;
pub(super) mod issue;
pub(super) mod pull;

use serde::Deserialize;

use crate::domain::ids::UserId;
use crate::domain::user::{User, UserKind};

#[derive(Debug, Deserialize)]
pub(super) struct UserWire {
    login: String,
    pub(super) id: u64,
    #[serde(rename = "type", default)]
    kind: String,
}

impl From<UserWire> for User {
    fn from(user: UserWire) -> Self {
        Self { id: UserId(user.id), kind: user_kind(&user.kind), login: user.login }
    }
}

pub(super) fn user_kind(name: &str) -> UserKind {
    match name {
        "User" => UserKind::Human,
        "Bot" => UserKind::Bot,
        "Organization" => UserKind::Organization,
        _ => UserKind::Other,
    }
}

/// The user of a commit is `{}` when GitHub knows the address of nobody.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum MaybeUser {
    User(UserWire),
    Nobody(serde::de::IgnoredAny),
}

impl From<MaybeUser> for Option<User> {
    fn from(user: MaybeUser) -> Self {
        match user {
            MaybeUser::User(user) => Some(user.into()),
            MaybeUser::Nobody(_) => None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct LabelWire {
    pub(super) name: String,
}

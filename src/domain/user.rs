//! Who did something, and what they may do.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// An account. Compare ids, never logins: a GraphQL login of a bot has no `[bot]`, and logins can be renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub login: String,
    pub kind: UserKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    Human,
    Bot,
    Organization,
    /// Anything GitHub may add later. Never trusted.
    Other,
}

/// What a collaborator may do, in rising order.
/// Source: <https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user> (`role_name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

/// Who we are to GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub user: User,
    pub token: TokenKind,
}

/// The kind of token we hold. It decides whether our pull requests start workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The workflow's own `GITHUB_TOKEN`: its pull requests start no workflow and it cannot read branch protection.
    Workflow,
    /// An installation token of a GitHub App that the owner controls.
    App,
    /// A person's token.
    Personal,
}

//! Accounts, apps and tokens: who a request comes from and what it may do.

use std::collections::BTreeMap;

use crate::domain::user::{Permission, TokenKind, UserKind};

/// The secrets of the tokens every sandbox knows. They open nothing but a sandbox.
pub mod token {
    /// A workflow's own `GITHUB_TOKEN`.
    pub const WORKFLOW: &str = "ghs_sandbox0workflow0token0000000000000001";
    /// An installation token of a customer-owned App.
    pub const APP: &str = "ghs_sandbox0app0token000000000000000000002";
    /// A person with admin permission.
    pub const MAINTAINER: &str = "ghp_sandbox0maintainer0token0000000000003";
    /// A person with write permission.
    pub const WRITER: &str = "ghp_sandbox0writer0token000000000000000004";
    /// A person with triage permission.
    pub const TRIAGER: &str = "ghp_sandbox0triager0token00000000000000005";
    /// A person without any permission but reading what is public.
    pub const OUTSIDER: &str = "ghp_sandbox0outsider0token0000000000000006";
}

/// The logins of the accounts every sandbox knows.
pub mod login {
    pub const ACTIONS: &str = "github-actions[bot]";
    pub const APP: &str = "autonomy-app[bot]";
    pub const MAINTAINER: &str = "maintainer";
    pub const WRITER: &str = "writer";
    pub const TRIAGER: &str = "triager";
    pub const OUTSIDER: &str = "outsider";
    /// What GitHub shows for a deleted account.
    pub const GHOST: &str = "ghost";
}

/// The App that runs all workflows.
pub const ACTIONS_APP: u64 = 15368;
/// The customer-owned App.
pub const CUSTOM_APP: u64 = 987_654;
/// The database id of `github-actions[bot]`.
pub const ACTIONS_BOT: u64 = 41_898_282;

/// The account that signs what GitHub commits itself.
pub(crate) const WEB_FLOW: u64 = 19_864_447;

const GHOST_ID: u64 = 10_137;

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) kind: UserKind,
    /// The permission on the repository.
    pub(crate) role: Permission,
    pub(crate) deleted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) name: String,
}

/// Who did something: an account, and the App it acted through, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) user: u64,
    pub(crate) app: Option<u64>,
}

impl Actor {
    /// Whether this is a workflow's own token, whose acts start no workflows.
    pub(crate) fn is_workflow(self) -> bool {
        self.app == Some(ACTIONS_APP) && self.user == ACTIONS_BOT
    }
}

/// What a token may do in one area of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// The name it is recorded under.
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) kind: TokenKind,
    pub(crate) actor: Actor,
    /// By area (`contents`, `issues`, …). A person's token has none: there the role decides.
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) rest: Quota,
    pub(crate) graphql: Quota,
}

/// A primary rate limit: so many points in an hour.
#[derive(Debug, Clone)]
pub(crate) struct Quota {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// Seconds since 1970 when the count starts again; 0 before the first request.
    pub(crate) reset: i64,
}

impl Quota {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: 0, reset: 0 }
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// Starts a new hour when the old one is over.
    pub(crate) fn refresh(&mut self, now: i64) {
        if now >= self.reset {
            self.used = 0;
            self.reset = now + 3600;
        }
    }
}

/// All accounts, apps and tokens.
#[derive(Debug, Clone)]
pub(crate) struct People {
    pub(crate) accounts: BTreeMap<u64, Account>,
    pub(crate) apps: BTreeMap<u64, App>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) owner: u64,
}

impl People {
    pub(crate) fn new(owner: &str) -> Self {
        let mut people = Self { accounts: BTreeMap::new(), apps: BTreeMap::new(), tokens: Vec::new(), owner: 9_001 };
        people.add(9_001, owner, UserKind::Organization, Permission::Admin);
        people.add(GHOST_ID, login::GHOST, UserKind::Human, Permission::None);
        people.add(1_001, login::MAINTAINER, UserKind::Human, Permission::Admin);
        people.add(1_002, login::WRITER, UserKind::Human, Permission::Write);
        people.add(1_003, login::TRIAGER, UserKind::Human, Permission::Triage);
        people.add(1_004, login::OUTSIDER, UserKind::Human, Permission::None);
        people.add(WEB_FLOW, "web-flow", UserKind::Human, Permission::None);
        people.add(ACTIONS_BOT, login::ACTIONS, UserKind::Bot, Permission::None);
        people.add(1_987_654, login::APP, UserKind::Bot, Permission::None);
        people.app(ACTIONS_APP, "github-actions", "GitHub Actions");
        people.app(CUSTOM_APP, "autonomy-app", "Autonomy App");

        let bot = |user, app| Actor { user, app: Some(app) };
        let person = |user| Actor { user, app: None };
        let workflow = [
            ("metadata", Access::Read),
            ("contents", Access::Write),
            ("issues", Access::Write),
            ("pull_requests", Access::Write),
            ("checks", Access::Write),
            ("statuses", Access::Write),
            ("actions", Access::Write),
        ];
        let app = [
            ("administration", Access::Read),
            ("repository_advisories", Access::Write),
            ("workflows", Access::Write),
            ("vulnerability_alerts", Access::Read),
        ];
        people.token("workflow", token::WORKFLOW, TokenKind::Workflow, bot(ACTIONS_BOT, ACTIONS_APP), &workflow, 1_000);
        let both = [&workflow[..], &app[..]].concat();
        people.token("app", token::APP, TokenKind::App, bot(1_987_654, CUSTOM_APP), &both, 5_000);
        for (name, secret, id) in [
            ("maintainer", token::MAINTAINER, 1_001),
            ("writer", token::WRITER, 1_002),
            ("triager", token::TRIAGER, 1_003),
            ("outsider", token::OUTSIDER, 1_004),
        ] {
            people.token(name, secret, TokenKind::Personal, person(id), &[], 5_000);
        }
        people
    }

    pub(crate) fn add(&mut self, id: u64, login: &str, kind: UserKind, role: Permission) {
        self.accounts.insert(id, Account { id, login: login.to_owned(), kind, role, deleted: false });
    }

    /// The App of an id, made when nobody spoke of it before.
    pub(crate) fn app(&mut self, id: u64, slug: &str, name: &str) {
        self.apps.entry(id).or_insert_with(|| App { id, slug: slug.to_owned(), name: name.to_owned() });
    }

    fn token(
        &mut self,
        name: &str,
        secret: &str,
        kind: TokenKind,
        actor: Actor,
        access: &[(&str, Access)],
        limit: u64,
    ) {
        self.tokens.push(Token {
            name: name.to_owned(),
            secret: secret.to_owned(),
            kind,
            actor,
            access: access.iter().map(|(area, access)| ((*area).to_owned(), *access)).collect(),
            rest: Quota::new(limit),
            graphql: Quota::new(limit),
        });
    }

    /// The account of an id; a deleted one is the ghost.
    pub(crate) fn account(&self, id: u64) -> Option<&Account> {
        match self.accounts.get(&id) {
            Some(account) if !account.deleted => Some(account),
            _ => self.accounts.get(&GHOST_ID),
        }
    }

    /// The account of an id, unless it was deleted.
    pub(crate) fn living(&self, id: u64) -> Option<&Account> {
        self.accounts.get(&id).filter(|account| !account.deleted)
    }

    pub(crate) fn by_login(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|account| !account.deleted && account.login.eq_ignore_ascii_case(login))
    }

    /// The actor of a login, for the moves of tests. A bot acts through its App.
    pub(crate) fn actor(&self, login: &str) -> Option<Actor> {
        let account = self.by_login(login)?;
        let app = match account.id {
            ACTIONS_BOT => Some(ACTIONS_APP),
            1_987_654 => Some(CUSTOM_APP),
            _ => None,
        };
        Some(Actor { user: account.id, app })
    }

    pub(crate) fn role(&self, id: u64) -> Permission {
        self.living(id).map_or(Permission::None, |account| account.role)
    }

    pub(crate) fn token_index(&self, secret: &str) -> Option<usize> {
        self.tokens.iter().position(|token| token.secret == secret)
    }
}

//! Everything the embedded GitHub knows beside the git objects.

mod checks;
mod issue;
mod pull;
mod repo;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::clock::Clock;
use super::git::{Git, Signature};
use super::people::{Actor, People};
use crate::domain::ids::RepoName;

pub(crate) use checks::{CheckRun, Ci, Output, Status, Suite, Trigger, Workflow, WorkflowRun};
pub(crate) use issue::{Comment, Edit, Event, EventKind, Issue, Label, Lock, Milestone, Reaction, Subject};
pub(crate) use pull::{Hunk, Mergeability, Pull, Review, ReviewComment, ReviewState, Thread};
pub use repo::Protection;
pub(crate) use repo::{Activity, Advisory, Repo, Ruleset};

/// The bases of all links.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    /// The REST base, without a trailing slash.
    pub(crate) api: String,
    /// The base of pages for people, without a trailing slash.
    pub(crate) html: String,
    pub(crate) graphql: String,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) urls: Urls,
    pub(crate) git: Git,
    pub(crate) clock: Clock,
    pub(crate) name: RepoName,
    pub(crate) repo: Repo,
    pub(crate) people: People,
    pub(crate) labels: Vec<Label>,
    pub(crate) milestones: Vec<Milestone>,
    /// Issues and pull requests by number; a pull request also stands in `pulls`.
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    pub(crate) events: Vec<Event>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) review_comments: Vec<ReviewComment>,
    pub(crate) suites: Vec<Suite>,
    pub(crate) check_runs: Vec<CheckRun>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) runs: Vec<WorkflowRun>,
    pub(crate) ci: Ci,
    pub(crate) protections: BTreeMap<String, Protection>,
    pub(crate) rulesets: Vec<Ruleset>,
    pub(crate) advisories: Vec<Advisory>,
    pub(crate) activities: Vec<Activity>,
    /// Commits that GitHub itself signed.
    pub(crate) signed: BTreeSet<String>,
    next_id: u64,
    next_number: u64,
}

impl State {
    pub(crate) fn new(urls: Urls, git: Git, name: RepoName, private: bool, default_branch: &str) -> Self {
        let mut clock = Clock::new();
        let now = clock.now();
        Self {
            urls,
            git,
            clock,
            people: People::new(name.owner()),
            name,
            repo: Repo::new(private, default_branch, now),
            labels: Vec::new(),
            milestones: Vec::new(),
            issues: BTreeMap::new(),
            pulls: BTreeMap::new(),
            comments: BTreeMap::new(),
            events: Vec::new(),
            reactions: Vec::new(),
            reviews: Vec::new(),
            review_comments: Vec::new(),
            suites: Vec::new(),
            check_runs: Vec::new(),
            statuses: Vec::new(),
            runs: Vec::new(),
            ci: Ci::default(),
            protections: BTreeMap::new(),
            rulesets: Vec::new(),
            advisories: Vec::new(),
            activities: Vec::new(),
            signed: BTreeSet::new(),
            next_id: 2_000_000,
            next_number: 1,
        }
    }

    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A database id that nothing else has.
    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The number of the next issue or pull request.
    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// Writes down an event of an issue or a pull request and gives its id.
    pub(crate) fn event(&mut self, issue: u64, actor: Actor, kind: EventKind) -> u64 {
        let (id, at) = (self.id(), self.now());
        self.events.push(Event { id, issue, actor, at, kind });
        id
    }

    pub(crate) fn label(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// How a commit by an account is signed with name and address, now.
    pub(crate) fn signature(&mut self, actor: Actor) -> Signature {
        let seconds = self.now().timestamp();
        let login = self.people.account(actor.user).map_or_else(String::new, |account| account.login.clone());
        let email = format!("{}+{login}@users.noreply.github.com", actor.user);
        Signature { name: login, email, seconds }
    }

    /// GitHub as the committer of what it makes itself.
    pub(crate) fn github_signature(&mut self) -> Signature {
        let seconds = self.now().timestamp();
        Signature { name: "GitHub".to_owned(), email: "noreply@github.com".to_owned(), seconds }
    }

    /// Whether the default branch has a commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.git.branch(&self.repo.default_branch).is_none()
    }
}

//! A forge, a model and issues in memory, for the tests of this job.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::check::{BranchRules, CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullNumber, UserId};
use crate::domain::issue::{Comment, EditHistory, Event, EventKind, Issue};
use crate::domain::money::{Usage, Usd};
use crate::domain::pull::{ChangedFile, Commit, Comparison, Listed, Pull, PullSide, Review};
use crate::domain::user::{Identity, Permission, TokenKind, User, UserKind};
use crate::ports::forge::{Branch, ForgeError, ForgeRead, Repository, StateFilter};
use crate::ports::model::{ChatReply, ChatRequest, Model, ModelError, Stop, ToolCall};

/// Minutes after the first of January 2026.
pub(super) fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_454) + TimeDelta::minutes(minute)
}

pub(super) fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(super) fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

pub(super) fn human(login: &str) -> User {
    User { id: UserId(login.bytes().map(u64::from).sum()), login: login.into(), kind: UserKind::Human }
}

pub(super) fn us() -> Identity {
    let user = User { id: UserId(41_898_282), login: "github-actions[bot]".into(), kind: UserKind::Bot };
    Identity { user, token: TokenKind::Workflow }
}

pub(super) fn event(kind: EventKind, actor: &str, minute: i64) -> Event {
    Event { kind, actor: Some(human(actor)), via_app: false, at: at(minute) }
}

pub(super) fn labelled(label: &str, actor: &str, minute: i64) -> Event {
    event(EventKind::Labeled(label.into()), actor, minute)
}

pub(super) fn issue(number: u64, title: &str, body: &str) -> Issue {
    Issue {
        number: IssueNumber(number),
        title: title.into(),
        body: body.into(),
        open: true,
        author: Some(human("reporter")),
        labels: vec!["roadmap".into()],
        assignees: Vec::new(),
        milestone: None,
        open_blockers: Some(0),
        locked: false,
        created_at: at(0),
        updated_at: at(10),
        url: format!("https://github.example/acme/web/issues/{number}"),
    }
}

pub(super) fn pull(number: u64, head: &str) -> Pull {
    let side = |name: &str, digit| PullSide { branch: branch(name), sha: sha(digit), repo_id: Some(1) };
    Pull {
        number: PullNumber(number),
        title: String::new(),
        body: String::new(),
        open: true,
        merged: false,
        draft: false,
        locked: false,
        author: Some(us().user),
        head: side(head, 'c'),
        base: side("main", 'a'),
        labels: Vec::new(),
        mergeable: None,
        auto_merge: false,
        merge_commit: None,
        created_at: at(20),
        updated_at: at(30),
        url: String::new(),
    }
}

/// What the forge holds. Every issue is labelled by alice, a maintainer, in minute 5 unless told otherwise.
#[derive(Default)]
pub(super) struct FakeForge {
    pub(super) issues: Vec<Issue>,
    pub(super) events: Vec<(u64, Vec<Event>)>,
    pub(super) edited: Vec<(u64, i64)>,
    pub(super) pulls: Vec<Pull>,
    pub(super) branches: Vec<Branch>,
    pub(super) runs: Vec<WorkflowRun>,
    pub(super) commits: Vec<Commit>,
    /// Commits that are ahead of the base, by head.
    pub(super) ahead: Vec<(CommitSha, Vec<CommitSha>)>,
    /// Names of reads that fail.
    pub(super) broken: Vec<&'static str>,
}

impl FakeForge {
    fn check(&self, what: &'static str) -> Result<(), ForgeError> {
        if self.broken.contains(&what) {
            return Err(ForgeError::Unavailable { what: what.into(), message: "broken on purpose".into() });
        }
        Ok(())
    }
}

fn unused<T>() -> Result<T, ForgeError> {
    Err(ForgeError::NotFound { what: "not part of this fake".into() })
}

#[async_trait]
impl ForgeRead for FakeForge {
    async fn repository(&self) -> Result<Repository, ForgeError> {
        unused()
    }
    async fn identity(&self) -> Result<Identity, ForgeError> {
        Ok(us())
    }
    async fn permission(&self, login: &str) -> Result<Option<Permission>, ForgeError> {
        self.check("permission")?;
        Ok(match login {
            "alice" => Some(Permission::Maintain),
            "triager" => Some(Permission::Triage),
            _ => None,
        })
    }
    async fn issues(&self, _state: StateFilter, label: Option<&str>) -> Result<Vec<Issue>, ForgeError> {
        self.check("issues")?;
        let wanted = |issue: &&Issue| issue.open && label.is_none_or(|label| issue.has_label(label));
        Ok(self.issues.iter().filter(wanted).cloned().collect())
    }
    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        self.check("issue")?;
        let found = self.issues.iter().find(|issue| issue.number == number).cloned();
        found.ok_or_else(|| ForgeError::NotFound { what: format!("issue #{number}") })
    }
    async fn comments(&self, _number: u64) -> Result<Vec<Comment>, ForgeError> {
        unused()
    }
    async fn events(&self, number: u64) -> Result<Vec<Event>, ForgeError> {
        self.check("events")?;
        let own = self.events.iter().find(|(issue, _)| *issue == number);
        Ok(own.map_or_else(|| vec![labelled("roadmap", "alice", 5)], |(_, events)| events.clone()))
    }
    async fn edit_history(&self, number: IssueNumber) -> Result<EditHistory, ForgeError> {
        self.check("edit_history")?;
        let edits: Vec<_> = self.edited.iter().filter(|(issue, _)| *issue == number.0).map(|(_, m)| at(*m)).collect();
        Ok(EditHistory { last_edited_at: edits.last().copied(), edits })
    }
    async fn label_names(&self) -> Result<Vec<String>, ForgeError> {
        unused()
    }
    async fn pulls(&self, state: StateFilter) -> Result<Vec<Pull>, ForgeError> {
        self.check("pulls")?;
        Ok(self.pulls.iter().filter(|pull| pull.open || state == StateFilter::All).cloned().collect())
    }
    async fn pulls_of_branch(&self, branch: &BranchName) -> Result<Vec<Pull>, ForgeError> {
        self.check("pulls_of_branch")?;
        Ok(self.pulls.iter().filter(|pull| &pull.head.branch == branch).cloned().collect())
    }
    async fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError> {
        let found = self.pulls.iter().find(|pull| pull.number == number).cloned();
        found.ok_or_else(|| ForgeError::NotFound { what: format!("pull request #{number}") })
    }
    async fn pull_files(&self, _number: PullNumber) -> Result<Listed<ChangedFile>, ForgeError> {
        unused()
    }
    async fn reviews(&self, _number: PullNumber) -> Result<Vec<Review>, ForgeError> {
        unused()
    }
    async fn is_merged(&self, _number: PullNumber) -> Result<bool, ForgeError> {
        unused()
    }
    async fn branch(&self, name: &BranchName) -> Result<Option<Branch>, ForgeError> {
        self.check("branch")?;
        Ok(self.branches.iter().find(|branch| &branch.name == name).cloned())
    }
    async fn branches(&self, prefix: &str) -> Result<Vec<Branch>, ForgeError> {
        self.check("branches")?;
        Ok(self.branches.iter().filter(|branch| branch.name.as_str().starts_with(prefix)).cloned().collect())
    }
    async fn branch_rules(&self, _name: &BranchName) -> Result<BranchRules, ForgeError> {
        unused()
    }
    async fn commit(&self, sha: &CommitSha) -> Result<Commit, ForgeError> {
        let found = self.commits.iter().find(|commit| &commit.sha == sha).cloned();
        found.ok_or_else(|| ForgeError::NotFound { what: "commit".into() })
    }
    async fn compare(&self, base: &CommitSha, head: &CommitSha) -> Result<Comparison, ForgeError> {
        self.check("compare")?;
        let ahead = self.ahead.iter().find(|(own, _)| own == head).map(|(_, list)| list.clone()).unwrap_or_default();
        let items: Vec<Commit> =
            ahead.iter().filter_map(|sha| self.commits.iter().find(|commit| &commit.sha == sha).cloned()).collect();
        Ok(Comparison {
            ahead_by: ahead.len() as u64,
            behind_by: 0,
            merge_base: base.clone(),
            commits: Listed { items, complete: true },
        })
    }
    async fn file(&self, _path: &str, _at: &CommitSha) -> Result<Option<Vec<u8>>, ForgeError> {
        unused()
    }
    async fn check_runs(&self, _sha: &CommitSha) -> Result<Listed<CheckRun>, ForgeError> {
        unused()
    }
    async fn statuses(&self, _sha: &CommitSha) -> Result<Listed<CommitStatus>, ForgeError> {
        unused()
    }
    async fn workflow_runs(&self, _sha: &CommitSha) -> Result<Listed<WorkflowRun>, ForgeError> {
        unused()
    }
    async fn workflow_run(&self, id: u64) -> Result<Option<WorkflowRun>, ForgeError> {
        if self.broken.contains(&"workflow_run") {
            return Err(ForgeError::Denied { what: "read workflow runs".into(), permission: None });
        }
        Ok(self.runs.iter().find(|run| run.id == id).cloned())
    }
    async fn advisory_keys(&self) -> Result<Vec<String>, ForgeError> {
        unused()
    }
}

/// A model that says what it is told, and remembers what it was asked.
pub(super) struct FakeModel {
    replies: Mutex<VecDeque<Result<ChatReply, ModelError>>>,
    pub(super) asked: Mutex<Vec<ChatRequest>>,
    usage: Mutex<Usage>,
}

impl FakeModel {
    pub(super) fn new(replies: Vec<Result<ChatReply, ModelError>>) -> Self {
        Self { replies: Mutex::new(replies.into()), asked: Mutex::default(), usage: Mutex::default() }
    }

    /// One turn a list of calls.
    pub(super) fn calling(turns: Vec<Vec<(&str, serde_json::Value)>>) -> Self {
        Self::new(turns.into_iter().map(|calls| Ok(calls_reply(calls))).collect())
    }

    pub(super) fn left(&self) -> usize {
        self.replies.lock().unwrap().len()
    }
}

pub(super) fn calls_reply(calls: Vec<(&str, serde_json::Value)>) -> ChatReply {
    let call = |(at, (name, arguments)): (usize, (&str, serde_json::Value))| ToolCall {
        id: format!("call-{at}"),
        name: name.into(),
        arguments,
    };
    let tool_calls = calls.into_iter().enumerate().map(call).collect();
    ChatReply { tool_calls, stop: Stop::ToolCalls, ..text_reply("") }
}

pub(super) fn text_reply(text: &str) -> ChatReply {
    ChatReply {
        text: text.into(),
        tool_calls: Vec::new(),
        answer: None,
        stop: Stop::End,
        usage: Usage { requests: 1, input_tokens: 1_000, output_tokens: 100, cached_tokens: 0, cost: Usd(4_500) },
        model: "fake-1".into(),
        notes: Vec::new(),
    }
}

#[async_trait]
impl Model for FakeModel {
    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        self.asked.lock().unwrap().push(request.clone());
        let reply = self.replies.lock().unwrap().pop_front().expect("a reply for every request");
        if let Ok(reply) = &reply {
            *self.usage.lock().unwrap() += reply.usage;
        }
        reply
    }

    fn usage(&self) -> Usage {
        *self.usage.lock().unwrap()
    }
}

/// A pick of this issue, approved by alice in minute 5.
pub(super) fn picked(issue: Issue) -> super::Picked {
    use crate::backlog;
    let labels = crate::config::Labels::default();
    let issues = [issue.clone()];
    let facts = backlog::Facts::new(&labels, &issues, std::collections::BTreeMap::new(), at(600));
    let ranking = backlog::order(&issues, &facts, &crate::config::Config::defaults().backlog.weights, at(600));
    super::Picked {
        branch: backlog::branch_name(&issue),
        spec: issue.spec_digest(),
        candidate: ranking.candidates[0].clone(),
        approved_by: "alice".into(),
        approved_at: at(5),
        ranking,
        skipped: Vec::new(),
        issue,
    }
}

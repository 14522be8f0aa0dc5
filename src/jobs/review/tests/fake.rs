//! A pull request and models for the scenarios, as plain values.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::domain::check::{BranchRules, CheckRun, CommitStatus, WorkflowRun};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullNumber, UserId};
use crate::domain::issue::{Comment, EditHistory, Event, Issue};
use crate::domain::money::{Usage, Usd};
use crate::domain::pull::{ChangedFile, Commit, Comparison, FileStatus, Listed, Pull, PullSide, Review};
use crate::domain::user::{Identity, Permission, TokenKind, User, UserKind};
use crate::ports::forge::{Branch, ForgeError, ForgeRead, Repository, StateFilter};
use crate::ports::model::{ChatReply, ChatRequest, Model, ModelError, Stop};

pub(crate) fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

pub(crate) fn identity() -> Identity {
    let user = User { id: UserId(99), login: "autonomy[bot]".into(), kind: UserKind::Bot };
    Identity { user, token: TokenKind::App }
}

/// One repository with one pull request. Everything that a review must not need is refused.
pub(crate) struct FakeForge {
    pub(crate) repository: Repository,
    /// Answers to successive reads of the pull request; the last one stays.
    pub(crate) pulls: Mutex<VecDeque<Pull>>,
    pub(crate) files: Listed<ChangedFile>,
    /// Contents by path, at the merge base and at the head.
    pub(crate) blobs: BTreeMap<(String, CommitSha), Vec<u8>>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) labels: Vec<String>,
    pub(crate) advisories: Result<Vec<String>, ForgeError>,
}

impl FakeForge {
    /// A private repository and an automated pull request that adds three lines.
    pub(crate) fn new() -> Self {
        let at = "2026-03-01T00:00:00Z".parse().unwrap();
        let side = |branch: &str, sha: CommitSha| PullSide { branch: branch.parse().unwrap(), sha, repo_id: Some(1) };
        let pull = Pull {
            number: PullNumber(7),
            title: "feat: add login".into(),
            body: "Fixes #3".into(),
            open: true,
            merged: false,
            draft: false,
            locked: false,
            author: Some(identity().user),
            head: side("automated/3-add-login", sha('a')),
            base: side("main", sha('b')),
            labels: vec!["automated".into()],
            mergeable: None,
            auto_merge: false,
            merge_commit: None,
            created_at: at,
            updated_at: at,
            url: "https://github.com/acme/web/pull/7".into(),
        };
        Self {
            repository: Repository {
                id: 1,
                default_branch: "main".parse().unwrap(),
                private: true,
                archived: false,
                has_issues: true,
                url: "https://github.com/acme/web".into(),
            },
            pulls: Mutex::new(VecDeque::from([pull])),
            files: Listed {
                items: vec![patched("src/login.rs", "@@ -0,0 +1,3 @@\n+fn login(name: &str) {\n+    run(name);\n+}")],
                complete: true,
            },
            blobs: BTreeMap::new(),
            issues: Vec::new(),
            labels: [
                "agent-suggestion",
                "needs-approval",
                "severity-critical",
                "severity-high",
                "severity-medium",
                "security",
            ]
            .map(str::to_owned)
            .to_vec(),
            advisories: Ok(Vec::new()),
        }
    }

    pub(crate) fn edit_pull(&self, edit: impl FnOnce(&mut Pull)) {
        edit(self.pulls.lock().unwrap().front_mut().unwrap());
    }

    /// An issue by us with this body.
    pub(crate) fn issue(body: &str, author: User) -> Issue {
        let at = "2026-03-01T00:00:00Z".parse().unwrap();
        Issue {
            number: IssueNumber(20),
            title: "old".into(),
            body: body.into(),
            open: false,
            author: Some(author),
            labels: vec!["agent-suggestion".into()],
            assignees: Vec::new(),
            milestone: None,
            open_blockers: None,
            locked: false,
            created_at: at,
            updated_at: at,
            url: String::new(),
        }
    }
}

/// A modified or added file with GitHub's patch.
pub(crate) fn patched(path: &str, patch: &str) -> ChangedFile {
    let count = |sign: &str| patch.lines().filter(|line| line.starts_with(sign)).count() as u64;
    ChangedFile {
        path: path.into(),
        previous_path: None,
        status: FileStatus::Added,
        additions: count("+"),
        deletions: count("-"),
        patch: Some(patch.into()),
        blob: None,
    }
}

fn not_needed<T>() -> Result<T, ForgeError> {
    Err(ForgeError::NotFound { what: "what a review must not read".into() })
}

#[async_trait]
impl ForgeRead for FakeForge {
    async fn repository(&self) -> Result<Repository, ForgeError> {
        Ok(self.repository.clone())
    }
    async fn identity(&self) -> Result<Identity, ForgeError> {
        not_needed()
    }
    async fn permission(&self, _: &str) -> Result<Option<Permission>, ForgeError> {
        not_needed()
    }
    async fn issues(&self, state: StateFilter, _: Option<&str>) -> Result<Vec<Issue>, ForgeError> {
        assert_eq!(state, StateFilter::All, "a rejected finding is a closed issue");
        Ok(self.issues.clone())
    }
    async fn issue(&self, _: IssueNumber) -> Result<Issue, ForgeError> {
        not_needed()
    }
    async fn comments(&self, _: u64) -> Result<Vec<Comment>, ForgeError> {
        not_needed()
    }
    async fn events(&self, _: u64) -> Result<Vec<Event>, ForgeError> {
        not_needed()
    }
    async fn edit_history(&self, _: IssueNumber) -> Result<EditHistory, ForgeError> {
        not_needed()
    }
    async fn label_names(&self) -> Result<Vec<String>, ForgeError> {
        Ok(self.labels.clone())
    }
    async fn pulls(&self, _: StateFilter) -> Result<Vec<Pull>, ForgeError> {
        not_needed()
    }
    async fn pulls_of_branch(&self, _: &BranchName) -> Result<Vec<Pull>, ForgeError> {
        not_needed()
    }
    async fn pull(&self, _: PullNumber) -> Result<Pull, ForgeError> {
        let mut pulls = self.pulls.lock().unwrap();
        let next = pulls.pop_front().unwrap();
        if pulls.is_empty() {
            pulls.push_back(next.clone());
        }
        Ok(next)
    }
    async fn pull_files(&self, _: PullNumber) -> Result<Listed<ChangedFile>, ForgeError> {
        Ok(self.files.clone())
    }
    async fn reviews(&self, _: PullNumber) -> Result<Vec<Review>, ForgeError> {
        not_needed()
    }
    async fn is_merged(&self, _: PullNumber) -> Result<bool, ForgeError> {
        not_needed()
    }
    async fn branch(&self, _: &BranchName) -> Result<Option<Branch>, ForgeError> {
        not_needed()
    }
    async fn branches(&self, _: &str) -> Result<Vec<Branch>, ForgeError> {
        not_needed()
    }
    async fn branch_rules(&self, _: &BranchName) -> Result<BranchRules, ForgeError> {
        not_needed()
    }
    async fn commit(&self, _: &CommitSha) -> Result<Commit, ForgeError> {
        not_needed()
    }
    async fn compare(&self, _: &CommitSha, _: &CommitSha) -> Result<Comparison, ForgeError> {
        let commits = Listed { items: Vec::new(), complete: true };
        Ok(Comparison { ahead_by: 1, behind_by: 0, merge_base: sha('c'), commits })
    }
    async fn file(&self, path: &str, at: &CommitSha) -> Result<Option<Vec<u8>>, ForgeError> {
        Ok(self.blobs.get(&(path.to_owned(), at.clone())).cloned())
    }
    async fn check_runs(&self, _: &CommitSha) -> Result<Listed<CheckRun>, ForgeError> {
        not_needed()
    }
    async fn statuses(&self, _: &CommitSha) -> Result<Listed<CommitStatus>, ForgeError> {
        not_needed()
    }
    async fn workflow_runs(&self, _: &CommitSha) -> Result<Listed<WorkflowRun>, ForgeError> {
        not_needed()
    }
    async fn workflow_run(&self, _: u64) -> Result<Option<WorkflowRun>, ForgeError> {
        not_needed()
    }
    async fn advisory_keys(&self) -> Result<Vec<String>, ForgeError> {
        self.advisories.clone()
    }
}

/// Gives its answers in order (the last one stays) and remembers what it was asked.
pub(crate) struct FakeModel {
    answers: Mutex<VecDeque<Result<Value, ModelError>>>,
    pub(crate) asked: Mutex<Vec<ChatRequest>>,
}

impl FakeModel {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<Value, ModelError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// Finds nothing, as often as it is asked.
    pub(crate) fn content() -> Self {
        Self::new([Ok(answer(95, json!([])))])
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub(crate) fn answer(score: u64, findings: Value) -> Value {
    let mut answer = json!({"summary": "Adds a login.", "score": score});
    answer["findings"] = findings;
    answer
}

pub(crate) fn finding(severity: &str, title: &str, quote: &str) -> Value {
    json!({"title": title, "severity": severity, "category": "injection", "path": "src/login.rs", "line": 2, "end_line": null,
        "quote": quote, "explanation": "The name reaches a shell.", "suggestion": "Pass it as an argument.", "confidence": 0.9})
}

#[async_trait]
impl Model for FakeModel {
    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        self.asked.lock().unwrap().push(request.clone());
        let mut answers = self.answers.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().cloned().unwrap() };
        next.map(|answer| ChatReply {
            text: String::new(),
            tool_calls: Vec::new(),
            answer: Some(answer),
            stop: Stop::End,
            usage: Usage::default(),
            model: "model-1".into(),
            notes: Vec::new(),
        })
    }

    fn usage(&self) -> Usage {
        let requests = self.asked() as u64;
        Usage {
            requests,
            input_tokens: 100 * requests,
            output_tokens: 10 * requests,
            cached_tokens: 0,
            cost: Usd(1_500 * requests),
        }
    }
}

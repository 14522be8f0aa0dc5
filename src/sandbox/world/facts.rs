//! What tests read: plain values.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::World;
use crate::sandbox::moves::{checks, pulls};
use crate::sandbox::render;
use crate::sandbox::state::{CheckRun, Comment, Issue, State};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueFact {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub open: bool,
    pub state_reason: Option<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub locked: bool,
    pub is_pull: bool,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFact {
    pub number: u64,
    pub title: String,
    pub body: String,
    pub author: String,
    pub open: bool,
    pub draft: bool,
    pub merged: bool,
    pub merged_by: Option<String>,
    pub merge_commit: Option<String>,
    pub head_ref: String,
    pub head_sha: String,
    pub base_ref: String,
    pub labels: Vec<String>,
    /// The paths of the changed files.
    pub files: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentFact {
    pub id: u64,
    pub issue: u64,
    pub author: String,
    pub body: String,
    pub edits: usize,
    pub minimized: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFact {
    pub id: u64,
    pub name: String,
    pub app: u64,
    pub sha: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub external_id: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFact {
    pub context: String,
    pub state: String,
    pub description: Option<String>,
    pub creator: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewFact {
    pub id: u64,
    pub pull: u64,
    pub author: String,
    /// GitHub's word: `COMMENTED`, `APPROVED`, `CHANGES_REQUESTED`, `DISMISSED`, `PENDING`.
    pub state: String,
    pub body: String,
    pub commit: Option<String>,
}

fn login(state: &State, id: u64) -> String {
    state.people.account(id).map_or_else(String::new, |account| account.login.clone())
}

fn label_names(state: &State, issue: &Issue) -> Vec<String> {
    let name = |id: &u64| state.labels.iter().find(|label| label.id == *id).map(|label| label.name.clone());
    issue.labels.iter().filter_map(name).collect()
}

fn issue_fact(state: &State, issue: &Issue) -> IssueFact {
    IssueFact {
        number: issue.number,
        title: issue.title.clone(),
        body: issue.body.clone().unwrap_or_default(),
        author: login(state, issue.author.user),
        open: issue.open,
        state_reason: issue.state_reason.clone(),
        labels: label_names(state, issue),
        assignees: issue.assignees.iter().map(|id| login(state, *id)).collect(),
        locked: issue.lock.is_some(),
        is_pull: state.pulls.contains_key(&issue.number),
        updated_at: issue.updated_at,
    }
}

fn comment_fact(state: &State, comment: &Comment) -> CommentFact {
    CommentFact {
        id: comment.id,
        issue: comment.issue,
        author: login(state, comment.author.user),
        body: comment.body.clone(),
        edits: comment.edits.len().saturating_sub(1),
        minimized: comment.minimized.is_some(),
    }
}

fn check_fact(run: &CheckRun) -> CheckFact {
    CheckFact {
        id: run.id,
        name: run.name.clone(),
        app: run.app,
        sha: run.head_sha.clone(),
        status: run.status.clone(),
        conclusion: run.conclusion.clone(),
        external_id: run.external_id.clone(),
        title: run.output.title.clone(),
        summary: run.output.summary.clone(),
        text: run.output.text.clone(),
    }
}

impl World {
    /// Issues without pull requests, by number.
    pub fn issues(&self) -> Vec<IssueFact> {
        let state = self.state();
        let issues = state.issues.values().filter(|issue| !state.pulls.contains_key(&issue.number));
        issues.map(|issue| issue_fact(&state, issue)).collect()
    }

    /// An issue or the issue side of a pull request.
    pub fn issue(&self, number: u64) -> Option<IssueFact> {
        let state = self.state();
        state.issues.get(&number).map(|issue| issue_fact(&state, issue))
    }

    pub fn pulls(&self) -> Vec<PullFact> {
        let state = self.state();
        let fact = |pull: &crate::sandbox::state::Pull| {
            let issue = state.issues.get(&pull.number)?;
            let files = pulls::files(&state, pull).unwrap_or_default();
            Some(PullFact {
                number: pull.number,
                title: issue.title.clone(),
                body: issue.body.clone().unwrap_or_default(),
                author: login(&state, issue.author.user),
                open: issue.open,
                draft: pull.draft,
                merged: pull.merged_at.is_some(),
                merged_by: pull.merged_by.map(|id| login(&state, id)),
                merge_commit: pull.merge_commit.clone(),
                head_ref: pull.head_ref.clone(),
                head_sha: pull.head_sha.clone(),
                base_ref: pull.base_ref.clone(),
                labels: label_names(&state, issue),
                files: files.into_iter().map(|file| file.path).collect(),
            })
        };
        state.pulls.values().filter_map(fact).collect()
    }

    pub fn pull(&self, number: u64) -> Option<PullFact> {
        self.pulls().into_iter().find(|pull| pull.number == number)
    }

    /// The comments of an issue or a pull request, oldest first.
    pub fn comments(&self, issue: u64) -> Vec<CommentFact> {
        let state = self.state();
        let found = state.comments.values().filter(|comment| comment.issue == issue);
        found.map(|comment| comment_fact(&state, comment)).collect()
    }

    /// The body of a review comment and its path and line, oldest first.
    pub fn review_comments(&self, pull: u64) -> Vec<(String, Option<u64>, String)> {
        let state = self.state();
        let found = state.review_comments.iter().filter(|comment| comment.pull == pull);
        found.map(|comment| (comment.hunk.path.clone(), comment.hunk.line, comment.body.clone())).collect()
    }

    pub fn reviews(&self, pull: u64) -> Vec<ReviewFact> {
        let state = self.state();
        let found = state.reviews.iter().filter(|review| review.pull == pull);
        found
            .map(|review| ReviewFact {
                id: review.id,
                pull: review.pull,
                author: login(&state, review.author.user),
                state: review.state.name().to_owned(),
                body: review.body.clone(),
                commit: review.commit.clone(),
            })
            .collect()
    }

    /// All check runs on a commit, oldest first.
    pub fn check_runs(&self, sha: &str) -> Vec<CheckFact> {
        self.state().check_runs.iter().filter(|run| run.head_sha == sha).map(check_fact).collect()
    }

    /// The newest status per context, newest first.
    pub fn statuses(&self, sha: &str) -> Vec<StatusFact> {
        let state = self.state();
        let found = checks::latest_statuses(&state, sha);
        found
            .into_iter()
            .map(|status| StatusFact {
                context: status.context.clone(),
                state: status.state.clone(),
                description: status.description.clone(),
                creator: login(&state, status.creator),
            })
            .collect()
    }

    /// Workflow runs as (path, event, head SHA), oldest first.
    pub fn workflow_runs(&self) -> Vec<(String, String, String)> {
        let state = self.state();
        state.runs.iter().map(|run| (run.path.clone(), run.event.clone(), run.head_sha.clone())).collect()
    }

    /// Events of an issue as (word, actor), oldest first.
    pub fn events(&self, issue: u64) -> Vec<(String, String)> {
        let state = self.state();
        let found = state.events.iter().filter(|event| event.issue == issue);
        found.map(|event| (event.kind.name().to_owned(), login(&state, event.actor.user))).collect()
    }

    /// Security advisories, as the API shows them.
    pub fn advisories(&self) -> Vec<Value> {
        let state = self.state();
        state.advisories.iter().map(|advisory| render::advisory(&state, advisory)).collect()
    }

    /// Branches with their commits, by name.
    pub fn branches(&self) -> Vec<(String, String)> {
        let all = self.state().git.refs("refs/heads/");
        all.into_iter().filter_map(|(full, sha)| Some((full.strip_prefix("refs/heads/")?.to_owned(), sha))).collect()
    }

    pub fn branch(&self, name: &str) -> Option<String> {
        self.state().git.branch(name)
    }

    pub fn default_branch(&self) -> String {
        self.state().repo.default_branch.clone()
    }

    pub fn commit_message(&self, sha: &str) -> Option<String> {
        self.state().git.commit(sha).ok().map(|commit| commit.message)
    }

    pub fn commit_parents(&self, sha: &str) -> Vec<String> {
        self.state().git.commit(sha).map(|commit| commit.parents).unwrap_or_default()
    }

    /// The tree of a commit.
    pub fn commit_tree(&self, sha: &str) -> Option<String> {
        self.state().git.commit(sha).ok().map(|commit| commit.tree)
    }

    /// The content of a file at a branch or commit; bytes that are not UTF-8 are replaced.
    pub fn file(&self, at: &str, path: &str) -> Option<String> {
        let state = self.state();
        let sha = state.git.resolve(at)?;
        state.git.file(&sha, path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The paths of all files at a branch or commit.
    pub fn paths(&self, at: &str) -> Vec<String> {
        let state = self.state();
        let Some(sha) = state.git.resolve(at) else { return Vec::new() };
        let entries = state.git.tree(&sha, true).unwrap_or_default();
        entries.into_iter().filter(|entry| entry.kind == "blob").map(|entry| entry.path).collect()
    }

    /// The commits that a branch or commit reaches, newest first.
    pub fn log(&self, at: &str) -> Vec<String> {
        let state = self.state();
        let sha = state.git.resolve(at);
        sha.and_then(|sha| state.git.log(&sha, None, 1000).ok()).unwrap_or_default()
    }
}

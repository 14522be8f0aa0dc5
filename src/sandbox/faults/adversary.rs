//! Steps of an adversary, or of any other person: what happens in the world between two of our requests.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::subject;
use crate::sandbox::World;
use crate::sandbox::git::NewCommit;
use crate::sandbox::moves::{checks, issues, pulls, refs, reviews};
use crate::sandbox::people::{ACTIONS_APP, Actor, login};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{CheckRun, Output, ReviewState, Ruleset, State};

/// One step. A step whose subject does not exist yet is skipped, so that a sweep can place any step anywhere.
///
/// Issues and pull requests are named by number; without one the newest open one is meant, and without a branch the head
/// of the newest open pull request (or the default branch when there is none). `by` is a login, by default `writer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Move {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Push>,
    /// Pushes to the default branch, so that every base moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub move_base: Option<Push>,
    /// Adds a workflow file with one job of this name to a branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_workflow: Option<AddWorkflow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_branch: Option<OfBranch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Labelling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlabel: Option<Labelling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_issue: Option<EditIssue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<OfIssue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign: Option<OfIssue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Commenting>,
    /// Edits the newest comment on the issue, or the newest that contains a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_comment: Option<Commenting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Reviewing>,
    /// Dismisses the newest review that approved or asked for changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismiss: Option<OfPull>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<OfPull>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retarget: Option<OfPull>,
    /// A completed check run on the head of a pull request; a failure unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Checking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Checking>,
    /// Adds a ruleset that requires checks of these names on the default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_checks: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    pub branch: Option<String>,
    /// Contents by path; null deletes. One file changes when it is empty.
    pub files: BTreeMap<String, Option<String>>,
    pub message: Option<String>,
    /// Replaces the branch's last commit instead of adding one.
    pub force: bool,
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AddWorkflow {
    pub job: String,
    pub branch: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfBranch {
    pub branch: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Labelling {
    pub label: String,
    pub issue: Option<u64>,
    /// The newest open pull request instead of an issue.
    #[serde(default)]
    pub on_pull: bool,
    pub by: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EditIssue {
    pub issue: Option<u64>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfIssue {
    pub issue: Option<u64>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Commenting {
    pub body: String,
    pub issue: Option<u64>,
    /// The newest open pull request instead of an issue.
    #[serde(default)]
    pub on_pull: bool,
    pub containing: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewing {
    pub verdict: Verdict,
    pub pull: Option<u64>,
    #[serde(default)]
    pub body: String,
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    RequestChanges,
    Comment,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfPull {
    pub pull: Option<u64>,
    /// The new base, for `retarget`.
    pub base: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checking {
    pub name: String,
    pub pull: Option<u64>,
    /// A conclusion (`success`, `failure`, …) or, for a status, its state.
    pub result: Option<String>,
    pub app: Option<u64>,
    pub by: Option<String>,
}

/// What came of a step, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Done(String),
    /// Its subject does not exist (yet), or GitHub refuses the step.
    Skipped(String),
}

impl Move {
    /// Takes the step. Nothing of it is a request: it is neither counted nor recorded.
    pub fn perform(&self, world: &World) -> Done {
        let mut state = world.state();
        match perform(&mut state, self) {
            Ok(words) => Done::Done(words),
            Err(error) => Done::Skipped(format!("{error:#}")),
        }
    }
}

fn perform(state: &mut State, step: &Move) -> anyhow::Result<String> {
    let mut words = Vec::new();
    if let Some(push) = &step.push {
        words.push(pushed(state, push, false)?);
    }
    if let Some(push) = &step.move_base {
        words.push(pushed(state, push, true)?);
    }
    if let Some(add) = &step.add_workflow {
        let job = &add.job;
        let text = format!(
            "name: {job}\non: [push, pull_request]\njobs:\n  {job}:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n"
        );
        let files = BTreeMap::from([(format!(".github/workflows/{job}.yml"), Some(text))]);
        let push = Push { branch: add.branch.clone(), files, by: add.by.clone(), ..Push::default() };
        words.push(pushed(state, &push, false)?);
    }
    if let Some(of) = &step.delete_branch {
        let (actor, branch) = (actor(state, of.by.as_deref())?, subject::branch(state, of.branch.as_deref()));
        refs::delete(state, actor, &format!("refs/heads/{branch}")).map_err(Refusal::into_error)?;
        words.push(format!("deleted {branch}"));
    }
    for (labelling, on) in [(&step.label, true), (&step.unlabel, false)] {
        if let Some(l) = labelling {
            let number = subject::number(state, l.issue, l.on_pull)?;
            let actor = actor(state, l.by.as_deref())?;
            if on {
                issues::label(state, actor, number, &l.label);
            } else {
                anyhow::ensure!(issues::unlabel(state, actor, number, &l.label), "#{number} has no label {}", l.label);
            }
            words.push(format!("{} #{number} {}", if on { "labelled" } else { "unlabelled" }, l.label));
        }
    }
    talk(state, step, &mut words)?;
    pull_steps(state, step, &mut words)?;
    if let Some(names) = &step.require_checks {
        words.push(require_checks(state, names));
    }
    anyhow::ensure!(!words.is_empty(), "the step says nothing");
    Ok(words.join(", "))
}

fn actor(state: &State, by: Option<&str>) -> anyhow::Result<Actor> {
    let by = by.unwrap_or(login::WRITER);
    state.people.actor(by).with_context(|| format!("there is no account {by}"))
}

fn pushed(state: &mut State, push: &Push, base: bool) -> anyhow::Result<String> {
    let actor = actor(state, push.by.as_deref())?;
    let default = state.repo.default_branch.clone();
    let branch = if base { default } else { subject::branch(state, push.branch.as_deref()) };
    let full = format!("refs/heads/{branch}");
    let head = state.git.ref_sha(&full).with_context(|| format!("there is no branch {branch}"))?;
    let commit = state.git.commit(&head)?;
    let author = state.signature(actor);
    let mut files = push.files.clone();
    if files.is_empty() {
        files.insert("ADVERSARY.md".to_owned(), Some(format!("Pushed at {}\n", author.seconds)));
    }
    let mut changes = Vec::new();
    for (path, content) in &files {
        let blob = content.as_ref().map(|text| state.git.write_blob(text.as_bytes())).transpose()?;
        changes.push((path.clone(), blob.map(|sha| ("100644".to_owned(), sha))));
    }
    let tree = state.git.write_tree(Some(&commit.tree), &changes)?;
    let parents = if push.force { commit.parents } else { vec![head] };
    let message = push.message.as_deref().unwrap_or("A change by somebody else\n");
    let new = NewCommit { tree: &tree, parents: &parents, message, author: author.clone(), committer: author };
    let sha = state.git.write_commit(&new)?;
    refs::update(state, actor, &full, &sha, push.force).map_err(Refusal::into_error)?;
    Ok(format!("pushed {sha} to {branch}"))
}

fn talk(state: &mut State, step: &Move, words: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(edit) = &step.edit_issue {
        let number = subject::number(state, edit.issue, false)?;
        let actor = actor(state, edit.by.as_deref())?;
        if let Some(title) = &edit.title {
            issues::rename(state, actor, number, title);
        }
        if let Some(body) = &edit.body {
            issues::set_body(state, actor, number, Some(body));
        }
        words.push(format!("edited #{number}"));
    }
    if let Some(of) = &step.close {
        let number = subject::number(state, of.issue, false)?;
        let actor = actor(state, of.by.as_deref())?;
        issues::close(state, actor, number, Some("not_planned"), None);
        words.push(format!("closed #{number}"));
    }
    if let Some(of) = &step.assign {
        let number = subject::number(state, of.issue, false)?;
        let actor = actor(state, of.by.as_deref())?;
        let login = of.by.clone().unwrap_or_else(|| login::WRITER.to_owned());
        issues::assign(state, actor, number, &[login], true);
        words.push(format!("assigned #{number}"));
    }
    if let Some(c) = &step.comment {
        let number = subject::number(state, c.issue, c.on_pull)?;
        let actor = actor(state, c.by.as_deref())?;
        let id = issues::comment(state, actor, number, &c.body);
        words.push(format!("commented {id} on #{number}"));
    }
    if let Some(c) = &step.edit_comment {
        let number = subject::number(state, c.issue, c.on_pull)?;
        let actor = actor(state, c.by.as_deref())?;
        let fits = |text: &str| c.containing.as_ref().is_none_or(|part| text.contains(part.as_str()));
        let newest = state.comments.values().rev().find(|known| known.issue == number && fits(&known.body));
        let id = newest.map(|known| known.id).with_context(|| format!("#{number} has no such comment"))?;
        issues::edit_comment(state, actor, id, &c.body);
        words.push(format!("edited comment {id} on #{number}"));
    }
    Ok(())
}

fn pull_steps(state: &mut State, step: &Move, words: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(review) = &step.review {
        let number = subject::pull(state, review.pull)?;
        let actor = actor(state, review.by.as_deref())?;
        let verdict = match review.verdict {
            Verdict::Approve => ReviewState::Approved,
            Verdict::RequestChanges => ReviewState::ChangesRequested,
            Verdict::Comment => ReviewState::Commented,
        };
        reviews::submit(state, actor, number, verdict, &review.body, None).map_err(Refusal::into_error)?;
        words.push(format!("reviewed #{number}"));
    }
    if let Some(of) = &step.dismiss {
        let number = subject::pull(state, of.pull)?;
        let actor = actor(state, of.by.as_deref())?;
        let live = |state: ReviewState| matches!(state, ReviewState::Approved | ReviewState::ChangesRequested);
        let newest = state.reviews.iter().rev().find(|review| review.pull == number && live(review.state));
        let id = newest.map(|review| review.id).with_context(|| format!("#{number} has no review to dismiss"))?;
        reviews::dismiss(state, actor, id, Some("no longer valid")).map_err(Refusal::into_error)?;
        words.push(format!("dismissed review {id} of #{number}"));
    }
    if let Some(of) = &step.draft {
        let number = subject::pull(state, of.pull)?;
        let actor = actor(state, of.by.as_deref())?;
        pulls::set_draft(state, actor, number, true);
        words.push(format!("made #{number} a draft"));
    }
    if let Some(of) = &step.retarget {
        let number = subject::pull(state, of.pull)?;
        let actor = actor(state, of.by.as_deref())?;
        let base = of.base.as_deref().context("`retarget` needs a base")?;
        pulls::retarget(state, actor, number, base).map_err(Refusal::into_error)?;
        words.push(format!("retargeted #{number} to {base}"));
    }
    if let Some(check) = &step.check {
        let (number, sha) = subject::head(state, check.pull)?;
        let result = check.result.as_deref().unwrap_or("failure");
        checked(state, &sha, &check.name, result, check.app.unwrap_or(ACTIONS_APP));
        words.push(format!("check {} of #{number} is {result}", check.name));
    }
    if let Some(status) = &step.status {
        let (number, sha) = subject::head(state, status.pull)?;
        let actor = actor(state, status.by.as_deref())?;
        let result = status.result.as_deref().unwrap_or("failure");
        checks::status(state, actor, &sha, &status.name, result, None, None);
        words.push(format!("status {} of #{number} is {result}", status.name));
    }
    Ok(())
}

/// Adds a completed check run of an App, in a suite of its own.
fn checked(state: &mut State, sha: &str, name: &str, conclusion: &str, app: u64) {
    let (id, suite, now) = (state.id(), checks::suite_for(state, app, sha), state.now());
    let run = CheckRun {
        id,
        suite,
        app,
        name: name.to_owned(),
        head_sha: sha.to_owned(),
        external_id: None,
        details_url: None,
        status: "completed".to_owned(),
        conclusion: Some(conclusion.to_owned()),
        started_at: Some(now),
        completed_at: Some(now),
        output: Output::default(),
        planned: None,
    };
    checks::add(state, run);
}

fn require_checks(state: &mut State, names: &[String]) -> String {
    let (id, created_at) = (state.id(), state.now());
    let checks: Vec<_> = names.iter().map(|name| serde_json::json!({"context": name})).collect();
    let rule = serde_json::json!({"type": "required_status_checks", "parameters": {
        "required_status_checks": checks, "strict_required_status_checks_policy": false}});
    state.rulesets.push(Ruleset {
        id,
        name: "required checks".to_owned(),
        include: vec!["~DEFAULT_BRANCH".to_owned()],
        rules: vec![rule],
        bypass_actors: Vec::new(),
        active: true,
        created_at,
    });
    format!("requires {}", names.join(", "))
}

//! Steps of an adversary, or of any other person: what happens in the world between two of our requests.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::subject;
use crate::sandbox::people::{ACTIONS_APP, login};
use crate::sandbox::{World, world};

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
    /// Makes a branch at the tip of the default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_branch: Option<OfBranch>,
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
        match perform(world, self) {
            Ok(words) => Done::Done(words),
            Err(error) => Done::Skipped(format!("{error:#}")),
        }
    }
}

fn perform(world: &World, step: &Move) -> anyhow::Result<String> {
    let mut words = Vec::new();
    branches(world, step, &mut words)?;
    talk(world, step, &mut words)?;
    judge(world, step, &mut words)?;
    if let Some(names) = &step.require_checks {
        let checks: Vec<_> = names.iter().map(|name| json!({"context": name})).collect();
        let parameters = json!({"required_status_checks": checks, "strict_required_status_checks_policy": false});
        let rule = json!({"type": "required_status_checks", "parameters": parameters});
        world.add_ruleset("required checks", &["~DEFAULT_BRANCH"], vec![rule], Vec::new());
        words.push(format!("requires {}", names.join(", ")));
    }
    anyhow::ensure!(!words.is_empty(), "the step says nothing");
    Ok(words.join(", "))
}

fn who(by: Option<&String>) -> &str {
    by.map_or(login::WRITER, String::as_str)
}

fn branches(world: &World, step: &Move, words: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(push) = &step.push {
        words.push(pushed(world, push, &subject::branch(world, push.branch.as_deref()))?);
    }
    if let Some(push) = &step.move_base {
        words.push(pushed(world, push, &world.default_branch())?);
    }
    if let Some(add) = &step.add_workflow {
        let job = &add.job;
        let text = format!(
            "name: {job}\non: [push, pull_request]\njobs:\n  {job}:\n    runs-on: ubuntu-latest\n    steps:\n      - run: 'true'\n"
        );
        let files = BTreeMap::from([(format!(".github/workflows/{job}.yml"), Some(text))]);
        let push = Push { files, by: add.by.clone(), ..Push::default() };
        words.push(pushed(world, &push, &subject::branch(world, add.branch.as_deref()))?);
    }
    if let Some(of) = &step.create_branch {
        let branch = subject::branch(world, of.branch.as_deref());
        world.create_branch(who(of.by.as_ref()), &branch, &world.default_branch())?;
        words.push(format!("created {branch}"));
    }
    if let Some(of) = &step.delete_branch {
        let branch = subject::branch(world, of.branch.as_deref());
        world.delete_branch(who(of.by.as_ref()), &branch)?;
        words.push(format!("deleted {branch}"));
    }
    Ok(())
}

fn pushed(world: &World, push: &Push, branch: &str) -> anyhow::Result<String> {
    let head = world.branch(branch).with_context(|| format!("there is no branch {branch}"))?;
    let mut files: Vec<(&str, Option<&str>)> =
        push.files.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
    // What the branch has makes the text differ from push to push.
    let text = format!("Pushed on top of {head}\n");
    if files.is_empty() {
        files.push(("ADVERSARY.md", Some(&text)));
    }
    let message = push.message.as_deref().unwrap_or("A change by somebody else\n");
    let sha = if push.force {
        let base = world.commit_parents(&head).into_iter().next().unwrap_or(head);
        world.force_push(who(push.by.as_ref()), branch, &base, &files, message)?
    } else {
        world.push(who(push.by.as_ref()), branch, &files, message)?
    };
    Ok(format!("pushed {sha} to {branch}"))
}

fn talk(world: &World, step: &Move, words: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(l) = &step.label {
        let number = subject::number(world, l.issue, l.on_pull)?;
        world.label(who(l.by.as_ref()), number, &l.label)?;
        words.push(format!("labelled #{number} {}", l.label));
    }
    if let Some(l) = &step.unlabel {
        let number = subject::number(world, l.issue, l.on_pull)?;
        world.unlabel(who(l.by.as_ref()), number, &l.label)?;
        words.push(format!("unlabelled #{number} {}", l.label));
    }
    if let Some(edit) = &step.edit_issue {
        let number = subject::number(world, edit.issue, false)?;
        world.edit_issue(who(edit.by.as_ref()), number, edit.title.as_deref(), edit.body.as_deref())?;
        words.push(format!("edited #{number}"));
    }
    if let Some(of) = &step.close {
        let number = subject::number(world, of.issue, false)?;
        world.close_issue(who(of.by.as_ref()), number, "not_planned")?;
        words.push(format!("closed #{number}"));
    }
    if let Some(of) = &step.assign {
        let number = subject::number(world, of.issue, false)?;
        world.assign(who(of.by.as_ref()), number, who(of.by.as_ref()))?;
        words.push(format!("assigned #{number}"));
    }
    if let Some(c) = &step.comment {
        let number = subject::number(world, c.issue, c.on_pull)?;
        let id = world.comment(who(c.by.as_ref()), number, &c.body)?;
        words.push(format!("commented {id} on #{number}"));
    }
    if let Some(c) = &step.edit_comment {
        let number = subject::number(world, c.issue, c.on_pull)?;
        let fits = |text: &str| c.containing.as_ref().is_none_or(|part| text.contains(part.as_str()));
        let newest = world.comments(number).into_iter().filter(|known| fits(&known.body)).max_by_key(|known| known.id);
        let id = newest.with_context(|| format!("#{number} has no such comment"))?.id;
        world.edit_comment(who(c.by.as_ref()), id, &c.body)?;
        words.push(format!("edited comment {id} on #{number}"));
    }
    Ok(())
}

fn judge(world: &World, step: &Move, words: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(review) = &step.review {
        let pull = subject::pull(world, review.pull)?;
        let verdict = match review.verdict {
            Verdict::Approve => world::Verdict::Approve,
            Verdict::RequestChanges => world::Verdict::RequestChanges,
            Verdict::Comment => world::Verdict::Comment,
        };
        world.review(who(review.by.as_ref()), pull.number, verdict, &review.body, None)?;
        words.push(format!("reviewed #{}", pull.number));
    }
    if let Some(of) = &step.dismiss {
        let number = subject::pull(world, of.pull)?.number;
        let live = |state: &str| matches!(state, "APPROVED" | "CHANGES_REQUESTED");
        let newest = world.reviews(number).into_iter().rfind(|review| live(&review.state));
        let id = newest.with_context(|| format!("#{number} has no review to dismiss"))?.id;
        world.dismiss(who(of.by.as_ref()), id, "no longer valid")?;
        words.push(format!("dismissed review {id} of #{number}"));
    }
    if let Some(of) = &step.draft {
        let number = subject::pull(world, of.pull)?.number;
        world.set_draft(who(of.by.as_ref()), number, true)?;
        words.push(format!("made #{number} a draft"));
    }
    if let Some(of) = &step.retarget {
        let number = subject::pull(world, of.pull)?.number;
        let base = of.base.as_deref().context("`retarget` needs a base")?;
        world.retarget(who(of.by.as_ref()), number, base)?;
        words.push(format!("retargeted #{number} to {base}"));
    }
    if let Some(check) = &step.check {
        let pull = subject::pull(world, check.pull)?;
        let result = check.result.as_deref().unwrap_or("failure");
        world.check_run(&pull.head_sha, &check.name, Some(result), check.app.unwrap_or(ACTIONS_APP));
        words.push(format!("check {} of #{} is {result}", check.name, pull.number));
    }
    if let Some(status) = &step.status {
        let pull = subject::pull(world, status.pull)?;
        let result = status.result.as_deref().unwrap_or("failure");
        world.status(who(status.by.as_ref()), &pull.head_sha, &status.name, result)?;
        words.push(format!("status {} of #{} is {result}", status.name, pull.number));
    }
    Ok(())
}

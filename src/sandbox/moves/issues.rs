//! Issues, labels, comments: created, edited, closed, with events and edit history.

use chrono::{DateTime, Utc};

use super::closing;
use crate::sandbox::people::Actor;
use crate::sandbox::refusal::{Refusal, custom, invalid};
use crate::sandbox::state::{Comment, Edit, EventKind, Issue, Label, Lock, State};

/// GitHub's limit of a body, in characters.
const MAX_BODY: usize = 65_536;
const MAX_TITLE: usize = 256;

/// Refuses a title or a body that is too long or empty.
pub(crate) fn check_text(resource: &str, title: Option<&str>, body: Option<&str>) -> Result<(), Refusal> {
    if let Some(title) = title {
        if title.trim().is_empty() {
            return Err(invalid(resource, "title", "missing_field"));
        }
        if title.chars().count() > MAX_TITLE {
            let words = format!("title is too long (maximum is {MAX_TITLE} characters)");
            return Err(custom(resource, Some("title"), &words));
        }
    }
    if body.is_some_and(|body| body.chars().count() > MAX_BODY) {
        let words = format!("body is too long (maximum is {MAX_BODY} characters)");
        return Err(custom(resource, Some("body"), &words));
    }
    Ok(())
}

/// Opens an issue and gives its number.
pub(crate) fn create(state: &mut State, author: Actor, title: &str, body: Option<&str>) -> u64 {
    let (id, number, now) = (state.id(), state.number(), state.now());
    let issue = Issue {
        id,
        number,
        title: title.to_owned(),
        body: body.map(str::to_owned),
        author,
        open: true,
        state_reason: None,
        labels: Vec::new(),
        assignees: Vec::new(),
        milestone: None,
        lock: None,
        blocked_by: Vec::new(),
        created_at: now,
        updated_at: now,
        closed_at: None,
        closed_by: None,
        edits: Vec::new(),
    };
    state.issues.insert(number, issue);
    closing::mention(state, author, number, body.unwrap_or_default());
    number
}

pub(crate) fn rename(state: &mut State, actor: Actor, number: u64, title: &str) {
    let now = state.now();
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.title != title) else { return };
    let from = std::mem::replace(&mut issue.title, title.to_owned());
    issue.updated_at = now;
    state.event(number, actor, EventKind::Renamed { from, to: title.to_owned() });
}

pub(crate) fn set_body(state: &mut State, actor: Actor, number: u64, body: Option<&str>) {
    let (now, first, next) = (state.now(), state.id(), state.id());
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.body.as_deref() != body) else { return };
    let old = issue.body.clone().unwrap_or_default();
    let (author, created) = (issue.author, issue.created_at);
    remember(&mut issue.edits, (first, next), (author, created, old), (actor, now, body.unwrap_or_default()));
    issue.body = body.map(str::to_owned);
    issue.updated_at = now;
}

/// Adds to an edit history; the first edit also keeps the original.
fn remember(
    edits: &mut Vec<Edit>,
    (first, next): (u64, u64),
    (author, created, old): (Actor, DateTime<Utc>, String),
    (editor, at, body): (Actor, DateTime<Utc>, &str),
) {
    if edits.is_empty() {
        edits.push(Edit { id: first, editor: author, at: created, body: old });
    }
    edits.push(Edit { id: next, editor, at, body: body.to_owned() });
}

pub(crate) fn close(state: &mut State, actor: Actor, number: u64, reason: Option<&str>, commit: Option<&str>) {
    let now = state.now();
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.open) else { return };
    issue.open = false;
    issue.closed_at = Some(now);
    issue.closed_by = Some(actor.user);
    issue.updated_at = now;
    issue.state_reason = reason.map(str::to_owned);
    let (commit, reason) = (commit.map(str::to_owned), reason.map(str::to_owned));
    state.event(number, actor, EventKind::Closed { commit, reason });
}

pub(crate) fn reopen(state: &mut State, actor: Actor, number: u64) {
    let now = state.now();
    let is_pull = state.pulls.contains_key(&number);
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| !issue.open) else { return };
    issue.open = true;
    issue.closed_at = None;
    issue.closed_by = None;
    issue.updated_at = now;
    issue.state_reason = (!is_pull).then(|| "reopened".to_owned());
    state.event(number, actor, EventKind::Reopened);
}

/// The id of a label, made in grey when it does not exist yet, as GitHub does for those who may write.
pub(crate) fn ensure_label(state: &mut State, name: &str) -> u64 {
    if let Some(label) = state.label(name) {
        return label.id;
    }
    let id = state.id();
    state.labels.push(Label { id, name: name.to_owned(), color: "ededed".to_owned(), description: None });
    id
}

/// Puts a label on an issue. Labelling leaves `updated_at` alone.
pub(crate) fn label(state: &mut State, actor: Actor, number: u64, name: &str) {
    let id = ensure_label(state, name);
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| !issue.labels.contains(&id)) else { return };
    issue.labels.push(id);
    if let Some((name, color)) = label_words(state, id) {
        state.event(number, actor, EventKind::Labeled(name, color));
    }
}

/// Takes a label off; false when the issue has no such label.
pub(crate) fn unlabel(state: &mut State, actor: Actor, number: u64, name: &str) -> bool {
    let Some(id) = state.label(name).map(|label| label.id) else { return false };
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.labels.contains(&id)) else { return false };
    issue.labels.retain(|known| *known != id);
    if let Some((name, color)) = label_words(state, id) {
        state.event(number, actor, EventKind::Unlabeled(name, color));
    }
    true
}

/// Makes the labels of an issue exactly these.
pub(crate) fn set_labels(state: &mut State, actor: Actor, number: u64, names: &[String]) {
    let wanted: Vec<u64> = names.iter().map(|name| ensure_label(state, name)).collect();
    let held = state.issues.get(&number).map(|issue| issue.labels.clone()).unwrap_or_default();
    for id in held.iter().filter(|id| !wanted.contains(id)) {
        if let Some((name, _)) = label_words(state, *id) {
            unlabel(state, actor, number, &name);
        }
    }
    for name in names {
        label(state, actor, number, name);
    }
}

fn label_words(state: &State, id: u64) -> Option<(String, String)> {
    state.labels.iter().find(|label| label.id == id).map(|label| (label.name.clone(), label.color.clone()))
}

/// Assigns and unassigns; accounts that cannot be assigned are left out, as GitHub does.
pub(crate) fn assign(state: &mut State, actor: Actor, number: u64, logins: &[String], on: bool) {
    for login in logins {
        let Some(account) = state.people.by_login(login) else { continue };
        let (id, role) = (account.id, account.role);
        if on && role < crate::domain::user::Permission::Read {
            continue;
        }
        let now = state.now();
        let Some(issue) = state.issues.get_mut(&number) else { return };
        let held = issue.assignees.contains(&id);
        if held == on {
            continue;
        }
        if on {
            issue.assignees.push(id);
        } else {
            issue.assignees.retain(|known| *known != id);
        }
        issue.updated_at = now;
        let kind = if on { EventKind::Assigned(id) } else { EventKind::Unassigned(id) };
        state.event(number, actor, kind);
    }
}

pub(crate) fn milestone(state: &mut State, actor: Actor, number: u64, milestone: Option<u64>) {
    let title = |state: &State, number: u64| {
        state.milestones.iter().find(|known| known.number == number).map(|known| known.title.clone())
    };
    let now = state.now();
    let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.milestone != milestone) else { return };
    let old = std::mem::replace(&mut issue.milestone, milestone);
    issue.updated_at = now;
    if let Some(title) = old.and_then(|old| title(state, old)) {
        state.event(number, actor, EventKind::Demilestoned(title));
    }
    if let Some(title) = milestone.and_then(|new| title(state, new)) {
        state.event(number, actor, EventKind::Milestoned(title));
    }
}

pub(crate) fn lock(state: &mut State, actor: Actor, number: u64, reason: Option<&str>) {
    let reason = reason.map(str::to_owned);
    if let Some(issue) = state.issues.get_mut(&number) {
        issue.lock = Some(Lock { reason: reason.clone() });
        state.event(number, actor, EventKind::Locked(reason));
    }
}

pub(crate) fn unlock(state: &mut State, actor: Actor, number: u64) {
    if let Some(issue) = state.issues.get_mut(&number).filter(|issue| issue.lock.is_some()) {
        issue.lock = None;
        state.event(number, actor, EventKind::Unlocked);
    }
}

/// Says that one issue waits for another.
pub(crate) fn block(state: &mut State, actor: Actor, number: u64, by: u64) {
    if let Some(issue) = state.issues.get_mut(&number).filter(|issue| !issue.blocked_by.contains(&by)) {
        issue.blocked_by.push(by);
        state.event(number, actor, EventKind::BlockedByAdded(by));
    }
}

/// Adds a comment and gives its id.
pub(crate) fn comment(state: &mut State, author: Actor, issue: u64, body: &str) -> u64 {
    let (id, now) = (state.id(), state.now());
    let comment = Comment {
        id,
        issue,
        author,
        body: body.to_owned(),
        created_at: now,
        updated_at: now,
        edits: Vec::new(),
        minimized: None,
    };
    state.comments.insert(id, comment);
    if let Some(known) = state.issues.get_mut(&issue) {
        known.updated_at = now;
    }
    closing::mention(state, author, issue, body);
    id
}

pub(crate) fn edit_comment(state: &mut State, editor: Actor, id: u64, body: &str) {
    let (now, first, next) = (state.now(), state.id(), state.id());
    let Some(comment) = state.comments.get_mut(&id).filter(|comment| comment.body != body) else { return };
    let old = std::mem::replace(&mut comment.body, body.to_owned());
    let (author, created) = (comment.author, comment.created_at);
    remember(&mut comment.edits, (first, next), (author, created, old), (editor, now, body));
    comment.updated_at = now;
}

pub(crate) fn delete_comment(state: &mut State, actor: Actor, id: u64) {
    if let Some(comment) = state.comments.remove(&id) {
        state.event(comment.issue, actor, EventKind::CommentDeleted);
    }
}

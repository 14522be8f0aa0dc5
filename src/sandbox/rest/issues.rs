//! Routes of issues: listed, opened, edited, locked, with their events and dependencies.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::reply::{Answer, created, no_content, ok, with_link};
use super::{Ctx, Fields};
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::exchange::Response;
use crate::sandbox::moves::issues;
use crate::sandbox::people::{Access, Actor};
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found};
use crate::sandbox::render;
use crate::sandbox::state::{Event, EventKind, Issue};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["issues"]) => list(ctx),
        ("POST", ["issues"]) => create(ctx),
        ("GET", ["issues", "events"]) => repository_events(ctx),
        ("GET", ["issues", number]) => get(ctx, number),
        ("PATCH", ["issues", number]) => update(ctx, number),
        ("PUT", ["issues", number, "lock"]) => lock(ctx, number, true),
        ("DELETE", ["issues", number, "lock"]) => lock(ctx, number, false),
        ("POST", ["issues", number, "assignees"]) => assign(ctx, number, true),
        ("DELETE", ["issues", number, "assignees"]) => assign(ctx, number, false),
        ("GET", ["issues", number, "events"]) => events(ctx, number),
        ("GET", ["issues", number, "timeline"]) => timeline(ctx, number),
        ("GET", ["issues", number, "dependencies", "blocked_by"]) => blocked_by(ctx, number),
        ("POST", ["issues", number, "dependencies", "blocked_by"]) => block(ctx, number),
        ("GET", ["issues", number, "dependencies", "blocking"]) => blocking(ctx, number),
        _ => return None,
    })
}

impl Ctx<'_> {
    /// The number of an issue or a pull request that exists.
    pub(crate) fn issue_number(&self, text: &str) -> Result<u64, Refusal> {
        let number = text.parse().map_err(|_| not_found())?;
        if self.state.issues.contains_key(&number) { Ok(number) } else { Err(not_found()) }
    }

    /// Lets a reader of issues pass; for a pull request, reading pull requests is enough.
    pub(crate) fn read_issue(&self, number: u64) -> Result<(), Refusal> {
        if self.state.pulls.contains_key(&number) && self.read("pull_requests").is_ok() {
            return Ok(());
        }
        self.read("issues")
    }

    /// As [`Ctx::read_issue`], for writing.
    pub(crate) fn write_issue(&self, number: u64, role: Permission) -> Result<Actor, Refusal> {
        let is_pull = self.state.pulls.contains_key(&number);
        let by_app = self.caller.is_some_and(|caller| caller.kind != TokenKind::Personal);
        if is_pull
            && by_app
            && self.caller.is_some_and(|caller| self.state.access(caller, "pull_requests") >= Access::Write)
        {
            return self.write("pull_requests", role);
        }
        self.write("issues", role)
    }

    /// Whether the caller may label, assign and close.
    pub(crate) fn triages(&self) -> bool {
        self.caller.is_some_and(|caller| self.state.may(caller, "issues", Permission::Triage))
    }

    /// Refuses label names that would have to be made by somebody who may not make labels.
    pub(crate) fn may_make_labels(&self, names: &[String]) -> Result<(), Refusal> {
        let missing = names.iter().any(|name| self.state.label(name).is_none());
        let writer = self.caller.is_some_and(|caller| self.state.may(caller, "issues", Permission::Write));
        if missing && !writer {
            return Err(error_of(403, "You do not have permission to create labels on this repository."));
        }
        match names.iter().find(|name| name.trim().is_empty() || name.chars().count() > 50) {
            Some(_) => Err(invalid("Label", "name", "invalid")),
            None => Ok(()),
        }
    }
}

fn time(text: Option<&str>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let at = DateTime::parse_from_rfc3339(text).map_err(|_| invalid("Issue", "since", "invalid"))?;
    Ok(Some(at.with_timezone(&Utc)))
}

/// The `since` of a request.
pub(crate) fn since(ctx: &Ctx<'_>) -> Result<Option<DateTime<Utc>>, Refusal> {
    time(ctx.request.query("since"))
}

fn list(ctx: &Ctx<'_>) -> Answer {
    ctx.read("issues")?;
    let query = |name: &str| ctx.request.query(name);
    let since = since(ctx)?;
    let labels: Vec<&str> = query("labels").unwrap_or("").split(',').map(str::trim).filter(|l| !l.is_empty()).collect();
    let ids: Option<Vec<u64>> = labels.iter().map(|name| ctx.state.label(name).map(|label| label.id)).collect();
    let login = |name: &str| ctx.state.people.by_login(name).map(|account| account.id);
    let state = query("state").unwrap_or("open");
    let keep = |issue: &&Issue| {
        let assignee = match query("assignee") {
            None => true,
            Some("none") => issue.assignees.is_empty(),
            Some("*") => !issue.assignees.is_empty(),
            Some(name) => login(name).is_some_and(|id| issue.assignees.contains(&id)),
        };
        let milestone = match query("milestone") {
            None => true,
            Some("none") => issue.milestone.is_none(),
            Some("*") => issue.milestone.is_some(),
            Some(number) => issue.milestone.is_some_and(|known| known.to_string() == number),
        };
        (state == "all" || (state == "open") == issue.open)
            && ids.as_ref().is_some_and(|ids| ids.iter().all(|id| issue.labels.contains(id)))
            && query("creator").is_none_or(|name| login(name) == Some(issue.author.user))
            && since.is_none_or(|since| issue.updated_at >= since)
            && assignee
            && milestone
    };
    let mut found: Vec<&Issue> = ctx.state.issues.values().filter(keep).collect();
    let comments = |issue: &Issue| ctx.state.comments.values().filter(|comment| comment.issue == issue.number).count();
    match query("sort") {
        Some("updated") => found.sort_by_key(|issue| (issue.updated_at, issue.number)),
        Some("comments") => found.sort_by_key(|issue| (comments(issue), issue.number)),
        _ => found.sort_by_key(|issue| (issue.created_at, issue.number)),
    }
    if query("direction") != Some("asc") {
        found.reverse();
    }
    ctx.page(&found, |state, issue| render::issue(state, issue))
}

fn shown(ctx: &Ctx<'_>, number: u64) -> Result<Value, Refusal> {
    ctx.state.issues.get(&number).map(|issue| render::issue(ctx.state, issue)).ok_or_else(not_found)
}

fn get(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read_issue(number)?;
    ok(shown(ctx, number)?)
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let actor = ctx.write("issues", Permission::Read)?;
    if !ctx.state.repo.has_issues {
        return Err(error_of(410, "Issues has been disabled in this repository."));
    }
    let fields = ctx.body()?;
    let title = fields.required("Issue", "title")?;
    issues::check_text("Issue", Some(title), fields.text("body")?)?;
    let labels = fields.texts("labels", "name").unwrap_or_default();
    // Who may not triage has labels, assignees and milestone dropped without a word.
    let triages = ctx.triages();
    if triages {
        ctx.may_make_labels(&labels)?;
    }
    let milestone = milestone(ctx, &fields)?;
    let number = issues::create(ctx.state, actor, title, fields.text("body")?);
    if triages {
        issues::set_labels(ctx.state, actor, number, &labels);
        let logins = assignees(&fields);
        issues::assign(ctx.state, actor, number, &logins.unwrap_or_default(), true);
        milestone.set(ctx, actor, number);
    }
    let location = format!("{}/issues/{number}", ctx.state.api());
    Ok(created(shown(ctx, number)?)?.with_header("location", location))
}

fn assignees(fields: &Fields) -> Option<Vec<String>> {
    let one = fields.value("assignee").and_then(Value::as_str).map(|login| vec![login.to_owned()]);
    fields.texts("assignees", "login").or(one)
}

/// What a body says about the milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Same,
    None,
    Number(u64),
}

impl Wanted {
    fn set(self, ctx: &mut Ctx<'_>, actor: Actor, number: u64) {
        match self {
            Self::Same => {}
            Self::None => issues::milestone(ctx.state, actor, number, None),
            Self::Number(milestone) => issues::milestone(ctx.state, actor, number, Some(milestone)),
        }
    }
}

/// The milestone of a body: left out, taken away, or one that exists.
fn milestone(ctx: &Ctx<'_>, fields: &Fields) -> Result<Wanted, Refusal> {
    if !fields.has("milestone") {
        return Ok(Wanted::Same);
    }
    let Some(value) = fields.value("milestone") else { return Ok(Wanted::None) };
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let known = ctx.state.milestones.iter().find(|milestone| Some(milestone.number) == number);
    known.map(|milestone| Wanted::Number(milestone.number)).ok_or_else(|| invalid("Issue", "milestone", "invalid"))
}

fn update(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Read)?;
    let fields = ctx.body()?;
    let author = ctx.state.issues.get(&number).map(|issue| issue.author.user) == Some(actor.user);
    let triages = ctx.triages() || ctx.write_issue(number, Permission::Triage).is_ok();
    let edits = author || ctx.write_issue(number, Permission::Write).is_ok();
    let denied = || error_of(403, "Must have admin rights to Repository.");
    if (fields.has("title") || fields.has("body")) && !edits {
        return Err(denied());
    }
    if fields.has("state") && !(triages || author) {
        return Err(denied());
    }
    if let Some(title) = fields.value("title") {
        let title = title.as_str().map_or_else(|| title.to_string(), str::to_owned);
        issues::check_text("Issue", Some(&title), None)?;
        issues::rename(ctx.state, actor, number, &title);
    }
    if fields.has("body") {
        issues::check_text("Issue", None, fields.text("body")?)?;
        issues::set_body(ctx.state, actor, number, fields.text("body")?);
    }
    let labels = fields.texts("labels", "name").filter(|_| triages);
    if let Some(labels) = labels {
        ctx.may_make_labels(&labels)?;
        issues::set_labels(ctx.state, actor, number, &labels);
    }
    if let Some(logins) = assignees(&fields).filter(|_| triages) {
        let held = ctx.state.issues.get(&number).map(|issue| issue.assignees.clone()).unwrap_or_default();
        let login = |id: &u64| ctx.state.people.account(*id).map(|account| account.login.clone());
        let gone: Vec<String> = held.iter().filter_map(login).filter(|login| !logins.contains(login)).collect();
        issues::assign(ctx.state, actor, number, &gone, false);
        issues::assign(ctx.state, actor, number, &logins, true);
    }
    let milestone = milestone(ctx, &fields)?;
    if triages {
        milestone.set(ctx, actor, number);
    }
    set_state(ctx, actor, number, &fields)?;
    ok(shown(ctx, number)?)
}

fn set_state(ctx: &mut Ctx<'_>, actor: Actor, number: u64, fields: &Fields) -> Result<(), Refusal> {
    let is_pull = ctx.state.pulls.contains_key(&number);
    match fields.text("state")? {
        None => {}
        Some("closed") if is_pull => crate::sandbox::moves::pulls::close(ctx.state, actor, number),
        Some("open") if is_pull => crate::sandbox::moves::pulls::reopen(ctx.state, actor, number)?,
        Some("closed") => {
            let reason = fields.text("state_reason")?.unwrap_or("completed");
            if !["completed", "not_planned", "duplicate"].contains(&reason) {
                return Err(invalid("Issue", "state_reason", "invalid"));
            }
            issues::close(ctx.state, actor, number, Some(reason), None);
        }
        Some("open") => issues::reopen(ctx.state, actor, number),
        Some(_) => return Err(invalid("Issue", "state", "invalid")),
    }
    Ok(())
}

fn lock(ctx: &mut Ctx<'_>, number: &str, on: bool) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    let fields = ctx.body()?;
    let reason = fields.text("lock_reason")?;
    if reason.is_some_and(|reason| !["off-topic", "too heated", "resolved", "spam"].contains(&reason)) {
        return Err(invalid("Issue", "lock_reason", "invalid"));
    }
    if on {
        issues::lock(ctx.state, actor, number, reason);
    } else {
        issues::unlock(ctx.state, actor, number);
    }
    no_content()
}

fn assign(ctx: &mut Ctx<'_>, number: &str, on: bool) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    let logins = ctx.body()?.texts("assignees", "login").unwrap_or_default();
    issues::assign(ctx.state, actor, number, &logins, on);
    let value = shown(ctx, number)?;
    if on { created(value) } else { ok(value) }
}

fn events_of<'a>(ctx: &'a Ctx<'_>, number: Option<u64>) -> Vec<&'a Event> {
    let shown = |event: &&Event| {
        // Mentions stand only in the timeline.
        number.is_none_or(|number| event.issue == number) && !matches!(event.kind, EventKind::CrossReferenced(_))
    };
    ctx.state.events.iter().filter(shown).collect()
}

fn events(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read_issue(number)?;
    ctx.page(&events_of(ctx, Some(number)), |state, event| render::issue_event(state, event))
}

fn repository_events(ctx: &Ctx<'_>) -> Answer {
    ctx.read("issues")?;
    let mut all = events_of(ctx, None);
    all.reverse();
    ctx.page(&all, |state, event| render::issue_event_in(state, event))
}

fn timeline(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read_issue(number)?;
    let entries = render::timeline(ctx.state, number);
    let (slice, link) = ctx.slice(&entries);
    Ok(with_link(Response::json(200, Value::Array(slice.to_vec())), link))
}

fn blocked_by(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read("issues")?;
    let ids = ctx.state.issues.get(&number).map(|issue| issue.blocked_by.clone()).unwrap_or_default();
    let found: Vec<&Issue> = ids.iter().filter_map(|id| ctx.state.issues.get(id)).collect();
    ctx.page(&found, |state, issue| render::issue(state, issue))
}

fn blocking(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read("issues")?;
    let found: Vec<&Issue> = ctx.state.issues.values().filter(|issue| issue.blocked_by.contains(&number)).collect();
    ctx.page(&found, |state, issue| render::issue(state, issue))
}

fn block(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write("issues", Permission::Triage)?;
    let id = ctx.body()?.number("issue_id");
    let other = ctx.state.issues.values().find(|issue| Some(issue.id) == id && issue.number != number);
    let other = other.map(|issue| issue.number).ok_or_else(|| invalid("Issue", "issue_id", "invalid"))?;
    issues::block(ctx.state, actor, number, other);
    created(shown(ctx, number)?)
}

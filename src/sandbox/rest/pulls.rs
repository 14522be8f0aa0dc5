//! Routes of pull requests: listed, opened, changed, merged.

use serde_json::{Value, json};

use super::reply::{Answer, created, no_content, ok, with_link};
use super::{Ctx, Fields};
use crate::domain::user::Permission;
use crate::sandbox::exchange::Response;
use crate::sandbox::moves::issues;
use crate::sandbox::moves::merge::{self, Method, Wish};
use crate::sandbox::moves::pulls::{self, NewPull};
use crate::sandbox::people::Actor;
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found, unprocessable};
use crate::sandbox::render::{self, Commit};
use crate::sandbox::state::Pull;

/// GitHub lists no more changed files and commits than these.
const MAX_FILES: usize = 3000;
const MAX_COMMITS: usize = 250;
/// A difference above this many lines is not shown as one text.
const MAX_DIFF_LINES: usize = 20_000;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["pulls"]) => list(ctx),
        ("POST", ["pulls"]) => create(ctx),
        ("GET", ["pulls", number]) => get(ctx, number),
        ("PATCH", ["pulls", number]) => update(ctx, number),
        ("GET", ["pulls", number, "files"]) => files(ctx, number),
        ("GET", ["pulls", number, "commits"]) => commits(ctx, number),
        ("GET", ["pulls", number, "merge"]) => is_merged(ctx, number),
        ("PUT", ["pulls", number, "merge"]) => merge(ctx, number),
        ("PUT", ["pulls", number, "update-branch"]) => update_branch(ctx, number),
        ("GET", ["pulls", number, "requested_reviewers"]) => requested(ctx, number),
        ("POST", ["pulls", number, "requested_reviewers"]) => request_reviewers(ctx, number, true),
        ("DELETE", ["pulls", number, "requested_reviewers"]) => request_reviewers(ctx, number, false),
        _ => return None,
    })
}

impl Ctx<'_> {
    /// The pull request of a number.
    pub(crate) fn pull(&self, text: &str) -> Result<&Pull, Refusal> {
        text.parse().ok().and_then(|number: u64| self.state.pulls.get(&number)).ok_or_else(not_found)
    }

    /// Whoever looks; nobody in particular without a token.
    fn viewer(&self) -> Actor {
        self.caller.map_or(Actor { user: 0, app: None }, |caller| caller.actor)
    }
}

fn list(ctx: &Ctx<'_>) -> Answer {
    ctx.read("pull_requests")?;
    let query = |name: &str| ctx.request.query(name);
    let state = query("state").unwrap_or("open");
    if !["open", "closed", "all"].contains(&state) {
        return Err(invalid("PullRequest", "state", "invalid"));
    }
    let owner = ctx.state.name.owner();
    let keep = |pull: &&Pull| {
        let open = ctx.state.issues.get(&pull.number).is_some_and(|issue| issue.open);
        // A head is filtered by `owner:branch`; without an owner the filter is ignored, as on GitHub.
        let head = query("head").and_then(|head| head.split_once(':'));
        (state == "all" || (state == "open") == open)
            && head.is_none_or(|(place, name)| place.eq_ignore_ascii_case(owner) && pull.head_ref == name)
            && query("base").is_none_or(|base| pull.base_ref == base)
    };
    let mut found: Vec<&Pull> = ctx.state.pulls.values().filter(keep).collect();
    let updated = |pull: &&Pull| ctx.state.issues.get(&pull.number).map(|issue| issue.updated_at);
    let by_update = query("sort") == Some("updated");
    if by_update {
        found.sort_by_key(|pull| (updated(pull), pull.number));
    }
    let default = if query("sort").is_none_or(|sort| sort == "created") { "desc" } else { "asc" };
    if query("direction").unwrap_or(default) == "desc" {
        found.reverse();
    }
    ctx.page(&found, |state, pull| render::pull_simple(state, pull))
}

fn shown(ctx: &Ctx<'_>, number: u64) -> Result<Value, Refusal> {
    let pull = ctx.state.pulls.get(&number).ok_or_else(not_found)?;
    Ok(render::pull(ctx.state, pull, ctx.viewer()))
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let actor = ctx.write("pull_requests", Permission::Read)?;
    if actor.is_workflow() && !ctx.state.repo.actions_can_create_pulls {
        return Err(error_of(403, "GitHub Actions is not permitted to create or approve pull requests."));
    }
    let fields = ctx.body()?;
    let new = NewPull {
        title: fields.required("PullRequest", "title")?,
        body: fields.text("body")?,
        head: fields.required("PullRequest", "head")?,
        base: fields.required("PullRequest", "base")?,
        draft: fields.flag("draft").unwrap_or(false),
    };
    let number = pulls::open(ctx.state, actor, &new)?;
    let location = format!("{}/pulls/{number}", ctx.state.api());
    Ok(created(shown(ctx, number)?)?.with_header("location", location))
}

fn get(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    ctx.read("pull_requests")?;
    let pull = ctx.pull(number)?.clone();
    let base = pulls::diff_base(ctx.state, &pull);
    let (diff, patch) = (ctx.accepts("diff"), ctx.accepts("patch"));
    if let Some(base) = base.filter(|_| diff || patch) {
        let git = &ctx.state.git;
        let text = if diff { git.diff_text(&base, &pull.head_sha)? } else { git.patch_text(&base, &pull.head_sha)? };
        if text.lines().count() > MAX_DIFF_LINES {
            let words = format!("Sorry, the diff exceeded the maximum number of lines ({MAX_DIFF_LINES})");
            return Err(error_of(406, &words));
        }
        let kind = if diff { "diff" } else { "patch" };
        return Ok(Response::bytes(200, &format!("application/vnd.github.{kind}; charset=utf-8"), text));
    }
    if pull.merged_at.is_none() {
        pulls::look_at_mergeability(ctx.state, pull.number)?;
    }
    ok(shown(ctx, pull.number)?)
}

fn update(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.pull(number)?.number;
    let actor = ctx.write("pull_requests", Permission::Read)?;
    let author = ctx.state.issues.get(&number).map(|issue| issue.author.user) == Some(actor.user);
    if !author {
        ctx.write("pull_requests", Permission::Write)?;
    }
    let fields = ctx.body()?;
    issues::check_text("PullRequest", fields.text("title")?, fields.text("body")?)?;
    if let Some(title) = fields.text("title")? {
        issues::rename(ctx.state, actor, number, title);
    }
    if fields.has("body") {
        issues::set_body(ctx.state, actor, number, fields.text("body")?);
    }
    if let Some(base) = fields.text("base")? {
        pulls::retarget(ctx.state, actor, number, base)?;
    }
    match fields.text("state")? {
        None => {}
        Some("closed") => pulls::close(ctx.state, actor, number),
        Some("open") => pulls::reopen(ctx.state, actor, number)?,
        Some(_) => return Err(invalid("PullRequest", "state", "invalid")),
    }
    ok(shown(ctx, number)?)
}

fn files(ctx: &Ctx<'_>, number: &str) -> Answer {
    ctx.read("pull_requests")?;
    let pull = ctx.pull(number)?;
    let mut files = pulls::files(ctx.state, pull)?;
    files.truncate(MAX_FILES);
    ctx.page(&files, |state, file| render::diff_entry(state, file, &pull.head_sha))
}

fn commits(ctx: &Ctx<'_>, number: &str) -> Answer {
    ctx.read("pull_requests")?;
    let pull = ctx.pull(number)?;
    let mut shas = pulls::commits(ctx.state, pull);
    shas.truncate(MAX_COMMITS);
    let (slice, link) = ctx.slice(&shas);
    let mut values = Vec::new();
    for sha in slice {
        values.push(render::commit(ctx.state, &ctx.state.git.commit(sha)?, Commit::Plain));
    }
    Ok(with_link(Response::json(200, Value::Array(values)), link))
}

fn is_merged(ctx: &Ctx<'_>, number: &str) -> Answer {
    ctx.read("contents")?;
    if ctx.pull(number)?.merged_at.is_some() { no_content() } else { Err(not_found()) }
}

fn merge(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.pull(number)?.number;
    let actor = ctx.write("contents", Permission::Write)?;
    let fields = ctx.body()?;
    let method = match fields.text("merge_method")? {
        None | Some("merge") => Method::Merge,
        Some("squash") => Method::Squash,
        Some("rebase") => Method::Rebase,
        Some(_) => return Err(unprocessable("Invalid request.\n\nmerge_method is not one of merge, squash, rebase.")),
    };
    let wish = Wish {
        method,
        sha: fields.text("sha")?,
        title: fields.text("commit_title")?,
        message: fields.text("commit_message")?,
    };
    let sha = merge::merge(ctx.state, actor, number, &wish)?;
    ok(json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"}))
}

fn update_branch(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let pull = ctx.pull(number)?;
    let (number, head) = (pull.number, pull.head_sha.clone());
    let actor = ctx.write("pull_requests", Permission::Write)?;
    let fields: Fields = ctx.body()?;
    if fields.text("expected_head_sha")?.is_some_and(|expected| expected != head) {
        return Err(unprocessable(&format!("expected head sha didn’t match current head ref. {head}")));
    }
    if merge::update_branch(ctx.state, actor, number)?.is_none() {
        return Err(unprocessable("There are no new commits on the base branch."));
    }
    let url = format!("{}/pull/{number}", ctx.state.page());
    Ok(Response::json(202, json!({"message": "Updating pull request branch.", "url": url})))
}

fn requested(ctx: &Ctx<'_>, number: &str) -> Answer {
    ctx.read("pull_requests")?;
    let pull = ctx.pull(number)?;
    let users: Vec<Value> = pull.requested_reviewers.iter().map(|id| render::user(ctx.state, *id)).collect();
    ok(json!({"users": users, "teams": []}))
}

fn request_reviewers(ctx: &mut Ctx<'_>, number: &str, on: bool) -> Answer {
    let number = ctx.pull(number)?.number;
    let actor = ctx.write("pull_requests", Permission::Write)?;
    let logins = ctx.body()?.texts("reviewers", "login").unwrap_or_default();
    let author = ctx.state.issues.get(&number).map(|issue| issue.author.user);
    for login in &logins {
        let words = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.";
        let account = ctx.state.people.by_login(login).filter(|account| account.role >= Permission::Read);
        let id = account.map(|account| account.id).ok_or_else(|| unprocessable(&format!("{words} ({login})")))?;
        if Some(id) == author {
            return Err(unprocessable("Review cannot be requested from pull request author."));
        }
        pulls::request_reviewer(ctx.state, actor, number, id, on);
    }
    let pull = ctx.state.pulls.get(&number).ok_or_else(not_found)?;
    let value = render::pull_simple(ctx.state, pull);
    if on { created(value) } else { ok(value) }
}

//! Routes of check runs and check suites.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::refs::no_commit;
use super::reply::{Answer, created, ok};
use super::{Ctx, Fields};
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::moves::checks;
use crate::sandbox::refusal::{Refusal, custom, error_of, invalid, not_found, unprocessable};
use crate::sandbox::render;
use crate::sandbox::state::{CheckRun, Output};

const CONCLUSIONS: [&str; 8] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"];
/// GitHub's limit of an output's summary and text.
const MAX_OUTPUT: usize = 65_535;

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("POST", ["check-runs"]) => create(ctx),
        ("GET", ["check-runs", id]) => get(ctx, id),
        ("PATCH", ["check-runs", id]) => update(ctx, id),
        ("GET", ["check-runs", id, "annotations"]) => annotations(ctx, id),
        ("GET", ["commits", name @ .., "check-runs"]) => of_ref(ctx, &name.join("/")),
        ("GET", ["commits", name @ .., "check-suites"]) => suites_of_ref(ctx, &name.join("/")),
        ("GET", ["check-suites", id]) => suite(ctx, id),
        ("GET", ["check-suites", id, "check-runs"]) => of_suite(ctx, id),
        _ => return None,
    })
}

/// The App of the caller: only Apps may write checks.
fn app(ctx: &Ctx<'_>) -> Result<u64, Refusal> {
    match ctx.caller {
        Some(caller) if caller.kind != TokenKind::Personal => {
            ctx.write("checks", Permission::Write)?;
            caller.actor.app.ok_or_else(not_found)
        }
        _ => Err(error_of(403, "You must authenticate via a GitHub App.")),
    }
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let app = app(ctx)?;
    let fields = ctx.body()?;
    let name = fields.text("name")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"name\" wasn't supplied."))?;
    let sha =
        fields.text("head_sha")?.ok_or_else(|| unprocessable("Invalid request.\n\n\"head_sha\" wasn't supplied."))?;
    if ctx.state.git.kind(sha).as_deref() != Some("commit") {
        return Err(no_commit(sha));
    }
    let now = ctx.state.now();
    let mut run = CheckRun {
        id: ctx.state.id(),
        suite: checks::suite_for(ctx.state, app, sha),
        app,
        name: name.to_owned(),
        head_sha: sha.to_owned(),
        external_id: None,
        details_url: None,
        status: "queued".to_owned(),
        conclusion: None,
        started_at: Some(now),
        completed_at: None,
        output: Output::default(),
        planned: None,
    };
    change(&mut run, &fields, now)?;
    let id = checks::add(ctx.state, run);
    created(shown(ctx, id)?)
}

fn update(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    let app = app(ctx)?;
    let (fields, now) = (ctx.body()?, ctx.state.now());
    let run = ctx.state.check_runs.iter_mut().find(|run| run.id.to_string() == id).ok_or_else(not_found)?;
    if run.app != app {
        let words = "check run can only be modified by the GitHub App that created it";
        return Err(error_of(403, &format!("Invalid app_id `{app}` - {words}.")));
    }
    let mut changed = run.clone();
    change(&mut changed, &fields, now)?;
    *run = changed;
    let id = run.id;
    ok(shown(ctx, id)?)
}

/// Puts the fields of a body into a check run.
fn change(run: &mut CheckRun, fields: &Fields, now: DateTime<Utc>) -> Result<(), Refusal> {
    let time = |name: &str| -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = fields.text(name)? else { return Ok(None) };
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| invalid("CheckRun", name, "invalid"))?;
        Ok(Some(at.with_timezone(&Utc)))
    };
    if let Some(name) = fields.text("name")? {
        name.clone_into(&mut run.name);
    }
    if let Some(url) = fields.text("details_url")? {
        run.details_url = Some(url.to_owned());
    }
    if let Some(id) = fields.text("external_id")? {
        run.external_id = Some(id.to_owned());
    }
    if let Some(at) = time("started_at")? {
        run.started_at = Some(at);
    }
    if let Some(status) = fields.text("status")? {
        if !["queued", "in_progress", "completed"].contains(&status) {
            return Err(invalid("CheckRun", "status", "invalid"));
        }
        status.clone_into(&mut run.status);
        if status != "completed" {
            run.conclusion = None;
            run.completed_at = None;
        }
    }
    if let Some(conclusion) = fields.text("conclusion")? {
        if !CONCLUSIONS.contains(&conclusion) {
            return Err(invalid("CheckRun", "conclusion", "invalid"));
        }
        run.conclusion = Some(conclusion.to_owned());
        "completed".clone_into(&mut run.status);
    }
    if run.status == "completed" {
        if run.conclusion.is_none() {
            return Err(invalid("CheckRun", "conclusion", "missing_field"));
        }
        run.completed_at = time("completed_at")?.or(run.completed_at).or(Some(now));
        run.planned = None;
    }
    fields.value("output").map_or(Ok(()), |output| set_output(&mut run.output, output))
}

fn set_output(output: &mut Output, given: &Value) -> Result<(), Refusal> {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("title").is_none() || text("summary").is_none() {
        return Err(unprocessable("Invalid request.\n\n\"title\" and \"summary\" are required in an output."));
    }
    for name in ["summary", "text"] {
        if text(name).is_some_and(|text| text.chars().count() > MAX_OUTPUT) {
            let words = format!("Only {MAX_OUTPUT} characters are allowed; {name} is longer.");
            return Err(custom("CheckRun", Some(name), &words));
        }
    }
    output.title = text("title");
    output.summary = text("summary");
    output.text = text("text").or(output.text.take());
    let annotations = given.get("annotations").and_then(Value::as_array).cloned().unwrap_or_default();
    if annotations.len() > 50 {
        return Err(unprocessable("Invalid request.\n\nNo more than 50 items are allowed; annotations has more."));
    }
    output.annotations.extend(annotations);
    Ok(())
}

fn shown(ctx: &Ctx<'_>, id: u64) -> Result<Value, Refusal> {
    let run = ctx.state.check_runs.iter().find(|run| run.id == id).ok_or_else(not_found)?;
    Ok(render::check_run(ctx.state, run))
}

fn get(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("checks")?;
    let id = id.parse().map_err(|_| not_found())?;
    let sha = ctx.state.check_runs.iter().find(|run| run.id == id).map(|run| run.head_sha.clone());
    checks::tick(ctx.state, &sha.ok_or_else(not_found)?);
    ok(shown(ctx, id)?)
}

fn annotations(ctx: &Ctx<'_>, id: &str) -> Answer {
    ctx.read("checks")?;
    let run = ctx.state.check_runs.iter().find(|run| run.id.to_string() == id).ok_or_else(not_found)?;
    ctx.page(&run.output.annotations, |state, given| {
        let text = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
        serde_json::json!({
            "path": text("path"),
            "start_line": text("start_line"),
            "end_line": text("end_line"),
            "start_column": text("start_column"),
            "end_column": text("end_column"),
            "annotation_level": text("annotation_level"),
            "title": text("title"),
            "message": text("message"),
            "raw_details": text("raw_details"),
            "blob_href": format!("{}/git/blobs/{}", state.api(), run.head_sha),
        })
    })
}

fn of_ref(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    ctx.read("checks")?;
    let sha = ctx.state.git.resolve(name).ok_or_else(|| no_commit(name))?;
    checks::tick(ctx.state, &sha);
    list(ctx, |run| run.head_sha == sha)
}

fn of_suite(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("checks")?;
    let suite = ctx.state.suites.iter().find(|suite| suite.id.to_string() == id).ok_or_else(not_found)?;
    let (id, sha) = (suite.id, suite.head_sha.clone());
    checks::tick(ctx.state, &sha);
    list(ctx, |run| run.suite == id)
}

/// The runs a rule holds for, newest first, filtered as asked.
fn list(ctx: &Ctx<'_>, rule: impl Fn(&CheckRun) -> bool) -> Answer {
    let all = ctx.state.check_runs.iter().filter(|run| rule(run));
    let mut runs: Vec<&CheckRun> =
        if ctx.request.query("filter") == Some("all") { all.collect() } else { checks::latest(all) };
    let (name, status) = (ctx.request.query("check_name"), ctx.request.query("status"));
    let app = ctx.request.query("app_id").and_then(|id| id.parse().ok());
    runs.retain(|run| {
        name.is_none_or(|name| run.name == name)
            && status.is_none_or(|status| run.status == status)
            && app.is_none_or(|app: u64| run.app == app)
    });
    runs.reverse();
    ctx.counted("check_runs", &runs, |state, run| render::check_run(state, run))
}

fn suites_of_ref(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    ctx.read("checks")?;
    let sha = ctx.state.git.resolve(name).ok_or_else(|| no_commit(name))?;
    checks::tick(ctx.state, &sha);
    let app = ctx.request.query("app_id").and_then(|id| id.parse().ok());
    let suites = ctx.state.suites.iter().filter(|suite| suite.head_sha == sha);
    let suites: Vec<_> = suites.filter(|suite| app.is_none_or(|app: u64| suite.app == app)).collect();
    ctx.counted("check_suites", &suites, |state, suite| render::check_suite(state, suite))
}

fn suite(ctx: &mut Ctx<'_>, id: &str) -> Answer {
    ctx.read("checks")?;
    let suite = ctx.state.suites.iter().find(|suite| suite.id.to_string() == id).cloned().ok_or_else(not_found)?;
    checks::tick(ctx.state, &suite.head_sha);
    ok(render::check_suite(ctx.state, &suite))
}

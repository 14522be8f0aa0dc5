//! Routes of rulesets, security advisories and dependency review.

use serde_json::{Value, json};

use super::Ctx;
use super::reply::{Answer, created, ok};
use crate::domain::user::Permission;
use crate::sandbox::exchange::Response;
use crate::sandbox::moves::rules;
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found, unprocessable};
use crate::sandbox::render::{self, Detail};
use crate::sandbox::state::{Advisory, State};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["rules", "branches", name @ ..]) => of_branch(ctx, &name.join("/")),
        ("GET", ["rulesets"]) => rulesets(ctx),
        ("GET", ["rulesets", id]) => ruleset(ctx, id),
        ("GET", ["security-advisories"]) => advisories(ctx),
        ("POST", ["security-advisories"]) => create_advisory(ctx),
        ("GET", ["dependency-graph", "compare", ..]) => dependencies(ctx),
        _ => return None,
    })
}

/// The active rules of a branch, which need not exist.
fn of_branch(ctx: &Ctx<'_>, branch: &str) -> Answer {
    let found = rules::rules(ctx.state, branch, None);
    ctx.page(&found, |state, (ruleset, rule)| render::rule_of_branch(state, ruleset, rule))
}

fn rulesets(ctx: &Ctx<'_>) -> Answer {
    ctx.page(&ctx.state.rulesets, |state, ruleset| render::ruleset(state, ruleset, Detail::Listed))
}

fn ruleset(ctx: &Ctx<'_>, id: &str) -> Answer {
    let found = ctx.state.rulesets.iter().find(|ruleset| ruleset.id.to_string() == id).ok_or_else(not_found)?;
    let detail =
        if ctx.write("administration", Permission::Admin).is_ok() { Detail::Administrator } else { Detail::Alone };
    ok(render::ruleset(ctx.state, found, detail))
}

/// Advisories are for administrators, and for Apps with the permission.
fn may_see_advisories(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    ctx.write("repository_advisories", Permission::Admin)?;
    if ctx.state.repo.advisories { Ok(()) } else { Err(not_found()) }
}

fn advisories(ctx: &Ctx<'_>) -> Answer {
    may_see_advisories(ctx)?;
    let wanted = ctx.request.query("state").is_none_or(|state| state == "draft");
    let mut found: Vec<&Advisory> = ctx.state.advisories.iter().filter(|_| wanted).collect();
    found.reverse();
    let per_page =
        ctx.request.query("per_page").and_then(|text| text.parse::<usize>().ok()).unwrap_or(30).clamp(1, 100);
    let start = ctx.request.query("after").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let page: Vec<Value> =
        found.iter().skip(start).take(per_page).map(|advisory| render::advisory(ctx.state, advisory)).collect();
    let response = Response::json(200, Value::Array(page));
    if found.len() <= start + per_page {
        return Ok(response);
    }
    let next = format!("{}/security-advisories?per_page={per_page}&after={}", ctx.state.api(), start + per_page);
    Ok(response.with_header("link", format!("<{next}>; rel=\"next\"")))
}

fn create_advisory(ctx: &mut Ctx<'_>) -> Answer {
    may_see_advisories(ctx)?;
    let actor = ctx.write("repository_advisories", Permission::Admin)?;
    let fields = ctx.body()?;
    let summary = fields.required("RepositoryAdvisory", "summary")?.to_owned();
    let description = fields.required("RepositoryAdvisory", "description")?.to_owned();
    if summary.chars().count() > 1024 || description.chars().count() > 65_535 {
        return Err(invalid("RepositoryAdvisory", "description", "invalid"));
    }
    let vulnerabilities = fields.value("vulnerabilities").and_then(Value::as_array);
    let vulnerabilities =
        vulnerabilities.ok_or_else(|| invalid("RepositoryAdvisory", "vulnerabilities", "missing_field"))?;
    let filled: Vec<Value> = vulnerabilities.iter().map(vulnerability).collect();
    let severity = fields.text("severity")?.map(str::to_owned);
    if severity.as_ref().is_some_and(|word| !["critical", "high", "medium", "low"].contains(&word.as_str())) {
        return Err(invalid("RepositoryAdvisory", "severity", "invalid"));
    }
    if severity.is_some() && fields.value("cvss_vector_string").is_some() {
        return Err(unprocessable("severity and cvss_vector_string cannot both be given"));
    }
    let (id, created_at) = (ctx.state.id(), ctx.state.now());
    let advisory = Advisory {
        ghsa: ghsa(id),
        summary,
        description,
        severity,
        cwe_ids: fields.texts("cwe_ids", "cwe_id").unwrap_or_default(),
        vulnerabilities: Value::Array(filled),
        author: actor.user,
        created_at,
    };
    let value = render::advisory(ctx.state, &advisory);
    ctx.state.advisories.push(advisory);
    created(value)
}

/// One vulnerability with every field the answer has.
fn vulnerability(given: &Value) -> Value {
    let field = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
    let package = field("package");
    json!({
        "package": {
            "ecosystem": package.get("ecosystem").cloned().unwrap_or(json!("other")),
            "name": package.get("name").cloned().unwrap_or(Value::Null),
        },
        "vulnerable_version_range": field("vulnerable_version_range"),
        "patched_versions": field("patched_versions"),
        "vulnerable_functions": field("vulnerable_functions"),
    })
}

/// An identifier in the form `GHSA-xxxx-xxxx-xxxx`, in GitHub's alphabet.
fn ghsa(id: u64) -> String {
    let letters: Vec<char> = "23456789cfghjmpqrvwx".chars().collect();
    let mut rest = id;
    let mut text = String::from("GHSA");
    for place in 0..12 {
        if place % 4 == 0 {
            text.push('-');
        }
        let at = usize::try_from(rest % 20).unwrap_or(0);
        text.push(letters.get(at).copied().unwrap_or('2'));
        rest = rest / 20 + 7;
    }
    text
}

fn dependencies(ctx: &Ctx<'_>) -> Answer {
    ctx.read("contents")?;
    if !dependency_graph(ctx.state) {
        let words =
            "Dependency review is not supported on this repository. Please ensure that Dependency graph is enabled.";
        return Err(error_of(403, words));
    }
    ok(json!([]))
}

fn dependency_graph(state: &State) -> bool {
    state.repo.dependency_graph
}

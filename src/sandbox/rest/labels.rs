//! Routes of labels and milestones.

use serde_json::Value;

use super::Ctx;
use super::reply::{Answer, created, no_content, ok};
use crate::domain::user::Permission;
use crate::sandbox::moves::issues;
use crate::sandbox::refusal::{Refusal, error_of, invalid, not_found, unprocessable};
use crate::sandbox::render;
use crate::sandbox::state::{Label, Milestone};

pub(crate) fn route(ctx: &mut Ctx<'_>, parts: &[&str]) -> Option<Answer> {
    let request = ctx.request;
    Some(match (request.method.as_str(), parts) {
        ("GET", ["labels"]) => list(ctx),
        ("POST", ["labels"]) => create(ctx),
        ("GET", ["labels", name]) => get(ctx, name),
        ("PATCH", ["labels", name]) => update(ctx, name),
        ("DELETE", ["labels", name]) => delete(ctx, name),
        ("GET", ["issues", number, "labels"]) => of_issue(ctx, number),
        ("POST", ["issues", number, "labels"]) => add(ctx, number),
        ("PUT", ["issues", number, "labels"]) => set(ctx, number),
        ("DELETE", ["issues", number, "labels"]) => clear(ctx, number),
        ("DELETE", ["issues", number, "labels", name]) => remove(ctx, number, name),
        ("GET", ["milestones"]) => milestones(ctx),
        _ => return None,
    })
}

fn list(ctx: &Ctx<'_>) -> Answer {
    ctx.read("issues")?;
    ctx.page(&ctx.state.labels, render::label)
}

fn get(ctx: &Ctx<'_>, name: &str) -> Answer {
    ctx.read("issues")?;
    let label = ctx.state.label(name).ok_or_else(not_found)?;
    ok(render::label(ctx.state, label))
}

/// A colour as six hexadecimal digits.
fn color(text: &str) -> Result<String, Refusal> {
    let hex = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { Ok(text.to_ascii_lowercase()) } else { Err(invalid("Label", "color", "invalid")) }
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    ctx.write("issues", Permission::Write)?;
    let fields = ctx.body()?;
    let name = fields.required("Label", "name")?;
    if name.chars().count() > 50 {
        return Err(invalid("Label", "name", "too_long"));
    }
    if ctx.state.label(name).is_some() {
        return Err(invalid("Label", "name", "already_exists"));
    }
    let description = fields.text("description")?.map(str::to_owned);
    if description.as_ref().is_some_and(|text| text.chars().count() > 100) {
        return Err(invalid("Label", "description", "too_long"));
    }
    let color = color(fields.text("color")?.unwrap_or("ededed"))?;
    let label = Label { id: ctx.state.id(), name: name.to_owned(), color, description };
    let value = render::label(ctx.state, &label);
    ctx.state.labels.push(label);
    created(value)
}

fn update(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    ctx.write("issues", Permission::Write)?;
    let fields = ctx.body()?;
    let id = ctx.state.label(name).map(|label| label.id).ok_or_else(not_found)?;
    let new_name = fields.text("new_name")?;
    if new_name.is_some_and(|new| ctx.state.label(new).is_some_and(|known| known.id != id)) {
        return Err(invalid("Label", "name", "already_exists"));
    }
    let color = fields.text("color")?.map(color).transpose()?;
    let label = ctx.state.labels.iter_mut().find(|label| label.id == id).ok_or_else(not_found)?;
    if let Some(new_name) = new_name {
        new_name.clone_into(&mut label.name);
    }
    if let Some(color) = color {
        label.color = color;
    }
    if let Some(description) = fields.text("description")? {
        label.description = Some(description.to_owned());
    }
    let label = label.clone();
    ok(render::label(ctx.state, &label))
}

fn delete(ctx: &mut Ctx<'_>, name: &str) -> Answer {
    ctx.write("issues", Permission::Write)?;
    let id = ctx.state.label(name).map(|label| label.id).ok_or_else(not_found)?;
    ctx.state.labels.retain(|label| label.id != id);
    for issue in ctx.state.issues.values_mut() {
        issue.labels.retain(|known| *known != id);
    }
    no_content()
}

/// The labels of an issue, as all label routes answer.
fn shown(ctx: &Ctx<'_>, number: u64) -> Answer {
    let held = ctx.state.issues.get(&number).map(|issue| issue.labels.clone()).unwrap_or_default();
    let labels: Vec<&Label> =
        held.iter().filter_map(|id| ctx.state.labels.iter().find(|label| label.id == *id)).collect();
    ctx.page(&labels, |state, label| render::label(state, label))
}

fn of_issue(ctx: &Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    ctx.read_issue(number)?;
    shown(ctx, number)
}

/// The names in a body: `{"labels": […]}`, or the list alone.
fn names(ctx: &Ctx<'_>) -> Result<Vec<String>, Refusal> {
    let list = match ctx.request.json() {
        Ok(Value::Array(list)) => list,
        Ok(Value::Object(mut fields)) => match fields.remove("labels") {
            Some(Value::Array(list)) => list,
            Some(_) => return Err(unprocessable("Invalid request.\n\nFor 'properties/labels', it is not an array.")),
            None => Vec::new(),
        },
        Ok(_) => Vec::new(),
        Err(_) => return Err(error_of(400, "Problems parsing JSON")),
    };
    let name = |value: &Value| value.as_str().or_else(|| value.get("name")?.as_str()).map(str::to_owned);
    list.iter().map(|value| name(value).ok_or_else(|| invalid("Label", "name", "invalid"))).collect()
}

fn add(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    let names = names(ctx)?;
    ctx.may_make_labels(&names)?;
    for name in names {
        issues::label(ctx.state, actor, number, &name);
    }
    shown(ctx, number)
}

fn set(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    let names = names(ctx)?;
    ctx.may_make_labels(&names)?;
    issues::set_labels(ctx.state, actor, number, &names);
    shown(ctx, number)
}

fn clear(ctx: &mut Ctx<'_>, number: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    issues::set_labels(ctx.state, actor, number, &[]);
    no_content()
}

fn remove(ctx: &mut Ctx<'_>, number: &str, name: &str) -> Answer {
    let number = ctx.issue_number(number)?;
    let actor = ctx.write_issue(number, Permission::Triage)?;
    if !issues::unlabel(ctx.state, actor, number, name) {
        return Err(error_of(404, "Label does not exist"));
    }
    shown(ctx, number)
}

fn milestones(ctx: &Ctx<'_>) -> Answer {
    ctx.read("issues")?;
    let state = ctx.request.query("state").unwrap_or("open");
    let mut found: Vec<&Milestone> =
        ctx.state.milestones.iter().filter(|known| state == "all" || (state == "open") == known.open).collect();
    // By due date, those without one last.
    found.sort_by_key(|known| (known.due_on.is_none(), known.due_on, known.number));
    if ctx.request.query("direction") == Some("desc") {
        found.reverse();
    }
    ctx.page(&found, |state, milestone| render::milestone(state, milestone))
}

//! What protections and rulesets say about a branch.

use serde_json::Value;

use crate::domain::user::Permission;
use crate::sandbox::people::Actor;
use crate::sandbox::state::{Ruleset, State};

/// The active rules of a branch that an actor cannot bypass.
pub(crate) fn rules<'a>(state: &'a State, branch: &str, actor: Option<Actor>) -> Vec<(&'a Ruleset, &'a Value)> {
    let default_branch = &state.repo.default_branch;
    let rulesets = state.rulesets.iter().filter(|ruleset| ruleset.covers(branch, default_branch));
    rulesets
        .filter(|ruleset| !actor.is_some_and(|actor| bypasses(state, ruleset, actor)))
        .flat_map(|ruleset| ruleset.rules.iter().map(move |rule| (ruleset, rule)))
        .collect()
}

pub(crate) fn kind(rule: &Value) -> &str {
    rule.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn bypasses(state: &State, ruleset: &Ruleset, actor: Actor) -> bool {
    ruleset.bypass_actors.iter().any(|entry| {
        let id = entry.get("actor_id").and_then(Value::as_u64);
        match entry.get("actor_type").and_then(Value::as_str) {
            Some("Integration") => id.is_some() && id == actor.app && !actor.is_workflow(),
            Some("OrganizationAdmin") => state.role_of(actor) == Permission::Admin,
            // Repository roles: 5 admin, 4 write, 2 maintain.
            Some("RepositoryRole") => match id {
                Some(5) => state.role_of(actor) >= Permission::Admin,
                Some(2) => state.role_of(actor) >= Permission::Maintain,
                Some(4) => state.role_of(actor) >= Permission::Write,
                _ => false,
            },
            _ => false,
        }
    })
}

/// A required check: its context, and the App it must come from.
pub(crate) type Required = (String, Option<u64>);

/// The checks that must pass on a branch, from protection and rulesets.
pub(crate) fn required_checks(state: &State, branch: &str, actor: Option<Actor>) -> Vec<Required> {
    let mut required: Vec<Required> =
        state.protections.get(branch).map(|protection| protection.contexts.clone()).unwrap_or_default();
    for (_, rule) in rules(state, branch, actor) {
        if kind(rule) != "required_status_checks" {
            continue;
        }
        let checks = rule.pointer("/parameters/required_status_checks").and_then(Value::as_array);
        for check in checks.into_iter().flatten() {
            if let Some(context) = check.get("context").and_then(Value::as_str) {
                required.push((context.to_owned(), check.get("integration_id").and_then(Value::as_u64)));
            }
        }
    }
    required
}

/// Whether the head must contain the base branch's tip.
pub(crate) fn strict(state: &State, branch: &str, actor: Option<Actor>) -> bool {
    let pointer = "/parameters/strict_required_status_checks_policy";
    state.protections.get(branch).is_some_and(|protection| protection.strict)
        || rules(state, branch, actor).iter().any(|(_, rule)| rule.pointer(pointer) == Some(&Value::Bool(true)))
}

/// How many approvals by writers a merge into a branch needs.
pub(crate) fn required_approvals(state: &State, branch: &str, actor: Option<Actor>) -> u64 {
    let classic = state.protections.get(branch).map_or(0, |protection| protection.approvals);
    let pointer = "/parameters/required_approving_review_count";
    let rules = rules(state, branch, actor);
    let counts = rules.iter().filter_map(|(_, rule)| rule.pointer(pointer)?.as_u64());
    counts.max().unwrap_or(0).max(classic)
}

/// A direct change of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Create,
    /// Fast-forward to a commit whose new part may be unsigned.
    Update {
        signed: bool,
    },
    Force,
    Delete,
}

/// Why a branch may not be changed directly, in GitHub's words.
pub(crate) fn refuses(state: &State, branch: &str, actor: Actor, change: Change) -> Option<String> {
    for (_, rule) in rules(state, branch, Some(actor)) {
        let words = match (kind(rule), change) {
            ("creation", Change::Create) => "Cannot create ref due to creations being restricted.",
            ("update", Change::Update { .. } | Change::Force) => "Cannot update this protected ref.",
            ("deletion", Change::Delete) => "Cannot delete this branch",
            ("non_fast_forward", Change::Force) => "Cannot force-push to this branch",
            ("required_signatures", Change::Update { signed: false }) => "Commits must have verified signatures.",
            ("pull_request", Change::Update { .. } | Change::Force) => "Changes must be made through a pull request.",
            _ => continue,
        };
        return Some(format!("Repository rule violations found\n\n{words}\n\n"));
    }
    let protection = state.protections.get(branch)?;
    let admin = state.role_of(actor) == Permission::Admin && actor.app.is_none();
    let held = !admin || protection.enforce_admins;
    match change {
        Change::Delete => Some("Cannot delete a protected branch".to_owned()),
        Change::Force => Some("Cannot force-push to a protected branch".to_owned()),
        Change::Update { .. } if protection.approvals > 0 && held => {
            Some("Changes must be made through a pull request.".to_owned())
        }
        Change::Update { .. } if !protection.contexts.is_empty() && held => {
            let count = protection.contexts.len();
            Some(format!("{count} of {count} required status checks are expected."))
        }
        _ => None,
    }
}

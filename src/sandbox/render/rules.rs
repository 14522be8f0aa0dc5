//! Branch protection, rulesets and security advisories.

use serde_json::{Value, json};

use super::{in_link, merged, node_id, user};
use crate::sandbox::clock::stamp;
use crate::sandbox::state::{Advisory, Protection, Ruleset, State};

/// `branch-protection`.
pub(crate) fn protection(state: &State, branch: &str, protection: &Protection) -> Value {
    let api = format!("{}/branches/{}/protection", state.api(), in_link(branch));
    let contexts: Vec<&String> = protection.contexts.iter().map(|(context, _)| context).collect();
    let checks: Vec<Value> =
        protection.contexts.iter().map(|(context, app)| json!({"context": context, "app_id": app})).collect();
    let on = |enabled: bool| json!({"enabled": enabled});
    let mut value = json!({
        "url": api,
        "enforce_admins": {"url": format!("{api}/enforce_admins"), "enabled": protection.enforce_admins},
        "required_linear_history": on(false),
        "allow_force_pushes": on(false),
        "allow_deletions": on(false),
        "block_creations": on(false),
        "required_conversation_resolution": on(protection.required_conversation_resolution),
        "lock_branch": on(false),
        "allow_fork_syncing": on(false),
        "required_signatures": {"url": format!("{api}/required_signatures"), "enabled": false},
    });
    if !contexts.is_empty() {
        let required = json!({
            "url": format!("{api}/required_status_checks"),
            "strict": protection.strict,
            "contexts": contexts,
            "contexts_url": format!("{api}/required_status_checks/contexts"),
            "checks": checks,
        });
        value = merged(value, json!({"required_status_checks": required}));
    }
    if protection.approvals > 0 {
        let reviews = json!({
            "url": format!("{api}/required_pull_request_reviews"),
            "dismiss_stale_reviews": protection.dismiss_stale_reviews,
            "require_code_owner_reviews": protection.require_code_owner_reviews,
            "require_last_push_approval": false,
            "required_approving_review_count": protection.approvals,
        });
        value = merged(value, json!({"required_pull_request_reviews": reviews}));
    }
    value
}

/// `repository-rule-detailed`: one rule with the ruleset it comes from.
pub(crate) fn rule_of_branch(state: &State, ruleset: &Ruleset, rule: &Value) -> Value {
    let source = json!({
        "ruleset_source_type": "Repository",
        "ruleset_source": state.name.to_string(),
        "ruleset_id": ruleset.id,
    });
    merged(rule.clone(), source)
}

/// How much of a ruleset to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Listed,
    Alone,
    /// With bypass actors, which only administrators see.
    Administrator,
}

/// `repository-ruleset`.
pub(crate) fn ruleset(state: &State, ruleset: &Ruleset, detail: Detail) -> Value {
    let api = format!("{}/rulesets/{}", state.api(), ruleset.id);
    let page = format!("{}/rules/{}", state.page(), ruleset.id);
    let mut value = json!({
        "id": ruleset.id,
        "name": ruleset.name,
        "target": "branch",
        "source_type": "Repository",
        "source": state.name.to_string(),
        "enforcement": if ruleset.active { "active" } else { "disabled" },
        "node_id": node_id("RRS", ruleset.id),
        "_links": {"self": {"href": api}, "html": {"href": page}},
        "created_at": stamp(ruleset.created_at),
        "updated_at": stamp(ruleset.created_at),
    });
    if detail != Detail::Listed {
        let names = json!({"include": ruleset.include, "exclude": []});
        let more =
            json!({"conditions": {"ref_name": names}, "rules": ruleset.rules, "current_user_can_bypass": "never"});
        value = merged(value, more);
    }
    if detail == Detail::Administrator {
        value = merged(value, json!({"bypass_actors": ruleset.bypass_actors}));
    }
    value
}

/// `repository-advisory`.
pub(crate) fn advisory(state: &State, advisory: &Advisory) -> Value {
    let cwes: Vec<Value> = advisory.cwe_ids.iter().map(|id| json!({"cwe_id": id, "name": id})).collect();
    json!({
        "ghsa_id": advisory.ghsa,
        "cve_id": null,
        "url": format!("{}/security-advisories/{}", state.api(), advisory.ghsa),
        "html_url": format!("{}/security/advisories/{}", state.page(), advisory.ghsa),
        "summary": advisory.summary,
        "description": advisory.description,
        "severity": advisory.severity,
        "author": user(state, advisory.author),
        "publisher": null,
        "identifiers": [{"value": advisory.ghsa, "type": "GHSA"}],
        "state": "draft",
        "created_at": stamp(advisory.created_at),
        "updated_at": stamp(advisory.created_at),
        "published_at": null,
        "closed_at": null,
        "withdrawn_at": null,
        "submission": null,
        "vulnerabilities": advisory.vulnerabilities,
        "cvss": {"vector_string": null, "score": null},
        "cwes": cwes,
        "cwe_ids": advisory.cwe_ids,
        "credits": [],
        "credits_detailed": [],
        "collaborating_users": [],
        "collaborating_teams": null,
        "private_fork": null,
    })
}

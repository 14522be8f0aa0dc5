//! Protection, rulesets, advisories.

use autonomy::sandbox::{Protection, Setting, login, token};
use serde_json::json;

use super::client::{Client, start};

const R: &str = "/repos/acme/widgets";

#[tokio::test]
async fn rules_of_a_branch_are_readable_and_bypass_actors_only_for_administrators() {
    let sandbox = start().await;
    let world = sandbox.world();
    let checks = json!({"type": "required_status_checks", "parameters": {
        "required_status_checks": [{"context": "test", "integration_id": 15368}],
        "strict_required_status_checks_policy": true}});
    let bypass = json!({"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"});
    let id = world.add_ruleset("main", &["~DEFAULT_BRANCH"], vec![checks, json!({"type": "deletion"})], vec![bypass]);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let rules = client.get(&format!("{R}/rules/branches/main")).await;
    assert_eq!(rules.each("type"), ["required_status_checks", "deletion"]);
    assert_eq!(rules.json[0]["ruleset_id"], id);
    assert_eq!(client.get(&format!("{R}/rules/branches/other")).await.json, json!([]));
    assert_eq!(client.get(&format!("{R}/rulesets")).await.each("name"), ["main"]);
    assert!(client.get(&format!("{R}/rulesets/{id}")).await.json.get("bypass_actors").is_none());
    let admin = Client::new(&sandbox, token::MAINTAINER).get(&format!("{R}/rulesets/{id}")).await;
    assert_eq!(admin.json["bypass_actors"][0]["actor_id"], 5);
}

#[tokio::test]
async fn a_ledger_branch_can_be_appended_to_but_not_rewritten() {
    let sandbox = start().await;
    let world = sandbox.world();
    world.create_branch(login::ACTIONS, "autonomy/ledger", "main").unwrap();
    let rules =
        vec![json!({"type": "deletion"}), json!({"type": "non_fast_forward"}), json!({"type": "required_signatures"})];
    world.add_ruleset("ledger", &["refs/heads/autonomy/**"], rules, vec![]);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let main = world.branch("main").unwrap();
    let tree = world.commit_tree(&main).unwrap();
    let commit = async |body| client.post(&format!("{R}/git/commits"), body).await.json["sha"].clone();
    let signed = commit(json!({"message": "1", "tree": tree, "parents": [main]})).await;
    let author = json!({"name": "x", "email": "x@example.com"});
    let unsigned = commit(json!({"message": "2", "tree": tree, "parents": [signed], "author": author})).await;
    let path = format!("{R}/git/refs/heads/autonomy/ledger");
    assert_eq!(client.patch(&path, json!({"sha": signed})).await.status, 200);
    let got = client.patch(&path, json!({"sha": unsigned})).await;
    assert!(got.status == 422 && got.message().contains("verified signatures"), "{}", got.text);
    let got = client.patch(&path, json!({"sha": main, "force": true})).await;
    assert!(got.status == 422 && got.message().contains("Cannot force-push to this branch"), "{}", got.text);
    let got = client.delete(&path).await;
    assert!(got.status == 422 && got.message().contains("Cannot delete this branch"), "{}", got.text);
}

#[tokio::test]
async fn classic_protection_shows_in_the_branch_and_stops_direct_pushes() {
    let sandbox = start().await;
    let world = sandbox.world();
    let protection =
        Protection { contexts: vec![("test".into(), None)], strict: true, approvals: 2, ..Protection::default() };
    world.protect("main", protection);
    let client = Client::new(&sandbox, token::WORKFLOW);
    let branch = client.get(&format!("{R}/branches/main")).await.json;
    assert_eq!(
        (branch["protected"].as_bool(), branch["protection"]["required_status_checks"]["contexts"][0].as_str()),
        (Some(true), Some("test"))
    );
    assert_eq!(client.get(&format!("{R}/branches?protected=true")).await.each("name"), ["main"]);
    let app = Client::new(&sandbox, token::APP).get(&format!("{R}/branches/main/protection")).await;
    assert_eq!(app.json["required_pull_request_reviews"]["required_approving_review_count"], 2);
    assert_eq!(app.json["required_status_checks"]["strict"], true);
    let main = world.branch("main").unwrap();
    let tree = world.commit_tree(&main).unwrap();
    let body = json!({"message": "direct", "tree": tree, "parents": [main]});
    let commit = client.post(&format!("{R}/git/commits"), body).await.json["sha"].clone();
    let got = client.patch(&format!("{R}/git/refs/heads/main"), json!({"sha": commit})).await;
    assert_eq!((got.status, got.message()), (422, "Changes must be made through a pull request."));
}

#[tokio::test]
async fn a_draft_advisory_is_filed_where_advisories_are_on() {
    let sandbox = start().await;
    let app = Client::new(&sandbox, token::APP);
    let body = json!({
        "summary": "Path traversal", "description": "d", "severity": "high", "cwe_ids": ["CWE-22"],
        "vulnerabilities": [{"package": {"ecosystem": "rust", "name": "widgets"}, "vulnerable_version_range": null,
                             "patched_versions": null, "vulnerable_functions": null}],
    });
    let made = app.post(&format!("{R}/security-advisories"), body.clone()).await;
    assert_eq!((made.status, made.json["state"].as_str()), (201, Some("draft")));
    assert!(made.json["ghsa_id"].as_str().unwrap().starts_with("GHSA-"));
    assert_eq!(app.get(&format!("{R}/security-advisories?state=draft")).await.each("summary"), ["Path traversal"]);
    assert_eq!(app.post(&format!("{R}/security-advisories"), json!({"summary": "x"})).await.status, 422);
    sandbox.world().set(Setting::Advisories(false));
    assert_eq!(app.post(&format!("{R}/security-advisories"), body).await.status, 404);
    let workflow = Client::new(&sandbox, token::WORKFLOW);
    assert_eq!(workflow.get(&format!("{R}/dependency-graph/compare/main...main")).await.status, 403);
    assert_eq!(workflow.get(&format!("{R}/actions/permissions/workflow")).await.status, 403);
}

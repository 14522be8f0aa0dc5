//! The edges of the wire, against a server that answers what it is told: what is repeated, what is waited for, what is said.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{GitHub, GitHubOptions};
use crate::domain::ids::{CommitSha, IssueNumber, PullNumber};
use crate::domain::user::{Permission, TokenKind};
use crate::plan::action::CheckOutcome;
use crate::ports::forge::{ForgeError, ForgeRead, StateFilter};
use crate::ports::ledger_store::LedgerStore;

const TOKEN: &str = "ghp_0123456789secret";
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn options(server: &MockServer, token: &str) -> GitHubOptions {
    GitHubOptions {
        api_url: format!("{}/api/v3/", server.uri()).parse().unwrap(),
        graphql_url: format!("{}/api/graphql", server.uri()).parse().unwrap(),
        server_url: server.uri().parse().unwrap(),
        token: SecretString::from(token.to_owned()),
        repo: "acme/web".parse().unwrap(),
        write_pause: Duration::ZERO,
        timeout: Duration::from_secs(2),
        max_wait: Duration::from_secs(3),
    }
}

fn github(server: &MockServer) -> GitHub {
    GitHub::connect(options(server, TOKEN)).unwrap().with_retry_pause(Duration::from_millis(1))
}

async fn answer(server: &MockServer, verb: &str, at: &str, response: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(format!("/api/v3/repos/acme/web{at}")))
        .respond_with(response)
        .mount(server)
        .await;
}

async fn once(server: &MockServer, verb: &str, at: &str, response: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(format!("/api/v3/repos/acme/web{at}")))
        .respond_with(response)
        .up_to_n_times(1)
        .mount(server)
        .await;
}

async fn graphql(server: &MockServer, response: Value) {
    Mock::given(method("POST"))
        .and(path("/api/graphql"))
        .respond_with(ResponseTemplate::new(200).set_body_json(response))
        .mount(server)
        .await;
}

fn issue(number: u64) -> Value {
    json!({
        "number": number, "title": "t", "body": null, "state": "open", "user": null, "labels": ["a", {"name": "b"}],
        "assignees": [], "milestone": null, "locked": false, "html_url": "u",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    })
}

fn repository() -> Value {
    json!({"id": 1, "default_branch": "main", "private": false, "archived": false, "has_issues": true, "html_url": "u"})
}

fn status(code: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(code).set_body_json(json!({ "message": message, "documentation_url": "d" }))
}

fn sha() -> CommitSha {
    SHA.parse().unwrap()
}

#[tokio::test]
async fn a_read_is_repeated_after_a_5xx_and_counted() {
    let server = MockServer::start().await;
    once(&server, "GET", "", status(502, "")).await;
    answer(&server, "GET", "", ResponseTemplate::new(200).set_body_json(repository())).await;
    let github = github(&server);
    assert_eq!(github.repository().await.unwrap().default_branch.as_str(), "main");
    let log = github.requests();
    assert_eq!((log.total(), log.retries), (2, 1));
    assert_eq!(log.routes["GET /repos/{owner}/{repo}"], 2);
}

#[tokio::test]
async fn a_read_is_given_up_after_a_few_tries() {
    let server = MockServer::start().await;
    answer(&server, "GET", "", status(503, "")).await;
    let github = github(&server);
    assert!(matches!(github.repository().await, Err(ForgeError::Unavailable { .. })));
    assert_eq!(github.requests().total(), 4);
}

/// octocrab's own retry sent four POSTs on one 502.
#[tokio::test]
async fn a_write_is_sent_once_whatever_comes_back() {
    let server = MockServer::start().await;
    answer(&server, "POST", "/issues", status(502, "")).await;
    answer(&server, "PUT", "/pulls/3/merge", ResponseTemplate::new(200).set_delay(Duration::from_secs(9))).await;
    let github = github(&server);
    let failed = github.create_issue("k", "t", "b", &[]).await;
    assert!(failed.as_ref().is_err_and(ForgeError::outcome_unknown), "{failed:?}");
    let request =
        github.write(http::Method::PUT, "/repos/{owner}/{repo}/pulls/{pull_number}/merge", &[&3], "merge", json!({}));
    let failed = github.send(&request).await.unwrap_err();
    assert_eq!(failed.to_string(), "GitHub is not reachable while trying to merge: no answer in time");
    assert_eq!(github.requests().total(), 2);
}

#[tokio::test]
async fn a_write_waits_for_a_secondary_limit_because_nothing_has_happened() {
    let server = MockServer::start().await;
    let limited = status(403, "You have exceeded a secondary rate limit").insert_header("retry-after", "1");
    once(&server, "POST", "/issues", limited).await;
    let mut created = issue(7);
    created["body"] = json!("b\n\n<!-- autonomy:k -->");
    answer(&server, "POST", "/issues", ResponseTemplate::new(201).set_body_json(created)).await;
    let github = github(&server);
    assert_eq!(github.create_issue("k", "t", "b", &[]).await.unwrap().number, Some(7));
    let log = github.requests();
    assert_eq!((log.total(), log.waits, log.waited), (2, 1, Duration::from_secs(1)));
}

#[tokio::test]
async fn a_limit_that_lasts_too_long_is_an_error_at_once() {
    let server = MockServer::start().await;
    let limited = status(429, "").insert_header("retry-after", "900");
    answer(&server, "GET", "", limited).await;
    let github = github(&server);
    let error = github.repository().await.unwrap_err();
    assert!(matches!(error, ForgeError::RateLimited { retry_after, .. } if retry_after == Duration::from_mins(15)));
    assert_eq!(github.requests().total(), 1);
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_only_on_our_host() {
    let server = MockServer::start().await;
    let next = format!("<{}/api/v3/repositories/1/issues?page=2>; rel=\"next\"", server.uri());
    let first = ResponseTemplate::new(200).set_body_json([issue(1), issue(2)]).insert_header("link", next);
    Mock::given(method("GET"))
        .and(path("/api/v3/repos/acme/web/issues"))
        .and(query_param("per_page", "100"))
        .and(query_param("labels", "a b"))
        .respond_with(first)
        .mount(&server)
        .await;
    let mut pull = issue(4);
    pull["pull_request"] = json!({});
    Mock::given(path("/api/v3/repositories/1/issues"))
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json([issue(3), pull]))
        .mount(&server)
        .await;
    let found = github(&server).issues(StateFilter::Open, Some("a b")).await.unwrap();
    assert_eq!(found.iter().map(|issue| issue.number.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(found[0].labels, ["a", "b"]);

    let server = MockServer::start().await;
    let elsewhere = "<https://example.com/x?page=2>; rel=\"next\"";
    let page = ResponseTemplate::new(200).set_body_json([issue(1)]).insert_header("link", elsewhere);
    answer(&server, "GET", "/issues", page).await;
    assert!(matches!(github(&server).issues(StateFilter::All, None).await, Err(ForgeError::Malformed { .. })));
}

#[tokio::test]
async fn a_moved_repository_is_followed_for_reads_on_the_same_host_only() {
    let server = MockServer::start().await;
    let moved =
        status(301, "Moved Permanently").insert_header("location", format!("{}/api/v3/repositories/1", server.uri()));
    answer(&server, "GET", "", moved).await;
    Mock::given(path("/api/v3/repositories/1"))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(repository()))
        .mount(&server)
        .await;
    assert!(github(&server).repository().await.is_ok());

    let (server, other) = (MockServer::start().await, MockServer::start().await);
    let away = status(302, "").insert_header("location", format!("{}/x", other.uri()));
    answer(&server, "GET", "", away.clone()).await;
    answer(&server, "POST", "/issues", status(307, "").insert_header("location", "/api/v3/x")).await;
    let github = github(&server);
    assert!(matches!(github.repository().await, Err(ForgeError::Refused { status: 302, .. })));
    assert!(matches!(github.create_issue("k", "t", "b", &[]).await, Err(ForgeError::Refused { status: 307, .. })));
    assert!(other.received_requests().await.unwrap().is_empty());
    assert_eq!(github.requests().total(), 2);
}

#[tokio::test]
async fn refusals_are_told_apart_and_name_the_permission() {
    let server = MockServer::start().await;
    answer(&server, "GET", "", status(401, "Bad credentials")).await;
    let denied = status(403, "Resource not accessible by integration")
        .insert_header("x-accepted-github-permissions", "actions=read");
    answer(&server, "GET", "/actions/runs/5", denied).await;
    answer(&server, "GET", "/issues/6", status(404, "Not Found")).await;
    answer(&server, "POST", "/git/refs", status(422, "Reference already exists")).await;
    answer(&server, "POST", "/issues", status(410, "Issues are disabled for this repo")).await;
    let github = github(&server);
    let said = |error: ForgeError| error.to_string();
    assert_eq!(
        said(github.repository().await.unwrap_err()),
        "GitHub does not accept the token (while trying to read repository acme/web)"
    );
    assert_eq!(
        said(github.workflow_run(5).await.unwrap_err()),
        "the token may not read workflow run 5; it needs actions=read"
    );
    assert_eq!(said(github.issue(IssueNumber(6)).await.unwrap_err()), "issue #6 was not found");
    let branch = "automated/1-x".parse().unwrap();
    let taken = github.create_branch(&branch, &sha(), "create branch automated/1-x").await.unwrap_err();
    assert_eq!(said(taken), "create branch automated/1-x: Reference already exists");
    assert_eq!(github.requests().retries, 0);
}

#[tokio::test]
async fn a_graphql_answer_with_errors_is_no_answer() {
    for (errors, data, wanted) in [
        (json!([{"type": "NOT_FOUND", "message": "m"}]), json!({"repository": null}), "NotFound"),
        (json!([{"type": "FORBIDDEN", "message": "m"}]), json!(null), "Denied"),
        (json!([{"type": "STALE_DATA", "message": "m"}]), json!(null), "Conflict"),
        (
            json!([{"message": "Something went wrong"}]),
            json!({"viewer": {"__typename": "User", "login": "x", "databaseId": 1}}),
            "Unavailable",
        ),
        (json!([{"message": "m", "extensions": {"code": "undefinedField"}}]), json!(null), "Refused"),
    ] {
        let server = MockServer::start().await;
        graphql(&server, json!({ "data": data, "errors": errors })).await;
        let error = github(&server).identity().await.unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{error:?}");
    }
}

#[tokio::test]
async fn a_graphql_limit_comes_with_status_200_and_is_waited_for() {
    let server = MockServer::start().await;
    let limited = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]});
    Mock::given(path("/api/graphql"))
        .respond_with(ResponseTemplate::new(200).set_body_json(limited).insert_header("retry-after", "1"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    graphql(
        &server,
        json!({"data": {"viewer": {"__typename": "User", "login": "github-actions", "databaseId": 41_898_282}}}),
    )
    .await;
    let github = github(&server);
    let identity = github.identity().await.unwrap();
    assert_eq!((identity.token, identity.user.login.as_str()), (TokenKind::Workflow, "github-actions[bot]"));
    assert_eq!(github.requests().waits, 1);
    // A token does not change hands: the second question sends nothing.
    github.identity().await.unwrap();
    assert_eq!(github.requests().total(), 2);
}

#[tokio::test]
async fn the_token_is_trimmed_checked_and_never_shown() {
    let server = MockServer::start().await;
    assert!(GitHub::connect(options(&server, " \n")).is_err());
    let error = GitHub::connect(options(&server, "ghp_secret\nvalue-of-two-lines")).unwrap_err();
    assert!(!format!("{error:?}").contains("ghp_secret"));
    Mock::given(header("authorization", format!("Bearer {TOKEN}")))
        .and(header("x-github-api-version", "2022-11-28"))
        .and(header("accept", "application/vnd.github+json"))
        .and(header("user-agent", concat!("autonomy/", env!("CARGO_PKG_VERSION"))))
        .respond_with(ResponseTemplate::new(418).set_body_json(json!({"message": format!("what is {TOKEN}?")})))
        .expect(1)
        .mount(&server)
        .await;
    let github = GitHub::connect(options(&server, &format!(" {TOKEN}\r\n"))).unwrap();
    let error = github.repository().await.unwrap_err();
    assert_eq!(error.to_string(), "GitHub refused to read repository acme/web: what is [redacted]?");
    assert!(!format!("{github:?} {error:?} {:?}", github.options).contains(TOKEN));
}

#[tokio::test]
async fn a_server_that_does_not_listen_says_so() {
    let server = MockServer::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let api_url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let github = GitHub::connect(GitHubOptions { api_url, ..options(&server, TOKEN) }).unwrap();
    let github = github.with_retry_pause(Duration::from_millis(1));
    let error = github.repository().await.unwrap_err();
    let wanted = "GitHub is not reachable while trying to read repository acme/web: no connection";
    assert_eq!(error.to_string(), wanted);
}

#[tokio::test]
async fn bodies_of_another_shape_are_malformed_without_being_quoted() {
    let server = MockServer::start().await;
    answer(&server, "GET", "", ResponseTemplate::new(200).set_body_string(r#"{"id":"private words"}"#)).await;
    let error = github(&server).repository().await.unwrap_err();
    assert!(matches!(error, ForgeError::Malformed { .. }) && !error.to_string().contains("private"), "{error}");
}

#[tokio::test]
async fn rules_that_cannot_be_read_are_incomplete_never_none() {
    let rule = json!([{ "type": "required_status_checks", "parameters": {
        "strict_required_status_checks_policy": true, "required_status_checks": [{"context": "ci", "integration_id": 15368}] } },
        { "type": "deletion" }]);
    let branch = |protection: Value| json!({ "name": "main", "commit": {"sha": SHA}, "protected": true, "protection": protection });
    let classic = json!({"enabled": true, "required_status_checks": {"contexts": ["old"], "checks": [{"context": "old", "app_id": null}]}});
    let silent = json!({"enabled": true, "required_status_checks": {"contexts": [], "checks": []}});
    let main = "main".parse().unwrap();
    for (rules, branch, protection, complete, names) in [
        (status(200, ""), branch(classic.clone()), status(403, "no"), true, vec!["ci", "old"]),
        (status(403, "no"), branch(classic), status(403, "no"), false, vec!["old"]),
        (status(200, ""), branch(silent.clone()), status(403, "no"), false, vec!["ci"]),
        (status(200, ""), branch(silent), status(404, "no"), false, vec!["ci"]),
        (status(200, ""), branch(json!({"enabled": false})), status(403, "no"), true, vec!["ci"]),
    ] {
        let server = MockServer::start().await;
        let rules = if format!("{rules:?}").contains("200") { rules.set_body_json(&rule) } else { rules };
        answer(&server, "GET", "/rules/branches/main", rules).await;
        answer(&server, "GET", "/branches/main", ResponseTemplate::new(200).set_body_json(branch)).await;
        answer(&server, "GET", "/branches/main/protection", protection).await;
        let found = github(&server).branch_rules(&main).await.unwrap();
        assert_eq!(found.complete, complete);
        assert_eq!(found.required_checks.iter().map(|check| check.context.as_str()).collect::<Vec<_>>(), names);
        assert!(found.strict);
    }
}

#[tokio::test]
async fn a_count_above_the_list_makes_it_incomplete() {
    let server = MockServer::start().await;
    let page = json!({"total_count": 2, "check_runs": []});
    answer(&server, "GET", &format!("/commits/{SHA}/check-runs"), ResponseTemplate::new(200).set_body_json(page)).await;
    assert!(!github(&server).check_runs(&sha()).await.unwrap().complete);
}

#[tokio::test]
async fn permissions_are_those_of_the_role_and_apps_have_none() {
    let server = MockServer::start().await;
    let body = |permission: &str, role: &str| {
        ResponseTemplate::new(200).set_body_json(json!({"permission": permission, "role_name": role, "user": null}))
    };
    answer(&server, "GET", "/collaborators/ann/permission", body("write", "maintain")).await;
    answer(&server, "GET", "/collaborators/bob/permission", body("read", "translator")).await;
    answer(&server, "GET", "/collaborators/app%5Bbot%5D/permission", status(404, "app[bot] is not a user")).await;
    let github = github(&server);
    assert_eq!(github.permission("ann").await, Ok(Some(Permission::Maintain)));
    assert_eq!(github.permission("bob").await, Ok(Some(Permission::Read)));
    assert_eq!(github.permission("app[bot]").await, Ok(None));
}

#[tokio::test]
async fn merging_answers_yes_no_or_an_error() {
    let server = MockServer::start().await;
    answer(&server, "GET", "/pulls/1/merge", ResponseTemplate::new(204)).await;
    answer(&server, "GET", "/pulls/2/merge", status(404, "Not Found")).await;
    answer(&server, "GET", "/pulls/3/merge", status(500, "")).await;
    let github = github(&server);
    assert_eq!(github.is_merged(PullNumber(1)).await, Ok(true));
    assert_eq!(github.is_merged(PullNumber(2)).await, Ok(false));
    assert!(github.is_merged(PullNumber(3)).await.is_err());
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_whole_is_an_error_never_empty() {
    let tree = |blob: Value| {
        let folder = |name: &str, object: Value| json!({"entries": [{"name": name, "type": "tree", "object": object}]});
        let file = json!({"entries": [{"name": "00000001-ab.jsonl", "type": "blob", "object": blob}]});
        json!({"data": {"repository": {"object": folder("2026", folder("11", file))}}})
    };
    let whole = json!({"text": "{}\n", "isBinary": false, "isTruncated": false});
    let cut = json!({"text": "{", "isBinary": false, "isTruncated": true});
    let binary = json!({"text": null, "isBinary": true, "isTruncated": false});
    for (answered, wanted) in [
        (tree(whole), Some(1)),
        (tree(cut), None),
        (tree(binary), None),
        (json!({"data": {"repository": {"object": null}}}), None),
        (json!({"data": {"repository": {"object": {"entries": [{"name": "x", "type": "blob", "object": {}}]}}}}), None),
    ] {
        let server = MockServer::start().await;
        let found = json!({"ref": "refs/heads/autonomy/ledger", "object": {"sha": SHA, "type": "commit"}});
        answer(&server, "GET", "/git/ref/heads/autonomy/ledger", ResponseTemplate::new(200).set_body_json(found)).await;
        graphql(&server, answered).await;
        let loaded = github(&server).load().await;
        assert_eq!(loaded.as_ref().ok().map(|files| files.segments.len()), wanted, "{loaded:?}");
    }
    let server = MockServer::start().await;
    answer(&server, "GET", "/git/ref/heads/autonomy/ledger", status(404, "Not Found")).await;
    assert_eq!(github(&server).load().await.unwrap().head, None);
}

#[tokio::test]
async fn an_append_is_a_compare_and_swap_and_old_servers_get_git_objects() {
    let server = MockServer::start().await;
    Mock::given(path("/api/graphql"))
        .and(body_string_contains("expectedHeadOid"))
        .and(body_string_contains("\"contents\":\"YQ==\""))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"data": {"createCommitOnBranch": null}, "errors": [{"type": "STALE_DATA", "message": "Expected branch to point to"}]}),
        ))
        .expect(1)
        .mount(&server)
        .await;
    let lost = github(&server).append(Some(&sha()), "seg/2026/11/x", "a", "m").await;
    assert!(matches!(lost, Err(ForgeError::Conflict { .. })), "{lost:?}");

    let server = MockServer::start().await;
    let unknown = json!({"errors": [{"message": "Field 'createCommitOnBranch' doesn't exist on type 'Mutation'", "extensions": {"code": "undefinedField"}}]});
    graphql(&server, unknown).await;
    let commit = json!({"sha": SHA, "tree": {"sha": "t"}});
    answer(&server, "GET", &format!("/git/commits/{SHA}"), ResponseTemplate::new(200).set_body_json(&commit)).await;
    answer(&server, "POST", "/git/trees", ResponseTemplate::new(201).set_body_json(json!({"sha": "t2"}))).await;
    answer(&server, "POST", "/git/commits", ResponseTemplate::new(201).set_body_json(&commit)).await;
    answer(&server, "PATCH", "/git/refs/heads/autonomy/ledger", status(422, "Update is not a fast forward")).await;
    let lost = github(&server).append(Some(&sha()), "seg/2026/11/x", "a", "m").await;
    assert!(matches!(lost, Err(ForgeError::Conflict { .. })), "{lost:?}");
}

#[tokio::test]
async fn writes_keep_their_distance() {
    let server = MockServer::start().await;
    answer(&server, "POST", "/issues/1/labels", ResponseTemplate::new(200).set_body_json(json!([]))).await;
    let options = GitHubOptions { write_pause: Duration::from_millis(60), ..options(&server, TOKEN) };
    let github = GitHub::connect(options).unwrap();
    let label = "a".to_owned();
    let labels = [&label];
    let start = std::time::Instant::now();
    let (one, two, three) =
        tokio::join!(github.add_labels(1, &labels), github.add_labels(1, &labels), github.add_labels(1, &labels));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[test]
fn the_words_for_check_results_are_github_s() {
    let words = [CheckOutcome::Success, CheckOutcome::Failure, CheckOutcome::Neutral, CheckOutcome::ActionRequired];
    assert_eq!(words.map(super::write::check::conclusion), ["success", "failure", "neutral", "action_required"]);
}

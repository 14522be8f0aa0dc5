//! GraphQL over HTTP: wide queries over everything the schema offers, in shapes that the contract check validates.

use std::path::PathBuf;

use autonomy::sandbox::{ACTIONS_APP, Options, Protection, Sandbox, Verdict, login, token};
use serde_json::{Value, json};

async fn start() -> Sandbox {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let record = std::env::var_os("AUTONOMY_RECORD_DIR").map(PathBuf::from);
    let options = Options::new("acme/widgets".parse().unwrap());
    Sandbox::start(Options { record, probe: true, ..options }).await.unwrap()
}

async fn ask(sandbox: &Sandbox, token: &str, query: &str, variables: Value) -> Value {
    let body = json!({"query": query, "variables": variables});
    let request = reqwest::Client::new().post(sandbox.graphql_url()).bearer_auth(token).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["x-ratelimit-resource"], "graphql");
    response.json().await.unwrap()
}

const PEOPLE: &str = "fragment Who on Actor { __typename login url ... on User { id databaseId name } ... on Bot { id databaseId }
    ... on Organization { databaseId } ... on Mannequin { databaseId } }
  fragment Edits on Comment { lastEditedAt editor { ...Who } includesCreatedEdit publishedAt
    userContentEdits(first: 5) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { id createdAt } } nodes { id editedAt createdAt updatedAt deletedAt deletedBy { login } diff editor { ...Who } } } }
  fragment Event on Node { id __typename
    ... on LabeledEvent { createdAt actor { ...Who } label { id name color description isDefault } labelable { labels(first: 3) { totalCount } } }
    ... on UnlabeledEvent { createdAt actor { ...Who } label { name } }
    ... on RenamedTitleEvent { createdAt actor { ...Who } previousTitle currentTitle }
    ... on ClosedEvent { createdAt actor { ...Who } stateReason url closable { closed closedAt } }
    ... on ReopenedEvent { createdAt actor { ...Who } stateReason }
    ... on AssignedEvent { createdAt actor { ...Who } assignee { __typename ... on User { login } } }
    ... on LockedEvent { createdAt actor { ...Who } lockReason } }";

#[tokio::test]
async fn an_issue_is_told_in_full() {
    let sandbox = start().await;
    let world = sandbox.world();
    let number = world.create_issue(login::MAINTAINER, "Title", "text", &["roadmap"]).unwrap();
    world.edit_issue(login::WRITER, number, Some("Other"), Some("changed")).unwrap();
    world.assign(login::MAINTAINER, number, login::WRITER).unwrap();
    world.unlabel(login::TRIAGER, number, "roadmap").unwrap();
    let comment = world.comment(login::OUTSIDER, number, "hello").unwrap();
    world.edit_comment(login::WRITER, comment, "goodbye").unwrap();
    world.comment(login::ACTIONS, number, "from a bot").unwrap();
    let milestone = world.create_milestone("v1", None);
    world.set_milestone(login::MAINTAINER, number, Some(milestone)).unwrap();
    world.close_issue(login::MAINTAINER, number, "not_planned").unwrap();
    world.reopen_issue(login::MAINTAINER, number).unwrap();
    world.lock(login::MAINTAINER, number).unwrap();
    let query = format!(
        "query issue($number: Int!) {{ rateLimit {{ cost limit remaining used resetAt nodeCount }}
          repository(owner: \"acme\", name: \"widgets\") {{ issue(number: $number) {{
            id databaseId number title body url state stateReason closed closedAt createdAt updatedAt locked activeLockReason
            authorAssociation author {{ ...Who }} ...Edits assignees(first: 5) {{ nodes {{ login }} }}
            labels(first: 5) {{ nodes {{ name }} }} milestone {{ id number title state dueOn description createdAt url }}
            comments(first: 1) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ id databaseId body url isMinimized
              minimizedReason createdAt updatedAt authorAssociation author {{ ...Who }} ...Edits issue {{ number }} pullRequest {{ id }} }} }}
            timelineItems(first: 50) {{ totalCount nodes {{ ... on Node {{ ...Event }} }} }} }} }} }} {PEOPLE}"
    );
    let answer = ask(&sandbox, token::WORKFLOW, &query, json!({"number": number})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let issue = &answer["data"]["repository"]["issue"];
    assert_eq!(
        (&issue["title"], &issue["body"], &issue["editor"]["login"]),
        (&json!("Other"), &json!("changed"), &json!("writer"))
    );
    assert_eq!(
        (&issue["comments"]["totalCount"], &issue["comments"]["pageInfo"]["hasNextPage"]),
        (&json!(2), &json!(true))
    );
    let kinds: Vec<&str> =
        issue["timelineItems"]["nodes"].as_array().unwrap().iter().filter_map(|e| e["__typename"].as_str()).collect();
    for kind in [
        "LabeledEvent",
        "RenamedTitleEvent",
        "UnlabeledEvent",
        "IssueComment",
        "ClosedEvent",
        "ReopenedEvent",
        "LockedEvent",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let next = "query($after: String) { repository(owner: \"acme\", name: \"widgets\") { issue(number: 1) {
        comments(first: 1, after: $after) { pageInfo { hasNextPage } nodes { author { __typename login } } } } } }";
    let answer =
        ask(&sandbox, token::WORKFLOW, next, json!({"after": issue["comments"]["pageInfo"]["endCursor"]})).await;
    let comments = &answer["data"]["repository"]["issue"]["comments"];
    assert_eq!(comments["nodes"], json!([{"author": {"__typename": "Bot", "login": "github-actions"}}]));
    assert_eq!(comments["pageInfo"]["hasNextPage"], false);
    world.delete_user(login::OUTSIDER).unwrap();
    let answer = ask(&sandbox, token::WORKFLOW, next, json!({"after": null})).await;
    assert_eq!(
        answer["data"]["repository"]["issue"]["comments"]["nodes"],
        json!([{"author": null}]),
        "a ghost is nobody"
    );
    assert!(sandbox.unknown_routes().is_empty());
}

#[tokio::test]
async fn a_pull_request_is_told_in_full_and_its_state_follows_rules() {
    let sandbox = start().await;
    let world = sandbox.world();
    let head =
        world.push(login::WRITER, "automated/1-x", &[("a.txt", Some("a\n")), ("README.md", None)], "Add a").unwrap();
    let number = world.open_pull(login::WRITER, "automated/1-x", "main", "Add a", "Fixes #9").unwrap();
    world.review(login::MAINTAINER, number, Verdict::RequestChanges, "no", None).unwrap();
    world.check_run(&head, "test", Some("success"), ACTIONS_APP);
    world.check_run(&head, "lint", None, ACTIONS_APP);
    world.status(login::WRITER, &head, "ci/other", "success").unwrap();
    let query = format!(
        "query pull($number: Int!) {{ repository(owner: \"acme\", name: \"widgets\") {{ pullRequest(number: $number) {{
            id databaseId number title body url state closed merged mergedAt mergedBy {{ login }} mergeCommit {{ oid }} isDraft
            isCrossRepository additions deletions changedFiles baseRefName baseRefOid baseRef {{ name prefix }} headRefName headRefOid
            headRef {{ target {{ oid }} }} headRepository {{ nameWithOwner }} mergeable mergeStateStatus reviewDecision
            autoMergeRequest {{ enabledAt mergeMethod }} author {{ ...Who }} ...Edits
            files(first: 10) {{ nodes {{ path additions deletions changeType }} }}
            reviews(first: 10) {{ nodes {{ id databaseId state body submittedAt author {{ ...Who }} commit {{ oid }} }} }}
            reviewThreads(first: 10) {{ nodes {{ id isResolved isOutdated comments(first: 5) {{ nodes {{ id body path line }} }} }} }}
            timelineItems(first: 50) {{ nodes {{ __typename ... on Node {{ ...Event }} }} }}
            closingIssuesReferences(first: 3) {{ nodes {{ number }} }}
            commits(last: 1) {{ nodes {{ commit {{ oid abbreviatedOid messageHeadline committedDate author {{ name email date user {{ login }} }}
              parents(first: 2) {{ nodes {{ oid }} }} history(first: 5) {{ nodes {{ oid }} }} tree {{ oid }}
              statusCheckRollup {{ state contexts(first: 20) {{ totalCount nodes {{ __typename
                ... on CheckRun {{ name status conclusion databaseId startedAt completedAt isRequired(pullRequestNumber: $number)
                  checkSuite {{ databaseId status conclusion app {{ databaseId slug name }} workflowRun {{ databaseId event }} }} }}
                ... on StatusContext {{ context state creator {{ login }} isRequired(pullRequestNumber: $number) }} }} }} }} }} }} }} }} }} }} {PEOPLE}"
    );
    let pull = async || {
        let answer = ask(&sandbox, token::WORKFLOW, &query, json!({"number": number})).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["repository"]["pullRequest"].clone()
    };
    let first = pull().await;
    assert_eq!((&first["mergeable"], &first["reviewDecision"]), (&json!("UNKNOWN"), &Value::Null));
    let rollup = &first["commits"]["nodes"][0]["commit"]["statusCheckRollup"];
    assert_eq!((&rollup["state"], &rollup["contexts"]["totalCount"]), (&json!("PENDING"), &json!(3)));
    let second = pull().await;
    assert_eq!((&second["mergeable"], &second["mergeStateStatus"]), (&json!("MERGEABLE"), &json!("UNSTABLE")));
    world.protect(
        "main",
        Protection { contexts: vec![("lint".to_owned(), None)], approvals: 1, ..Protection::default() },
    );
    let third = pull().await;
    assert_eq!(
        (&third["mergeStateStatus"], &third["reviewDecision"]),
        (&json!("BLOCKED"), &json!("CHANGES_REQUESTED"))
    );
    let contexts =
        third["commits"]["nodes"][0]["commit"]["statusCheckRollup"]["contexts"]["nodes"].as_array().unwrap().clone();
    let required = contexts.iter().find(|c| c["name"] == "lint").map(|c| c["isRequired"].clone());
    assert_eq!(required, Some(json!(true)));
    world.push(login::MAINTAINER, "main", &[("a.txt", Some("b\n"))], "Conflict").unwrap();
    pull().await;
    assert_eq!(pull().await["mergeable"], "CONFLICTING");
    assert!(sandbox.unknown_routes().is_empty());
}

#[tokio::test]
async fn a_tree_is_read_with_its_files_in_one_answer() {
    let sandbox = start().await;
    let files = [("seg/2026/01/1.jsonl", Some("{}\n")), ("seg/2026/02/2.jsonl", Some("{\"a\":1}\n"))];
    let head = sandbox.world().push(login::WRITER, "autonomy/ledger", &files, "Ledger").unwrap();
    let query = "query($tree: String!) { repository(owner: \"acme\", name: \"widgets\") { id databaseId isPrivate isEmpty visibility
        viewerPermission owner { login } defaultBranchRef { name target { oid __typename } } refs(refPrefix: \"refs/heads/\", first: 10) { nodes { name } }
        ref(qualifiedName: \"autonomy/ledger\") { id name prefix target { ... on Commit { message file(path: \"seg/2026/01/1.jsonl\") { name size } } } }
        object(expression: $tree) { ... on Tree { oid entries { name type mode oid object {
            ... on Tree { entries { name object { ... on Tree { entries { name type object { ... on Blob { text isBinary isTruncated byteSize } } } } } } } } } } } } }";
    let answer = ask(&sandbox, token::APP, query, json!({"tree": format!("{head}:seg")})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let repository = &answer["data"]["repository"];
    let months = &repository["object"]["entries"][0]["object"]["entries"];
    let blob = json!({"text": "{\"a\":1}\n", "isBinary": false, "isTruncated": false, "byteSize": 8});
    assert_eq!(months[1]["object"]["entries"], json!([{"name": "2.jsonl", "type": "blob", "object": blob}]));
    assert_eq!(repository["ref"]["target"]["file"], json!({"name": "1.jsonl", "size": 3}));
    let gone = ask(&sandbox, token::APP, query, json!({"tree": format!("{head}:nothing")})).await;
    assert_eq!((gone.get("errors"), &gone["data"]["repository"]["object"]), (None, &Value::Null));
    assert!(sandbox.unknown_routes().is_empty());
}

#[tokio::test]
async fn a_token_without_a_right_is_forbidden_in_a_200_and_limits_are_errors_too() {
    let sandbox = start().await;
    let number = sandbox.world().create_issue(login::MAINTAINER, "T", "b", &[]).unwrap();
    sandbox.world().set_access("workflow", "issues", autonomy::sandbox::Access::None).unwrap();
    let query = "query($n: Int!) { viewer { login } repository(owner: \"acme\", name: \"widgets\") { issue(number: $n) { id } } }";
    let answer = ask(&sandbox, token::WORKFLOW, query, json!({"n": number})).await;
    assert_eq!(answer["data"]["repository"], json!({"issue": null}));
    assert_eq!(
        (&answer["errors"][0]["type"], &answer["errors"][0]["message"]),
        (&json!("FORBIDDEN"), &json!("Resource not accessible by integration"))
    );
    sandbox.world().set_remaining("workflow", 0).unwrap();
    let answer = ask(&sandbox, token::WORKFLOW, query, json!({"n": number})).await;
    assert_eq!((answer.get("data"), &answer["errors"][0]["type"]), (None, &json!("RATE_LIMITED")));
    let unknown = ask(&sandbox, token::MAINTAINER, "{ viewer { nick } }", json!({})).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "undefinedField");
    assert_eq!(sandbox.unknown_routes(), ["POST /graphql"]);
}

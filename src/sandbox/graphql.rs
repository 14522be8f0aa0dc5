//! The GraphQL door of the embedded GitHub: a part of GitHub's own schema, executed over the sandbox's state.

mod document;
mod execute;
mod ids;
mod mutate;
mod node;
mod page;
mod resolve;
mod schema;
mod validate;
mod values;

use serde_json::{Map, Value, json};

use super::exchange::Response;
use super::rest::Caller;
use super::state::State;
use execute::Execution;

/// Answers one GraphQL request: `{"query", "variables", "operationName"}`. Everything that a query does wrong against
/// the schema is an answer as from an unknown route, so that a test run fails on it.
pub(crate) fn handle(state: &mut State, caller: &Caller, body: Value) -> Response {
    let Value::Object(body) = body else { return no_query() };
    let Some(query) = body.get("query").and_then(Value::as_str) else { return no_query() };
    let empty = Map::new();
    let given = body.get("variables").and_then(Value::as_object).unwrap_or(&empty);
    let name = body.get("operationName").and_then(Value::as_str);
    match execute(state, caller, query, given, name) {
        Ok(answer) => Response::json(200, answer),
        Err(errors) => unknown(Response::json(200, json!({"errors": errors}))),
    }
}

fn no_query() -> Response {
    let message = "A query attribute must be specified and must be a string.";
    let docs = "https://docs.github.com/graphql";
    unknown(Response::json(400, json!({"message": message, "documentation_url": docs, "status": "400"})))
}

fn unknown(mut response: Response) -> Response {
    response.unknown = true;
    response
}

/// The answer, or the errors of a query that cannot be executed.
fn execute(
    state: &mut State,
    caller: &Caller,
    query: &str,
    given: &Map<String, Value>,
    name: Option<&str>,
) -> Result<Value, Vec<Value>> {
    let plain = |message: String| vec![json!({"message": message})];
    let schema = schema::schema().map_err(plain)?;
    let document = graphql_parser::parse_query::<String>(query)
        .map_err(|e| plain(format!("Parse error: {}", e.to_string().replace('\n', " "))))?
        .into_static();
    let operation = document::operation(&document, name).map_err(plain)?;
    let errors = validate::errors(schema, &operation);
    if !errors.is_empty() {
        return Err(errors);
    }
    let variables = values::variables(schema, operation.variables, given)?;
    let mut execution = Execution {
        schema,
        operation: &operation,
        variables: &variables,
        state,
        caller,
        looked: resolve::Looked::default(),
        errors: Vec::new(),
    };
    let data = execution.run();
    let mut answer = Map::from_iter([("data".to_owned(), data)]);
    if !execution.errors.is_empty() {
        answer.insert("errors".to_owned(), Value::Array(execution.errors));
    }
    Ok(Value::Object(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::exchange::Body;
    use crate::sandbox::moves::{issues, pulls};
    use crate::sandbox::people::{login, token};
    use crate::sandbox::state::Urls;
    use crate::sandbox::{moves, seed};

    struct Bench {
        _folder: tempfile::TempDir,
        state: State,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (git, branch) = seed::repository(&folder.path().join("r.git"), None).unwrap();
            let html = "http://127.0.0.1:1".to_owned();
            let urls = Urls { api: format!("{html}/api/v3"), graphql: format!("{html}/api/graphql"), html };
            let mut state = State::new(urls, git, "acme/web".parse().unwrap(), false, &branch);
            seed::labels(&mut state);
            Self { _folder: folder, state }
        }

        fn ask_as(&mut self, secret: &str, query: &str, variables: &Value) -> Value {
            let index = self.state.people.token_index(secret).unwrap();
            let caller = Caller::of(index, &self.state.people.tokens[index]);
            let body = json!({"query": query, "variables": variables});
            let response = handle(&mut self.state, &caller, body);
            let Body::Json(mut value) = response.body else { panic!("JSON") };
            if response.unknown {
                value["unknown"] = json!(true);
            }
            value
        }

        fn ask(&mut self, query: &str) -> Value {
            self.ask_as(token::MAINTAINER, query, &json!({}))
        }

        fn actor(&self, login: &str) -> crate::sandbox::people::Actor {
            self.state.people.actor(login).unwrap()
        }

        fn head(&self) -> String {
            self.state.git.branch("main").unwrap()
        }
    }

    #[test]
    fn a_bot_sees_itself_with_its_suffix_and_others_see_it_without() {
        let mut bench = Bench::new();
        let bot = bench.actor(login::ACTIONS);
        issues::create(&mut bench.state, bot, "Hello", None);
        let query =
            "{ viewer { __typename login databaseId } repository(owner: \"acme\", name: \"WEB\") { issue(number: 1) {
            author { __typename login ... on Bot { databaseId } ... on User { name } } body } } }";
        let answer = bench.ask_as(token::WORKFLOW, query, &json!({}));
        assert_eq!(
            answer,
            json!({"data": {
                "viewer": {"__typename": "User", "login": "github-actions[bot]", "databaseId": 41_898_282},
                "repository": {"issue": {
                    "author": {"__typename": "Bot", "login": "github-actions", "databaseId": 41_898_282}, "body": ""}},
            }})
        );
    }

    #[test]
    fn edits_are_told_with_editor_time_and_history() {
        let mut bench = Bench::new();
        let (owner, writer) = (bench.actor(login::MAINTAINER), bench.actor(login::WRITER));
        issues::create(&mut bench.state, owner, "Title", Some("one"));
        let query = "query($n: Int!) { repository(owner: \"acme\", name: \"web\") { issue(number: $n) {
            lastEditedAt editor { login } userContentEdits(first: 10) { totalCount nodes { diff editor { login } deletedAt } }
            timelineItems(first: 10, itemTypes: [RENAMED_TITLE_EVENT, LABELED_EVENT]) { nodes { __typename
                ... on RenamedTitleEvent { actor { login } previousTitle currentTitle }
                ... on LabeledEvent { actor { login } label { name } } } } } } }";
        let ask = |bench: &mut Bench| {
            let answer = bench.ask_as(token::WRITER, query, &json!({"n": 1}));
            answer["data"]["repository"]["issue"].clone()
        };
        let fresh = ask(&mut bench);
        assert_eq!((&fresh["lastEditedAt"], &fresh["userContentEdits"]["totalCount"]), (&Value::Null, &json!(0)));
        issues::set_body(&mut bench.state, writer, 1, Some("two"));
        issues::rename(&mut bench.state, writer, 1, "Other");
        issues::label(&mut bench.state, owner, 1, "bug");
        let edited = ask(&mut bench);
        assert!(edited["lastEditedAt"].is_string());
        assert_eq!(edited["editor"]["login"], "writer");
        let edit = |diff: &str, who: &str| json!({"diff": diff, "editor": {"login": who}, "deletedAt": null});
        assert_eq!(edited["userContentEdits"]["nodes"], json!([edit("two", "writer"), edit("one", "maintainer")]));
        assert_eq!(
            edited["timelineItems"]["nodes"],
            json!([
                {"__typename": "RenamedTitleEvent", "actor": {"login": "writer"}, "previousTitle": "Title", "currentTitle": "Other"},
                {"__typename": "LabeledEvent", "actor": {"login": "maintainer"}, "label": {"name": "bug"}},
            ])
        );
    }

    #[test]
    fn what_the_schema_does_not_have_is_refused_and_counted() {
        let mut bench = Bench::new();
        let answer = bench.ask("query Q { viewer { nick } repository(owner: \"acme\") { id } }");
        assert_eq!(answer["unknown"], true);
        assert_eq!(
            answer["errors"][0],
            json!({"path": ["query Q", "viewer", "nick"], "locations": [{"line": 1, "column": 20}],
                "extensions": {"code": "undefinedField", "typeName": "User", "fieldName": "nick"},
                "message": "Field 'nick' doesn't exist on type 'User'"})
        );
        assert_eq!(answer["errors"][1]["message"], "Field 'repository' is missing required arguments: name");
        let messages = [
            (
                "{ viewer }",
                "Field must have selections (field 'viewer' returns User but has no selections. Did you mean 'viewer { ... }'?)",
            ),
            ("{ viewer { login { x } } }", "Selections can't be made on scalars (field 'login' returns String)"),
            ("{ viewer { ...F } }", "Fragment F was used, but not defined"),
            ("{ viewer { ... on Tree { oid } } }", "Fragment on Tree can't be spread inside User"),
            ("{ viewer(x: 1) { id } }", "Field 'viewer' doesn't accept argument 'x'"),
            ("query($a: Int) { viewer { id } }", "Variable $a is declared by query but not used"),
            ("{ node(id: $a) { id } }", "Variable $a is used by query but not declared"),
            ("query($a: Int!) { node(id: $a) { id } }", "Type mismatch on variable $a and argument (Int! / ID!)"),
            ("query($a: ID!) { node(id: $a) { id } }", "Variable $a of type ID! was provided invalid value"),
        ];
        for (query, message) in messages {
            let answer = bench.ask(query);
            assert_eq!(
                (&answer["errors"][0]["message"], &answer["unknown"]),
                (&json!(message), &json!(true)),
                "{query}"
            );
        }
        assert!(bench.ask("{ viewer { ").to_string().contains("Parse error"));
    }

    #[test]
    fn a_missing_thing_is_null_with_an_error_beside_the_rest() {
        let mut bench = Bench::new();
        let answer = bench
            .ask("{ viewer { login } repository(owner: \"acme\", name: \"web\") { a: issue(number: 7) { id } name } }");
        assert_eq!(
            answer["data"],
            json!({"viewer": {"login": "maintainer"}, "repository": {"a": null, "name": "web"}})
        );
        let error = &answer["errors"][0];
        assert_eq!((&error["type"], &error["path"]), (&json!("NOT_FOUND"), &json!(["repository", "a"])));
        assert_eq!(error["message"], "Could not resolve to an Issue with the number of 7.");
        assert_eq!(answer["unknown"], Value::Null);
        let answer = bench.ask("{ repository(owner: \"acme\", name: \"nope\") { id } }");
        assert_eq!(answer["data"], json!({"repository": null}));
    }

    const COMMIT: &str = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid message
        author { name } committer { name } file(path: \"d/new.txt\") { name path object { ... on Blob { text isBinary isTruncated byteSize } } }
        tree { entries { name type mode } } } } }";

    fn input(branch: &str, head: &str, additions: &Value, deletions: &Value) -> Value {
        json!({"input": {"branch": {"repositoryNameWithOwner": "acme/web", "branchName": branch}, "expectedHeadOid": head,
            "message": {"headline": "feat: x", "body": "Fixes #1"},
            "fileChanges": {"additions": additions, "deletions": deletions}}})
    }

    #[test]
    fn a_commit_is_made_on_the_expected_head_only() {
        let mut bench = Bench::new();
        let head = bench.head();
        let new = json!([{"path": "d/new.txt", "contents": "aGVsbG8K"}]);
        let answer =
            bench.ask_as(token::WORKFLOW, COMMIT, &input("main", &head, &new, &json!([{"path": "README.md"}])));
        let commit = &answer["data"]["createCommitOnBranch"]["commit"];
        assert_eq!(commit["oid"], json!(bench.head()), "{answer}");
        assert_eq!(commit["message"], "feat: x\n\nFixes #1");
        assert_eq!(
            (&commit["author"]["name"], &commit["committer"]["name"]),
            (&json!("github-actions[bot]"), &json!("GitHub"))
        );
        assert_eq!(commit["tree"]["entries"], json!([{"name": "d", "type": "tree", "mode": 0o40000}]));
        let object = json!({"text": "hello\n", "isBinary": false, "isTruncated": false, "byteSize": 6});
        assert_eq!(commit["file"], json!({"name": "new.txt", "path": "d/new.txt", "object": object}));

        let stale = bench.ask_as(token::WORKFLOW, COMMIT, &input("main", &head, &new, &json!([])));
        assert_eq!(stale["data"], json!({"createCommitOnBranch": null}));
        assert_eq!(stale["errors"][0]["type"], "STALE_DATA");
        let words = format!("Expected branch to point to \"{head}\" but it did not.  Pull and try again.");
        assert_eq!(stale["errors"][0]["message"], json!(words));

        let head = bench.head();
        let kinds = [
            (token::WORKFLOW, input("gone", &head, &new, &json!([])), "NOT_FOUND"),
            (
                token::WORKFLOW,
                input("main", &head, &json!([{"path": "../x", "contents": ""}]), &json!([])),
                "UNPROCESSABLE",
            ),
            (
                token::WORKFLOW,
                input("main", &head, &json!([{"path": "x", "contents": "*"}]), &json!([])),
                "UNPROCESSABLE",
            ),
            (token::WORKFLOW, input("main", &head, &json!([]), &json!([{"path": "gone"}])), "UNPROCESSABLE"),
            (
                token::WORKFLOW,
                input("main", &head, &json!([{"path": ".github/workflows/x.yml", "contents": ""}]), &json!([])),
                "FORBIDDEN",
            ),
            (token::TRIAGER, input("main", &head, &new, &json!([])), "FORBIDDEN"),
        ];
        for (secret, variables, kind) in kinds {
            let answer = bench.ask_as(secret, COMMIT, &variables);
            assert_eq!(answer["errors"][0]["type"], kind, "{answer}");
            assert_eq!(bench.head(), head, "nothing happened");
        }
    }

    #[test]
    fn references_move_together_or_not_at_all() {
        let mut bench = Bench::new();
        let head = bench.head();
        let query = "mutation($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }";
        let zero = moves::refs::ZERO;
        let update = |updates: Value| json!({"input": {"repositoryId": "R_kwSB1234567", "refUpdates": updates}});
        let create = json!({"name": "refs/heads/a", "beforeOid": zero, "afterOid": head});
        let wrong = json!({"name": "refs/heads/main", "beforeOid": "1".repeat(40), "afterOid": head});
        let answer = bench.ask_as(token::WORKFLOW, query, &update(json!([create, wrong])));
        assert_eq!((&answer["errors"][0]["type"], bench.state.git.branch("a")), (&json!("STALE_DATA"), None));
        let answer = bench.ask_as(token::WORKFLOW, query, &update(json!([create])));
        assert_eq!((answer.get("errors"), bench.state.git.branch("a")), (None, Some(head.clone())));
        let answer = bench.ask_as(token::WORKFLOW, query, &update(json!([create])));
        assert_eq!(answer["errors"][0]["type"], "STALE_DATA");
    }

    #[test]
    fn a_pull_request_is_told_with_checks_reviews_and_mergeability() {
        let mut bench = Bench::new();
        let (writer, owner) = (bench.actor(login::WRITER), bench.actor(login::MAINTAINER));
        let head = bench.head();
        moves::refs::create(&mut bench.state, writer, "refs/heads/automated/1-x", &head).unwrap();
        let new = json!([{"path": "a.txt", "contents": "YQo="}]);
        bench.ask_as(token::WRITER, COMMIT, &input("automated/1-x", &head, &new, &json!([])));
        let wish = pulls::NewPull { title: "T", body: Some("B"), head: "automated/1-x", base: "main", draft: false };
        let number = pulls::open(&mut bench.state, writer, &wish).unwrap();
        let sha = bench.state.pulls[&number].head_sha.clone();
        moves::checks::status(&mut bench.state, owner, &sha, "ci", "failure", None, None);
        let query = "query($n: Int!) { repository(owner: \"acme\", name: \"web\") { pullRequest(number: $n) {
            title headRefOid isDraft mergeable reviewDecision state additions
            commits(last: 1) { nodes { commit { oid statusCheckRollup { state contexts(first: 10) { nodes { __typename
                ... on StatusContext { context state isRequired(pullRequestNumber: $n) } } } } } } } } } }";
        let answer = bench.ask_as(token::WORKFLOW, query, &json!({"n": number}));
        let pull = &answer["data"]["repository"]["pullRequest"];
        assert_eq!(pull["headRefOid"], json!(sha), "{answer}");
        assert_eq!((&pull["mergeable"], &pull["reviewDecision"]), (&json!("UNKNOWN"), &Value::Null));
        let rollup = &pull["commits"]["nodes"][0]["commit"]["statusCheckRollup"];
        let context = json!({"__typename": "StatusContext", "context": "ci", "state": "FAILURE", "isRequired": false});
        assert_eq!((&rollup["state"], &rollup["contexts"]["nodes"]), (&json!("FAILURE"), &json!([context])));
        let again = bench.ask_as(token::WORKFLOW, query, &json!({"n": number}));
        assert_eq!(again["data"]["repository"]["pullRequest"]["mergeable"], "MERGEABLE");

        let id = json!({"input": {"pullRequestId": format!("PR_kwSB{}", bench.state.pulls[&number].id)}});
        let query = "mutation($input: ConvertPullRequestToDraftInput!) { convertPullRequestToDraft(input: $input) { pullRequest { isDraft } } }";
        let answer = bench.ask_as(token::WORKFLOW, query, &id);
        assert_eq!(answer["data"]["convertPullRequestToDraft"]["pullRequest"]["isDraft"], true, "{answer}");
    }

    #[test]
    fn every_field_of_the_schema_has_a_resolver() {
        let mut bench = Bench::new();
        let writer = bench.actor(login::WRITER);
        issues::create(&mut bench.state, writer, "T", Some("B"));
        issues::comment(&mut bench.state, writer, 1, "C");
        let text = include_str!("graphql/github.graphql");
        // The leaves of the types that can be reached without arguments.
        for (type_name, open, close) in [
            ("Repository", "{ repository(owner: \"acme\", name: \"web\") {", "} }"),
            ("Issue", "{ repository(owner: \"acme\", name: \"web\") { issue(number: 1) {", "} } }"),
            (
                "IssueComment",
                "{ repository(owner: \"acme\", name: \"web\") { issue(number: 1) { comments(first: 1) { nodes {",
                "} } } } }",
            ),
            (
                "Commit",
                "{ repository(owner: \"acme\", name: \"web\") { object(expression: \"main\") { ... on Commit {",
                "} } } }",
            ),
            (
                "Blob",
                "{ repository(owner: \"acme\", name: \"web\") { object(expression: \"main:README.md\") { ... on Blob {",
                "} } } }",
            ),
            ("RateLimit", "{ rateLimit {", "} }"),
            ("User", "{ viewer {", "} }"),
        ] {
            let start = text.find(&format!("\ntype {type_name} ")).unwrap();
            let body = text[start..].split("\n}").next().unwrap();
            let schema = schema::schema().unwrap();
            let fields = body.lines().skip(2).filter_map(|line| line.trim().split([':', '(']).next());
            let leaves =
                fields.filter(|f| !schema.is_composite(schema::named(&schema.field(type_name, f).unwrap().ty)));
            let query = format!("{open} {} {close}", leaves.collect::<Vec<_>>().join(" "));
            let answer = bench.ask(&query);
            assert_eq!(answer.get("errors"), None, "{query}");
        }
    }
}

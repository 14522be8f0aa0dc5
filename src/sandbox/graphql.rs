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
    let Some(query) = body.get("query").and_then(Value::as_str) else {
        let message = "A query attribute must be specified and must be a string.";
        return unknown(Response::json(400, json!({"message": message, "documentation_url": DOCS, "status": "400"})));
    };
    let empty = Map::new();
    let given = body.get("variables").and_then(Value::as_object).unwrap_or(&empty);
    let name = body.get("operationName").and_then(Value::as_str);
    match execute(state, caller, query, given, name) {
        Ok(answer) => Response::json(200, answer),
        Err(errors) => unknown(Response::json(200, json!({"errors": errors}))),
    }
}

const DOCS: &str = "https://docs.github.com/graphql";

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
    let mut execution =
        Execution { schema, operation: &operation, variables: &variables, state, caller, errors: Vec::new() };
    let data = execution.run();
    let mut answer = Map::from_iter([("data".to_owned(), data)]);
    if !execution.errors.is_empty() {
        answer.insert("errors".to_owned(), Value::Array(execution.errors));
    }
    Ok(Value::Object(answer))
}

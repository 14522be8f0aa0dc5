//! The GraphQL door of the embedded GitHub.

use serde_json::{Value, json};

use super::exchange::Response;
use super::rest::Caller;
use super::state::State;

/// Answers one GraphQL request: `{"query", "variables", "operationName"}`.
pub(crate) fn handle(_state: &mut State, _caller: &Caller, _body: Value) -> Response {
    let mut response = Response::json(200, json!({"errors": [{"message": "the sandbox has no GraphQL yet"}]}));
    response.unknown = true;
    response
}

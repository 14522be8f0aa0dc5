//! Every object as GitHub's REST API writes it, complete: one function a schema of its OpenAPI description.

mod people;
mod repository;

pub(crate) use people::{app, ghost_or, public_user, user};
pub(crate) use repository::{full_repository, minimal_repository, repository, simple_repository};

use serde_json::Value;

/// An opaque global node id. `prefix` is GitHub's own for the type (`I`, `PR`, `U`, …).
pub(crate) fn node_id(prefix: &str, id: impl std::fmt::Display) -> String {
    format!("{prefix}_kwSB{id}")
}

/// Joins JSON objects; later fields win.
pub(crate) fn merged(mut left: Value, right: Value) -> Value {
    if let (Value::Object(left), Value::Object(right)) = (&mut left, right) {
        left.extend(right);
    }
    left
}

//! What changes the world: shared by REST, GraphQL and the moves of tests, so that all have the same consequences.

pub(crate) mod checks;
pub(crate) mod closing;
pub(crate) mod issues;
pub(crate) mod merge;
pub(crate) mod pulls;
pub(crate) mod refs;
pub(crate) mod reviews;
pub(crate) mod rules;
pub(crate) mod workflows;

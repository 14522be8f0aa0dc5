//! What changes the world: shared by REST, GraphQL and the moves of tests, so that all have the same consequences.

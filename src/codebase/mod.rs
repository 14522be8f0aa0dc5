//! The checkout as the model sees it: files, ranking, token budget, edits.
pub mod retrieval;

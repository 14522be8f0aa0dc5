//! The checkout as the model sees it: files, ranking, token budget, edits.

pub mod budget;
pub mod change;
pub mod edits;
pub mod index;
pub mod patch;
pub mod place;
pub mod retrieval;
pub mod search;
pub mod text;
pub mod view;

#[cfg(test)]
pub(crate) mod fake;

//! The weight of each signal, fitted on the tuning corpus.
//!
//! A softmax over the files of a case was fitted to the files that the fix changed, for the whole text, the title alone and the
//! text without history, and checked with one repository left out at a time. Small weights are left out, as are a few whose sign
//! made no sense. See `benches/README.md`.

use super::features::{Features, Signal};

/// What a signal at its maximum adds to a source file's score.
fn weight(signal: Signal) -> f32 {
    match signal {
        Signal::Content => 0.68,
        Signal::Window => 1.06,
        Signal::Windows => 0.73,
        Signal::Block => 1.62,
        Signal::TitleContent => 0.36,
        Signal::TitleWindow => 0.25,
        Signal::Pairs => 1.02,
        Signal::WindowPairs => 0.32,
        Signal::Path => 1.55,
        Signal::BaseName => -0.35,
        Signal::NamedStem => 0.95,
        Signal::FileMention => 0.67,
        Signal::PlaceMention => 0.80,
        Signal::Scope => 1.56,
        Signal::Folder => 0.65,
        Signal::DefinedNames => 0.59,
        Signal::Names => 0.93,
        Signal::HistoryDocument => 1.08,
        Signal::HistoryNeighbours => 0.88,
        Signal::HistoryIssues => 0.96,
        Signal::Recency => 0.94,
        Signal::Churn => -0.19,
        _ => 0.0,
    }
}

/// What ties to the best files add, once there are best files.
fn tie_weight(signal: Signal) -> f32 {
    match signal {
        Signal::TiedByChange => 1.25,
        // A namesake is also kin and near: what it adds beyond both is negative, what the three add together is not.
        Signal::TiedByName => -0.60,
        Signal::TiedByDefinition => 0.75,
        Signal::TiedByFolder => 0.85,
        Signal::TiedByKin => 1.00,
        _ => 0.0,
    }
}

/// What a signal at its maximum adds to a test's score.
#[expect(clippy::match_same_arms, reason = "a table: one line a signal")]
pub(super) fn test_weight(signal: Signal) -> f32 {
    match signal {
        Signal::Content => 0.99,
        Signal::Window => 0.26,
        Signal::Windows => 0.25,
        Signal::Block => 1.50,
        Signal::TitleContent => 0.29,
        Signal::TitleWindow => 0.33,
        Signal::Pairs => 1.47,
        Signal::WindowPairs => 0.15,
        Signal::Path => 1.72,
        Signal::BaseName => 0.53,
        Signal::BaseNameInTitle => 0.24,
        Signal::NamedStem => 1.05,
        Signal::FileMention => 1.50,
        Signal::Scope => 0.34,
        Signal::DefinedTerms => 0.80,
        Signal::Names => 0.74,
        Signal::HistoryDocument => 0.99,
        Signal::HistoryNeighbours => 0.41,
        Signal::HistoryIssues => 0.71,
        Signal::Recency => 0.74,
        Signal::Churn => -1.24,
        Signal::Size => -0.15,
        Signal::TiedByChange => 1.53,
        Signal::TiedByFolder => 1.00,
        Signal::TiedByKin => 1.67,
        _ => 0.0,
    }
}

/// All that a signal adds to a source file's score.
pub(super) fn source_weight(signal: Signal) -> f32 {
    weight(signal) + tie_weight(signal)
}

/// Score of a source file on its own.
pub(super) fn first_score(features: &Features, row: usize) -> f32 {
    sum(features, row, weight)
}

/// Score of a source file with what ties it to the best ones.
pub(super) fn score(features: &Features, row: usize) -> f32 {
    sum(features, row, source_weight)
}

/// Score of a test: its own words and its ties to the best sources.
pub(super) fn test_score(features: &Features, row: usize) -> f32 {
    sum(features, row, test_weight)
}

fn sum(features: &Features, row: usize, weight: fn(Signal) -> f32) -> f32 {
    Signal::ALL.iter().map(|signal| weight(*signal) * features.get(*signal, row)).sum()
}

//! The weight of each signal, fitted with one repository left out at a time on the tuning corpus.

use super::features::{Features, Signal};

/// What a signal at its maximum adds to a file's score.
fn weight(signal: Signal) -> f32 {
    match signal {
        Signal::Scope => 1.63,
        Signal::Names => 1.44,
        Signal::Path => 1.41,
        Signal::HistoryDocument => 1.37,
        Signal::FileMention => 1.29,
        Signal::Block => 1.1,
        Signal::Content => 0.93,
        Signal::Pairs => 0.83,
        Signal::WindowPairs => 0.83,
        Signal::HistoryIssues => 0.79,
        Signal::PlaceMention => 0.77,
        Signal::HistoryNeighbours => 0.73,
        Signal::Recency => 0.66,
        Signal::Window => 0.7,
        Signal::Windows => 0.64,
        Signal::TitleContent => 0.50,
        Signal::DefinedTerms => 0.44,
        Signal::DefinedNames => 0.40,
        Signal::NamedStem => 0.37,
        Signal::Coverage => 0.33,
        Signal::Churn => -0.20,
        Signal::ScopeStem => 0.13,
        _ => 0.0,
    }
}

/// Score of a source file on its own.
pub(super) fn first_score(features: &Features, row: usize) -> f32 {
    Signal::ALL.iter().map(|signal| weight(*signal) * features.get(*signal, row)).sum()
}

/// Score of a source file with what ties it to the best ones.
pub(super) fn score(features: &Features, row: usize) -> f32 {
    let ties = Signal::ALL.iter().map(|signal| tie_weight(*signal) * features.get(*signal, row));
    first_score(features, row) + ties.sum::<f32>()
}

/// All that a signal adds to a source file's score.
pub(super) fn source_weight(signal: Signal) -> f32 {
    weight(signal) + tie_weight(signal)
}

fn tie_weight(signal: Signal) -> f32 {
    match signal {
        Signal::TiedByChange => 1.5,
        Signal::TiedByName => 1.0,
        Signal::TiedByDefinition => 0.8,
        Signal::TiedByFolder => 0.3,
        Signal::TiedByKin => 0.3,
        _ => 0.0,
    }
}

/// Score of a test: its own words and its ties to the best sources.
pub(super) fn test_score(features: &Features, row: usize) -> f32 {
    Signal::ALL.iter().map(|signal| test_weight(*signal) * features.get(*signal, row)).sum()
}

pub(super) fn test_weight(signal: Signal) -> f32 {
    match signal {
        Signal::TiedByChange => 3.0,
        Signal::TiedByName => 3.0,
        Signal::TiedByFolder => 1.0,
        Signal::TiedByKin => 1.0,
        other => weight(other),
    }
}

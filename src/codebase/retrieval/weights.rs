//! The weight of each signal, fitted with one repository left out at a time on the tuning corpus.

use super::features::Signal;

/// What a signal at its maximum adds to a file's score.
pub(super) fn weight(signal: Signal) -> f32 {
    match signal {
        Signal::Content => 2.0,
        Signal::Window => 3.2,
        Signal::Path => 1.0,
        Signal::DefinedTerms => 0.6,
        Signal::DefinedNames => 1.3,
        Signal::Names => 1.5,
        Signal::BaseName => 0.5,
        Signal::FileMention => 0.8,
        Signal::PlaceMention => 0.5,
        Signal::Scope => 0.6,
        Signal::ScopeStem => 0.6,
        Signal::HistoryDocument => 1.3,
        Signal::HistoryNeighbours => 0.94,
        Signal::HistoryIssues => 0.5,
        Signal::Recency => 1.0,
        Signal::Churn => -0.78,
        Signal::Size => -0.5,
        Signal::TestPair => 0.3,
        Signal::TitleContent => 0.6,
        Signal::BaseNameInTitle => 1.3,
        Signal::Pairs => 1.0,
        Signal::NamedStem => 1.0,
        _ => 0.0,
    }
}

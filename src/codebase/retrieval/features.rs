//! One column of numbers a signal, one row a source file; each column is divided by its maximum in the query.

use super::lexical::{Lexical, float};
use super::past::Past;
use super::places::Places;
use super::query::Query;
use super::scan::Hits;

/// Declares the signals once: name, position and weight stay together.
macro_rules! signals {
    ($($name:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Signal { $($name),* }
        impl Signal {
            pub(super) const ALL: &[Self] = &[$(Self::$name),*];
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

signals! {
    Content, Window, Windows, Block, TitleContent, TitleWindow, Coverage, Pairs, WindowPairs,
    Path, BaseName, BaseNameInTitle, NamedStem, FileMention, PlaceMention, Scope, ScopeStem, Folder,
    DefinedTerms, DefinedNames, Names,
    HistoryDocument, HistoryNeighbours, HistoryIssues, Recency, Churn,
    Size, Generated, TestPair,
    TiedByChange, TiedByName, TiedByDefinition, TiedByFolder, TiedByKin,
}

/// Rows of source files by position among the candidates.
pub(super) struct Features {
    columns: Vec<Vec<f32>>,
    /// The best window of each row: block it starts with.
    pub(super) best_window: Vec<u16>,
}

impl Features {
    pub(super) fn get(&self, signal: Signal, row: usize) -> f32 {
        self.columns.get(signal as usize).and_then(|column| column.get(row)).copied().unwrap_or(0.0)
    }

    /// Fills a column that depends on a first ranking.
    pub(super) fn put(&mut self, signal: Signal, values: Vec<f32>) {
        if let Some(column) = self.columns.get_mut(signal as usize).filter(|column| column.len() == values.len()) {
            *column = values;
        }
    }

    pub(super) fn row(&self, row: usize) -> Vec<f32> {
        Signal::ALL.iter().map(|signal| self.get(*signal, row)).collect()
    }

    /// `rows` are positions in `paths`; `hits` stand in the order of the rows.
    pub(super) fn compute(
        query: &Query,
        paths: &[String],
        rows: &[usize],
        lexical: &Lexical<'_>,
        hits: &[&Hits],
        past: &Past,
    ) -> Self {
        let mut columns = vec![vec![0.0; rows.len()]; Signal::ALL.len()];
        let names: Vec<&str> = rows.iter().map(|at| paths.get(*at).map_or("", String::as_str)).collect();
        let places = Places::new(query, &names);
        let mut best_window = vec![0; rows.len()];
        for (row, hit) in hits.iter().enumerate() {
            let mut set = |signal: Signal, value: f32| {
                if let Some(slot) = columns.get_mut(signal as usize).and_then(|column| column.get_mut(row)) {
                    *slot = value;
                }
            };
            let content = lexical.content(hit);
            set(Signal::Content, content.all);
            set(Signal::TitleContent, content.title);
            set(Signal::Coverage, content.coverage);
            let windows = lexical.windows(hit);
            set(Signal::Window, windows.best);
            set(Signal::Windows, windows.sum);
            set(Signal::Block, windows.block);
            set(Signal::TitleWindow, windows.title);
            set(Signal::WindowPairs, windows.coverage);
            if let Some(slot) = best_window.get_mut(row) {
                *slot = windows.at;
            }
            set(Signal::Pairs, lexical.pairs(hit));
            set(Signal::DefinedTerms, lexical.defined_terms(hit));
            let (defined, referenced) = lexical.names(hit);
            set(Signal::DefinedNames, defined);
            set(Signal::Names, referenced);
            set(Signal::Size, float(hit.tokens as usize).ln_1p());
            set(Signal::Generated, f32::from(u8::from(hit.generated)));
            let place = places.of(row, names.get(row).copied().unwrap_or_default());
            set(Signal::Path, place.path);
            set(Signal::BaseName, place.base_name);
            set(Signal::BaseNameInTitle, place.base_name_in_title);
            set(Signal::NamedStem, place.named_stem);
            set(Signal::FileMention, place.file_mention);
            set(Signal::PlaceMention, place.module);
            set(Signal::Scope, place.scope);
            set(Signal::ScopeStem, place.scope_stem);
            let file = rows.get(row).copied().unwrap_or_default();
            let of = |values: &[f32]| values.get(file).copied().unwrap_or(0.0);
            set(Signal::HistoryDocument, of(&past.document));
            set(Signal::HistoryNeighbours, of(&past.neighbours));
            set(Signal::HistoryIssues, of(&past.issues));
            set(Signal::Recency, of(&past.recency));
            set(Signal::Churn, of(&past.churn));
        }
        let windows = columns[Signal::Window as usize].clone();
        columns[Signal::Folder as usize] = super::places::folder_means(&names, &windows);
        for column in &mut columns {
            let most = column.iter().copied().fold(0.0_f32, f32::max);
            if most > 0.0 {
                for value in column.iter_mut() {
                    *value /= most;
                }
            }
        }
        Self { columns, best_window }
    }
}

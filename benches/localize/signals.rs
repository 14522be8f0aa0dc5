//! Writes the signals of each case's likely files, one JSON line a case and variant, for fitting the weights.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use autonomy::codebase::retrieval::{History, Question, Tree, signals_of};
use serde_json::json;

use crate::Failed;
use crate::corpus::Case;

type Row = (String, Vec<f32>);

/// Best files of each signal that are kept.
const BEST: usize = 40;

pub(crate) struct Dump {
    file: BufWriter<File>,
}

impl Dump {
    pub(crate) fn create(path: &Path) -> Result<Self, Failed> {
        Ok(Self { file: BufWriter::new(File::create(path)?) })
    }

    pub(crate) fn case(&mut self, tree: &dyn Tree, history: &History, case: &Case) -> Result<(), Failed> {
        let whole = Question::from_text(&case.text);
        let title = Question { title: whole.title.clone(), body: String::new() };
        for (variant, question) in [("full", whole), ("title", title)] {
            let (names, sources, tests) = signals_of(tree, history, &question)?;
            self.group(case, variant, &names, &sources, &case.gold_files)?;
            if variant == "full" && !case.changed_tests.is_empty() {
                self.group(case, "tests", &names, &tests, &case.changed_tests)?;
            }
        }
        self.file.flush()?;
        Ok(())
    }

    fn group(
        &mut self,
        case: &Case,
        variant: &str,
        names: &[&str],
        rows: &[Row],
        gold: &[String],
    ) -> Result<(), Failed> {
        let mut kept: BTreeSet<usize> = (0..rows.len()).filter(|at| gold.contains(&rows[*at].0)).collect();
        for column in 0..names.len() {
            let mut order: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].1[column] > 0.0).collect();
            order.sort_by(|a, b| rows[*b].1[column].total_cmp(&rows[*a].1[column]).then(a.cmp(b)));
            kept.extend(order.into_iter().take(BEST));
        }
        let files: Vec<_> = kept.iter().map(|at| (&rows[*at].0, &rows[*at].1)).collect();
        let line = json!({
            "repo": case.repo, "variant": variant, "hard": case.hard, "gold": gold, "names": names, "files": files,
        });
        writeln!(self.file, "{line}")?;
        Ok(())
    }
}

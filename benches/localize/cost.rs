//! Seconds and peak memory of one ranking, each measured in a process of its own that reads the tree from git.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use autonomy::codebase::retrieval::{Class, Classifier, CommitTree, History, Limits, Question, Tree, retrieve};
use serde_json::{Value, json};

use crate::Failed;
use crate::baselines;
use crate::corpus::Case;

const RANKERS: [&str; 2] = ["product", "baselines"];

/// (seconds, peak KiB) of each measured ranking.
#[derive(Default)]
pub(crate) struct Costs {
    measured: BTreeMap<&'static str, Vec<(f64, u64)>>,
}

impl Costs {
    pub(crate) fn measure(&mut self, folder: &Path, case: &Case) -> Result<(), Failed> {
        for ranker in RANKERS {
            let output = Command::new(std::env::current_exe()?)
                .arg("--one")
                .arg(ranker)
                .arg(folder)
                .arg(&case.parent)
                .arg(&case.text)
                .output()?;
            let text = String::from_utf8(output.stdout)?;
            let mut numbers = text.split_whitespace();
            if let (Some(Ok(seconds)), Some(Ok(peak))) =
                (numbers.next().map(str::parse), numbers.next().map(str::parse))
            {
                self.measured.entry(ranker).or_default().push((seconds, peak));
            }
        }
        Ok(())
    }

    fn summary(all: &[(f64, u64)]) -> (f64, f64, f64, f64) {
        let mut seconds: Vec<f64> = all.iter().map(|one| one.0).collect();
        seconds.sort_by(f64::total_cmp);
        let mut peaks: Vec<u64> = all.iter().map(|one| one.1).collect();
        peaks.sort_unstable();
        let middle = all.len() / 2;
        let last = all.len() - 1;
        (seconds[middle], seconds[last], peaks[middle] as f64 / 1024.0, peaks[last] as f64 / 1024.0)
    }

    pub(crate) fn table(&self) -> String {
        let mut text =
            String::from("\ncost of a case read from git    seconds: median  most   peak MiB: median  most\n");
        for (ranker, all) in &self.measured {
            let (median, most, peak, highest) = Self::summary(all);
            let _ = writeln!(text, "{ranker:<39} {median:6.2} {most:6.2}           {peak:6.0} {highest:6.0}");
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let one = |(ranker, all): (&&str, &Vec<(f64, u64)>)| {
            let (median, most, peak, highest) = Self::summary(all);
            json!({ "ranker": ranker, "cases": all.len(), "seconds": median, "seconds_most": most, "peak_mib": peak, "peak_mib_most": highest })
        };
        self.measured.iter().map(one).collect()
    }
}

/// Ranks one case and prints seconds and the peak of resident memory in KiB.
pub(crate) fn child(arguments: &[String]) -> Result<(), Failed> {
    let [ranker, folder, commit, text, ..] = arguments else {
        return Err("usage: --one RANKER FOLDER COMMIT TEXT".into());
    };
    let start = Instant::now();
    let tree = CommitTree::open(folder.as_ref(), commit)?;
    if ranker == "product" {
        let history = History::read(folder.as_ref(), commit);
        retrieve(&tree, &history, &Question::from_text(text), Limits::default())?;
    } else {
        let classifier = Classifier::new()?;
        let sources: Vec<usize> =
            (0..tree.paths().len()).filter(|at| classifier.class(&tree.paths()[*at]) == Class::Source).collect();
        baselines::rank(&tree, &sources, text)?;
    }
    println!("{} {}", start.elapsed().as_secs_f64(), peak_kib());
    Ok(())
}

/// The highest resident memory of this process (Linux; 0 elsewhere).
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

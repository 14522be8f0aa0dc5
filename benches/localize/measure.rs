//! Recall, reciprocal rank and the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::corpus::Case;
use crate::cost::Costs;

/// Rankings of one case, best first.
pub(crate) struct Row {
    pub(crate) sources: Vec<String>,
    pub(crate) tests: Vec<String>,
}

/// Sums over cases of one ranker.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    all: Recall,
    hard: Recall,
    tests: Recall,
}

#[derive(Debug, Clone, Default)]
struct Recall {
    cases: f64,
    at: [f64; 4],
    all_at_10: f64,
    reciprocal: f64,
}

const CUTS: [usize; 4] = [1, 5, 10, 20];

impl Recall {
    fn add(&mut self, gold: &[String], ranking: &[String]) {
        let ranks: Vec<usize> = gold.iter().filter_map(|one| ranking.iter().position(|path| path == one)).collect();
        self.cases += 1.0;
        for (sum, cut) in self.at.iter_mut().zip(CUTS) {
            *sum += ranks.iter().filter(|rank| **rank < cut).count() as f64 / gold.len() as f64;
        }
        self.all_at_10 += f64::from(u8::from(ranks.iter().filter(|rank| **rank < 10).count() == gold.len()));
        self.reciprocal += ranks.iter().min().map_or(0.0, |rank| 1.0 / (*rank as f64 + 1.0));
    }

    fn join(&mut self, other: &Self) {
        self.cases += other.cases;
        self.at.iter_mut().zip(other.at).for_each(|(sum, more)| *sum += more);
        self.all_at_10 += other.all_at_10;
        self.reciprocal += other.reciprocal;
    }

    fn share(&self, sum: f64) -> f64 {
        if self.cases == 0.0 { 0.0 } else { 100.0 * sum / self.cases }
    }

    fn json(&self) -> Value {
        json!({
            "cases": self.cases, "r1": self.share(self.at[0]), "r5": self.share(self.at[1]), "r10": self.share(self.at[2]),
            "r20": self.share(self.at[3]), "all10": self.share(self.all_at_10), "mrr": self.share(self.reciprocal) / 100.0,
        })
    }
}

impl Figures {
    pub(crate) fn add(&mut self, case: &Case, row: &Row) {
        self.all.add(&case.gold_files, &row.sources);
        if case.hard {
            self.hard.add(&case.gold_files, &row.sources);
        }
        if !case.changed_tests.is_empty() {
            self.tests.add(&case.changed_tests, &row.tests);
        }
    }

    fn join(&mut self, other: &Self) {
        self.all.join(&other.all);
        self.hard.join(&other.hard);
        self.tests.join(&other.tests);
    }
}

fn totals(rows: &BTreeMap<(String, &'static str), Figures>) -> BTreeMap<&'static str, Figures> {
    let mut totals: BTreeMap<&'static str, Figures> = BTreeMap::new();
    for ((_, ranker), figures) in rows {
        totals.entry(ranker).or_default().join(figures);
    }
    totals
}

pub(crate) fn table(rows: &BTreeMap<(String, &'static str), Figures>, costs: &Costs) -> String {
    let mut text = String::from(
        "repository       ranker                 cases   R@1   R@5  R@10  R@20 all@10   MRR | hard@5 hard@10 | tests@10\n",
    );
    let mut line = |name: &str, ranker: &str, figures: &Figures| {
        let (all, hard, tests) = (&figures.all, &figures.hard, &figures.tests);
        let cuts: String = all.at.iter().fold(String::new(), |mut cuts, sum| {
            let _ = write!(cuts, " {:5.1}", all.share(*sum));
            cuts
        });
        let _ = writeln!(
            text,
            "{name:<16} {ranker:<22} {:>5}{cuts}  {:5.1} {:5.3} |  {:5.1}   {:5.1} |    {:5.1}",
            all.cases,
            all.share(all.all_at_10),
            all.share(all.reciprocal) / 100.0,
            hard.share(hard.at[1]),
            hard.share(hard.at[2]),
            tests.share(tests.at[2]),
        );
    };
    for ((name, ranker), figures) in rows {
        line(name, ranker, figures);
    }
    for (ranker, figures) in totals(rows) {
        line("all", ranker, &figures);
    }
    text.push_str(&costs.table());
    text
}

pub(crate) fn json(rows: &BTreeMap<(String, &'static str), Figures>, costs: &Costs) -> Value {
    let figures = |figures: &Figures| json!({ "all": figures.all.json(), "hard": figures.hard.json(), "tests": figures.tests.json() });
    let repositories: Vec<Value> = rows
        .iter()
        .map(|((name, ranker), one)| json!({ "repository": name, "ranker": ranker, "figures": figures(one) }))
        .collect();
    let totals: Vec<Value> =
        totals(rows).iter().map(|(ranker, one)| json!({ "ranker": ranker, "figures": figures(one) })).collect();
    json!({ "totals": totals, "repositories": repositories, "cost": costs.json() })
}

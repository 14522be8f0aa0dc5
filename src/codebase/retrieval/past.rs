//! What history says of each file for this query: words of messages, nearest past changes, same issues, age, churn, companions.

use std::collections::HashMap;

use super::history::History;
use super::lexical::{float, idf};
use super::query::Query;
use super::vocabulary::{Memory, NOTHING, Vocabulary};
use super::words::in_identifier;

/// Nearest past commits whose files are raised.
const NEIGHBOURS: usize = 40;
const K1: f32 = 1.2;

/// Signals of the past, one value a file of the tree (by position in `paths`).
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    pub(super) document: Vec<f32>,
    pub(super) neighbours: Vec<f32>,
    pub(super) issues: Vec<f32>,
    pub(super) recency: Vec<f32>,
    pub(super) churn: Vec<f32>,
    /// Files of each commit that is narrow enough to tie them, newest first.
    pub(super) changes: Vec<Vec<u32>>,
    /// The most similar past commit of a file: position in the history.
    pub(super) nearest: HashMap<u32, usize>,
}

impl Past {
    pub(super) fn new(history: &History, query: &Query, vocabulary: &Vocabulary, paths: &[String]) -> Self {
        let count = paths.len();
        let mut past = Self {
            document: vec![0.0; count],
            neighbours: vec![0.0; count],
            issues: vec![0.0; count],
            recency: vec![0.0; count],
            churn: vec![0.0; count],
            ..Self::default()
        };
        if history.is_empty() {
            return past;
        }
        past.changes = changes(history, paths);
        let messages = Messages::read(history, vocabulary);
        past.documents(&messages, query);
        past.nearest_changes(&messages, query, history);
        past.same_issues(history, query);
        past.ages(history);
        past
    }

    /// BM25 over one document a file: all messages of the commits that changed it.
    fn documents(&mut self, messages: &Messages, query: &Query) {
        let mut counts: HashMap<u32, (f32, HashMap<u16, f32>)> = HashMap::new();
        for (files, message) in self.changes.iter().zip(&messages.all) {
            // A word of a broad commit says less of each of its files.
            let share = 1.0 / float(files.len().max(1)).sqrt();
            for file in files {
                let document = counts.entry(*file).or_default();
                document.0 += share * message.tokens;
                for (term, count) in &message.terms {
                    *document.1.entry(*term).or_insert(0.0) += share * count;
                }
            }
        }
        let documents = float(counts.len().max(1));
        let mut lengths: Vec<(u32, f32)> = counts.iter().map(|(file, document)| (*file, document.0)).collect();
        lengths.sort_by_key(|(file, _)| *file);
        let average = lengths.iter().map(|(_, length)| length).sum::<f32>() / documents;
        let mut frequency = vec![0.0_f32; query.terms.len()];
        for (_, terms) in counts.values() {
            for term in terms.keys() {
                frequency[usize::from(*term)] += 1.0;
            }
        }
        for (file, (length, terms)) in &counts {
            let mut score = 0.0;
            let mut known: Vec<_> = terms.iter().collect();
            known.sort_by_key(|(term, _)| **term);
            for (term, count) in known {
                let term = usize::from(*term);
                let rarity = idf(documents, frequency[term]);
                let norm = K1 * (0.25 + 0.75 * length / average.max(1.0));
                score += query.terms[term].weight * rarity * count * (K1 + 1.0) / (count + norm);
            }
            self.document[*file as usize] = score;
        }
    }

    /// Files of the commits whose messages are most like the query, weighted by likeness and narrowness.
    fn nearest_changes(&mut self, messages: &Messages, query: &Query, history: &History) {
        let total = float(messages.all.len());
        let mut frequency = vec![0.0_f32; query.terms.len()];
        for message in &messages.all {
            for (term, _) in &message.terms {
                frequency[usize::from(*term)] += 1.0;
            }
        }
        let average = messages.all.iter().map(|message| message.tokens).sum::<f32>() / total;
        let mut likeness: Vec<(f32, usize)> = Vec::new();
        for (at, message) in messages.all.iter().enumerate() {
            let norm = K1 * (0.4 + 0.6 * message.tokens / average.max(1.0));
            let score: f32 = message
                .terms
                .iter()
                .map(|(term, count)| {
                    let term = usize::from(*term);
                    query.terms[term].weight * idf(total, frequency[term]) * count * (K1 + 1.0) / (count + norm)
                })
                .sum();
            if score > 0.0 && !self.changes[at].is_empty() {
                likeness.push((score, at));
            }
        }
        likeness.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let best = likeness.first().map_or(1.0, |(score, _)| *score);
        for (score, at) in likeness.into_iter().take(NEIGHBOURS) {
            let breadth = float(history.commits[at].breadth.max(1));
            for file in &self.changes[at] {
                self.neighbours[*file as usize] += (score / best).powi(2) / breadth.sqrt();
                self.nearest.entry(*file).or_insert(at);
            }
        }
    }

    fn same_issues(&mut self, history: &History, query: &Query) {
        for (commit, files) in history.commits.iter().zip(&self.changes) {
            if commit.issues.iter().any(|issue| query.mentions.issues.contains(issue)) {
                let breadth = float(commit.breadth.max(1));
                for file in files {
                    self.issues[*file as usize] += 1.0 / breadth.sqrt();
                }
            }
        }
    }

    fn ages(&mut self, history: &History) {
        let last = float(history.len()).ln_1p();
        for (at, files) in self.changes.iter().enumerate() {
            for file in files {
                let file = *file as usize;
                if self.churn[file] == 0.0 {
                    let age = float(at).ln_1p() / last;
                    self.recency[file] = 1.0 - age;
                }
                self.churn[file] += 1.0;
            }
        }
        for churn in &mut self.churn {
            *churn = churn.ln_1p();
        }
    }
}

fn changes(history: &History, paths: &[String]) -> Vec<Vec<u32>> {
    let position = |path: &String| paths.binary_search(path).ok().and_then(|at| u32::try_from(at).ok());
    history.commits.iter().map(|commit| commit.files.iter().filter_map(position).collect()).collect()
}

struct Messages {
    all: Vec<Message>,
}

struct Message {
    tokens: f32,
    terms: Vec<(u16, f32)>,
}

impl Messages {
    fn read(history: &History, vocabulary: &Vocabulary) -> Self {
        let mut memory = Memory::new(vocabulary);
        let all = history.commits.iter().map(|commit| Message::read(&commit.message, &mut memory)).collect();
        Self { all }
    }
}

impl Message {
    fn read(text: &str, memory: &mut Memory<'_>) -> Self {
        let mut terms: Vec<(u16, f32)> = Vec::new();
        let mut tokens = 0.0;
        for (number, line) in text.lines().enumerate() {
            // The subject says what was done; the rest is often a template.
            let weight = if number == 0 { 2.0 } else { 1.0 };
            for word in line.as_bytes().split(|byte| !in_identifier(*byte)).filter(|word| word.len() >= 2) {
                let meaning = memory.meaning(word);
                tokens += f32::from(meaning.tokens) * weight;
                for term in meaning.parts().iter().filter(|term| **term != NOTHING) {
                    match terms.iter_mut().find(|(known, _)| known == term) {
                        Some((_, count)) => *count += weight,
                        None => terms.push((*term, weight)),
                    }
                }
            }
        }
        terms.sort_unstable_by_key(|(term, _)| *term);
        Self { tokens, terms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::retrieval::history::Commit;
    use crate::codebase::retrieval::query::Question;

    fn commit(message: &str, files: &[&str]) -> Commit {
        let issues = message.lines().flat_map(crate::codebase::retrieval::mentions::issue_numbers).collect();
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        Commit { id: "1".into(), message: message.into(), breadth: files.len(), files, issues }
    }

    fn past(commits: Vec<Commit>, title: &str) -> Past {
        let query = Query::parse(&Question { title: title.into(), body: String::new() });
        let paths = ["a.rs".to_owned(), "b.rs".to_owned(), "c.rs".to_owned()];
        Past::new(&History { commits }, &query, &Vocabulary::new(&query), &paths)
    }

    #[test]
    fn a_file_whose_commits_speak_of_the_matter_is_raised() {
        let past = past(
            vec![
                commit("Cache the parser (#33)", &["a.rs"]),
                commit("Unrelated", &["b.rs"]),
                commit("Something else", &["b.rs", "c.rs"]),
            ],
            "parser cache is stale, see #33",
        );
        assert!(past.document[0] > past.document[1] && past.neighbours[0] > 0.0 && past.neighbours[1] == 0.0);
        assert!(past.issues[0] > 0.0 && past.issues[1] == 0.0);
        assert!(past.recency[0] > past.recency[1] && past.recency[1] > past.recency[2]);
        assert!(past.churn[1] > past.churn[0]);
    }

    #[test]
    fn without_history_every_signal_is_silent() {
        let past = past(vec![commit("Cache the parser", &["a.rs"])], "parser");
        assert!(past.document.iter().chain(&past.recency).all(|value| *value == 0.0) && past.changes.is_empty());
    }
}

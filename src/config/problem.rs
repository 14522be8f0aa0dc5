//! What is wrong with a configuration: all problems at once, each with its place and what to write instead.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong, where it stands, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, or the input that carried the value.
    pub file: String,
    /// 1-based; `None` for a value that came from no file.
    pub line: Option<u64>,
    /// 1-based, in characters.
    pub column: Option<u64>,
    /// The key's path, such as `models.cto.temperature`; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong and what is expected: lower case, no final stop.
    pub message: String,
    /// The nearest word that would be right.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(": ")?;
        f.write_str(&self.sentence())
    }
}

impl Problem {
    /// The problem without its place, for annotations that carry the place themselves.
    pub fn sentence(&self) -> String {
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        let hint = self.suggestion.as_ref().map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
        format!("{key}{}{hint}", self.message)
    }
}

/// Every problem of a configuration, in the order of the file. Never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// The word of `known` that is nearest to `word`, when it is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word);
    known
        .into_iter()
        .map(|candidate| {
            let other = plain(candidate);
            let distance = edit_distance(&wanted, &other);
            // A transposition or two in a long word, one in a short one.
            let allowed = wanted.chars().count().max(other.chars().count()).div_ceil(3);
            (distance, allowed, candidate)
        })
        .filter(|(distance, allowed, _)| distance <= allowed)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| candidate)
}

/// Levenshtein's distance with neighbouring letters swapped as one step.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().take(64).collect(), right.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let above = &rows[i];
            let mut best = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_offered_and_a_far_one_is_not() {
        let known = ["budget", "backlog", "merge", "max_turns", "require_approval"];
        assert_eq!(nearest("budgte", known), Some("budget"));
        assert_eq!(nearest("maxTurns", known), Some("max_turns"));
        assert_eq!(nearest("require-aproval", known), Some("require_approval"));
        assert_eq!(nearest("marge", known), Some("merge"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}

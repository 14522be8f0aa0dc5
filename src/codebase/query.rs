//! What an issue's text asks for: weighted terms, exact identifiers, and paths with lines from mentions and stack traces.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

const TITLE: f64 = 1.6;
const FENCED: f64 = 0.5;
const CODE_LIKE: f64 = 1.5;
const MAX_TERMS: usize = 64;
const MAX_IDENTIFIERS: usize = 64;

/// The search that an issue's text amounts to. Deterministic: everything is sorted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Stems with their weight, heaviest first.
    pub terms: Vec<(String, f64)>,
    /// Stems of the title alone.
    pub title: Vec<String>,
    /// Names as they are written in code, such as `parse_header` or `parseHeader`.
    pub identifiers: Vec<String>,
    pub paths: Vec<PathMention>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathMention {
    /// As written, without a leading `./` or `/`.
    pub path: String,
    pub line: Option<usize>,
}

impl Query {
    pub fn of(title: &str, body: &str) -> Self {
        let mut builder = Builder::default();
        builder.add(title, TITLE);
        let mut fenced = false;
        for line in body.lines() {
            if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
                fenced = !fenced;
                continue;
            }
            builder.add(line, if fenced { FENCED } else { 1.0 });
        }
        let mut title: Vec<String> = words(title).flat_map(stems).collect();
        title.sort();
        title.dedup();
        builder.build(title)
    }
}

#[derive(Default)]
struct Builder {
    weights: BTreeMap<String, f64>,
    identifiers: BTreeMap<String, f64>,
    paths: Vec<PathMention>,
}

impl Builder {
    fn add(&mut self, text: &str, weight: f64) {
        let text = replace(&URL, text);
        for found in PATH.as_ref().map(|path| path.captures_iter(&text).collect::<Vec<_>>()).unwrap_or_default() {
            let path = found.name("path").map_or("", |found| found.as_str());
            let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
            let line = found.name("line").or_else(|| found.name("python")).and_then(|line| line.as_str().parse().ok());
            let mention = PathMention { path, line };
            if !self.paths.contains(&mention) {
                self.paths.push(mention);
            }
        }
        for word in words(&text) {
            let code_like = is_code_like(word);
            let weight = if code_like { weight * CODE_LIKE } else { weight };
            if code_like {
                *self.identifiers.entry(word.to_owned()).or_default() += weight;
            }
            for stem in stems(word) {
                // Repetition says a little, the heaviest mention says most.
                let known = self.weights.entry(stem).or_default();
                *known = known.max(weight) + 0.1 * weight;
            }
        }
    }

    fn build(self, title: Vec<String>) -> Query {
        let heaviest = |map: BTreeMap<String, f64>, most: usize| {
            let mut list: Vec<(String, f64)> = map.into_iter().collect();
            list.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            list.truncate(most);
            list
        };
        let identifiers = heaviest(self.identifiers, MAX_IDENTIFIERS).into_iter().map(|(name, _)| name).collect();
        Query { terms: heaviest(self.weights, MAX_TERMS), title, identifiers, paths: self.paths }
    }
}

/// Identifiers and words: runs of letters, digits and underscores.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The parts of a word as stems: `parseHTTPHeaders` gives `parse`, `http`, `header`. Common words give nothing.
pub fn stems(word: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let chars: Vec<char> = word.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_numeric())
                || (before.is_some_and(|before| before.is_uppercase())
                    && after.is_some_and(|after| after.is_lowercase())));
        if *c == '_' || starts {
            parts.push(std::mem::take(&mut part));
        }
        if *c != '_' {
            part.extend(c.to_lowercase());
        }
    }
    parts.push(part);
    parts.into_iter().filter(|part| part.chars().count() > 1 && !is_common(part)).map(|part| stem(&part)).collect()
}

/// A light stemmer: plural and two verb endings, where a stem of three letters stays.
fn stem(word: &str) -> String {
    for (ending, instead) in [("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")] {
        if let Some(head) = word.strip_suffix(ending)
            && head.chars().count() >= 3
            && !(ending == "s" && head.ends_with('s'))
        {
            let mut stemmed = head.to_owned();
            stemmed.push_str(instead);
            // `wrapped` and `wrapping` meet `wrap`; `parsed` and `parses` meet `parse` without its `e`.
            let mut last = stemmed.chars().rev();
            if matches!(ending, "ing" | "ed") && last.next() == last.next() && !stemmed.ends_with("ss") {
                stemmed.pop();
            }
            return stemmed.strip_suffix('e').map_or(stemmed.clone(), ToOwned::to_owned);
        }
    }
    match word.strip_suffix('e') {
        Some(head) if head.chars().count() >= 3 => head.to_owned(),
        _ => word.to_owned(),
    }
}

fn is_code_like(word: &str) -> bool {
    let inner_upper = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    word.chars().count() > 2 && (word.trim_matches('_').contains('_') || inner_upper)
}

fn is_common(word: &str) -> bool {
    const COMMON: &[&str] = &[
        "the",
        "and",
        "for",
        "are",
        "was",
        "not",
        "but",
        "with",
        "that",
        "this",
        "from",
        "have",
        "has",
        "had",
        "when",
        "then",
        "than",
        "there",
        "they",
        "them",
        "what",
        "which",
        "will",
        "would",
        "should",
        "could",
        "can",
        "does",
        "did",
        "been",
        "being",
        "were",
        "into",
        "only",
        "also",
        "some",
        "such",
        "each",
        "more",
        "most",
        "very",
        "just",
        "like",
        "get",
        "gets",
        "got",
        "use",
        "uses",
        "using",
        "used",
        "make",
        "makes",
        "made",
        "you",
        "your",
        "our",
        "its",
        "it",
        "is",
        "in",
        "of",
        "to",
        "on",
        "at",
        "as",
        "an",
        "be",
        "by",
        "or",
        "if",
        "so",
        "we",
        "do",
        "no",
        "any",
        "all",
        "one",
        "two",
        "new",
        "now",
        "see",
        "let",
        "self",
        "pub",
        "fn",
        "def",
        "return",
        "import",
        "please",
        "issue",
        "bug",
        "expected",
        "actual",
        "behaviour",
        "behavior",
        "steps",
        "reproduce",
        "version",
    ];
    COMMON.contains(&word) || word.chars().all(char::is_numeric)
}

fn replace(regex: &LazyLock<Option<Regex>>, text: &str) -> String {
    regex.as_ref().map_or_else(|| text.to_owned(), |regex| regex.replace_all(text, " ").into_owned())
}

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"https?://\S+").ok());
/// `src/a.rs`, `a.py:12`, `a.ts(12,3)` and `File "a.py", line 12`.
static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?P<path>[A-Za-z0-9_@./+-]*[A-Za-z0-9_@+-]\.[A-Za-z][A-Za-z0-9]{0,9})(?:[:(](?P<line>\d{1,7})|", line (?P<python>\d{1,7}))?"#,
    )
    .ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_and_stemmed() {
        assert_eq!(stems("parseHTTPHeaders"), ["pars", "http", "header"]);
        assert_eq!(stems("wrapped_lines"), ["wrap", "lin"]);
        assert_eq!(stems("parses"), stems("parsing"));
        assert_eq!(stems("wrapping"), stems("wrap"));
        assert!(stems("the").is_empty() && stems("42").is_empty() && stems("").is_empty());
    }

    #[test]
    fn titles_weigh_more_and_urls_nothing() {
        let query = Query::of("Wrap loses words", "see https://example.com/elsewhere\n```\nfenced\n```\nprose");
        let weight = |stem: &str| query.terms.iter().find(|term| term.0 == stem).map(|term| term.1);
        assert!(weight("wrap") > weight("pros") && weight("pros") > weight("fenc"));
        assert_eq!(weight("elsewher"), None);
        assert_eq!(query.title, ["los", "word", "wrap"]);
    }

    #[test]
    fn paths_and_stack_traces_are_recognised() {
        let body = "at ./src/wrap.rs:12:3\n  File \"lib/a.py\", line 7, in f\nand `parse_header` in web/App.tsx(9,1)";
        let query = Query::of("", body);
        let found: Vec<(&str, Option<usize>)> = query.paths.iter().map(|at| (at.path.as_str(), at.line)).collect();
        assert_eq!(found, [("src/wrap.rs", Some(12)), ("lib/a.py", Some(7)), ("web/App.tsx", Some(9))]);
        assert_eq!(query.identifiers, ["parse_header"]);
    }

    #[test]
    fn empty_and_foreign_texts_make_a_query() {
        assert_eq!(Query::of("", ""), Query::default());
        assert!(Query::of("🎉🎉", "").terms.is_empty());
        assert!(Query::of("Größe ändern", "").terms.len() == 2);
    }
}

//! Retrieval from start to end: gather, weigh, order, explain, pack.

use super::RetrievalError;
use super::evidence::{Group, gather};
use super::features::{Features, Signal};
use super::history::History;
use super::query::Question;
use super::reading::{Window, pack};
use super::reasons::{Reason, reasons};
use super::tree::Tree;
use super::weights::{score, source_weight, test_score, test_weight};

/// Bounds of what comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub sources: usize,
    pub tests: usize,
    pub manifests: usize,
    /// Tokens of all windows worth reading together; 0 for none.
    pub tokens: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sources: 20, tests: 10, manifests: 10, tokens: 12_000 }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub path: String,
    pub score: f32,
    /// Weightiest first; may be empty for files far down.
    pub reasons: Vec<Reason>,
}

/// Whether the past could help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    Known {
        commits: usize,
    },
    /// A depth-1 checkout or no git: said, because the ranking is worse for it.
    Missing,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved {
    pub sources: Vec<Ranked>,
    pub tests: Vec<Ranked>,
    /// Lists of dependencies and build settings, the ones nearest to the best files first.
    pub manifests: Vec<String>,
    pub windows: Vec<Window>,
    pub past: Past,
}

/// Ranks the files of `tree` for a question; an empty history degrades the ranking and nothing else.
/// The same tree, history, question and limits give the same result, byte for byte.
pub fn retrieve(
    tree: &dyn Tree,
    history: &History,
    question: &Question,
    limits: Limits,
) -> Result<Retrieved, RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let sources = order(evidence.paths, &evidence.sources, score, evidence.best, limits.sources);
    let tests = order(evidence.paths, &evidence.tests, test_score, None, limits.tests);
    let explain = |group: &Group, rows: &[(f32, usize)], weight: fn(Signal) -> f32| -> Vec<Ranked> {
        let ranked = |(score, row): &(f32, usize)| Ranked {
            path: path(evidence.paths, group, *row).to_owned(),
            score: *score,
            reasons: reasons(&evidence, group, *row, history, weight),
        };
        rows.iter().map(ranked).collect()
    };
    let rows: Vec<usize> = sources.iter().map(|(_, row)| *row).collect();
    let mut reader = tree.reader()?;
    let windows = pack(&evidence, &evidence.sources, &rows, &mut *reader, limits.tokens);
    let best: Vec<&str> = rows.iter().take(5).map(|row| path(evidence.paths, &evidence.sources, *row)).collect();
    Ok(Retrieved {
        sources: explain(&evidence.sources, &sources, source_weight),
        tests: explain(&evidence.tests, &tests, test_weight),
        manifests: manifests(evidence.paths, &evidence.manifests, &best, limits.manifests),
        windows,
        past: if history.is_empty() { Past::Missing } else { Past::Known { commits: history.len() } },
    })
}

fn path<'a>(paths: &'a [String], group: &Group, row: usize) -> &'a str {
    group.files.get(row).and_then(|at| paths.get(*at)).map_or("", String::as_str)
}

fn order(
    paths: &[String],
    group: &Group,
    score: fn(&Features, usize) -> f32,
    best: Option<usize>,
    most: usize,
) -> Vec<(f32, usize)> {
    let mut all: Vec<(f32, usize)> = (0..group.files.len()).map(|row| (score(&group.features, row), row)).collect();
    all.sort_by(|a, b| {
        let first = (best == Some(b.1)).cmp(&(best == Some(a.1)));
        first.then(b.0.total_cmp(&a.0)).then_with(|| path(paths, group, a.1).cmp(path(paths, group, b.1)))
    });
    all.truncate(most);
    all
}

/// Manifests of the folders above the best files, the deepest of the best file first, then those at the root.
fn manifests(paths: &[String], manifests: &[usize], best: &[&str], most: usize) -> Vec<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut found: Vec<(usize, usize, &String)> = manifests
        .iter()
        .filter_map(|at| {
            let path = paths.get(*at)?;
            let above = folder(path);
            let rank = best.iter().position(|one| one.starts_with(&above))?;
            Some((rank, usize::MAX - above.len(), path))
        })
        .collect();
    found.sort();
    found.into_iter().take(most).map(|(_, _, path)| path.clone()).collect()
}

/// Signals of every source and every test, for fitting weights: the names, then (path, values) of each.
pub type Signals = (Vec<&'static str>, Vec<(String, Vec<f32>)>, Vec<(String, Vec<f32>)>);

pub fn signals_of(tree: &dyn Tree, history: &History, question: &Question) -> Result<Signals, RetrievalError> {
    let evidence = gather(tree, history, question)?;
    let names = Signal::ALL.iter().map(|signal| signal.name()).collect();
    let rows = |group: &Group| {
        let row = |row: usize| (path(evidence.paths, group, row).to_owned(), group.features.row(row));
        (0..group.files.len()).map(row).collect()
    };
    Ok((names, rows(&evidence.sources), rows(&evidence.tests)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::retrieval::tree::Reader;

    struct Folder {
        paths: Vec<String>,
        contents: Vec<Vec<u8>>,
    }

    impl Folder {
        fn new(files: &[(&str, &str)]) -> Self {
            let mut files: Vec<_> = files.to_vec();
            files.sort_unstable();
            Self {
                paths: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
                contents: files.iter().map(|(_, text)| text.as_bytes().to_vec()).collect(),
            }
        }
    }

    impl Tree for Folder {
        fn paths(&self) -> &[String] {
            &self.paths
        }

        fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError> {
            Ok(Box::new(InMemory(self)))
        }
    }

    struct InMemory<'a>(&'a Folder);

    impl Reader for InMemory<'_> {
        fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool {
            into.clear();
            self.0.contents.get(index).is_some_and(|bytes| {
                into.extend_from_slice(bytes);
                true
            })
        }
    }

    fn project() -> Folder {
        Folder::new(&[
            ("lib/session.c", "int open_session(int id) {\n  return lock_table(id);\n}\n/* stale session token */\n"),
            ("lib/session.h", "int open_session(int id);\n"),
            ("lib/table.c", "int lock_table(int id) {\n  return id;\n}\n"),
            ("lib/paint.c", "void paint(void) {\n}\n"),
            ("lib/blob.c", "\0\0session token stale"),
            ("vendor/session.c", "int open_session(int id) { stale session token }\n"),
            ("docs/session.md", "stale session token\n"),
            ("tests/session_test.c", "void test_open_session(void) { open_session(1); }\n"),
            ("tests/paint_test.c", "void test_paint(void) { paint(); }\n"),
            ("lib/CMakeLists.txt", "add_library(x)\n"),
            ("other/Makefile", "all:\n"),
            ("Makefile", "all:\n"),
        ])
    }

    fn ask(limits: Limits) -> Retrieved {
        let question = Question::from_text("Stale token in `open_session`\n\nThe session stays stale.");
        retrieve(&project(), &History::default(), &question, limits).unwrap()
    }

    #[test]
    fn the_file_comes_first_with_its_reasons_its_companions_and_its_test() {
        let found = ask(Limits::default());
        let sources: Vec<_> = found.sources.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(sources[0], "lib/session.c");
        assert_eq!(sources[1], "lib/session.h");
        let place = |path: &str| sources.iter().position(|one| *one == path);
        assert!(place("lib/table.c") < place("lib/paint.c"), "the definer of what the window uses goes first");
        assert!(!sources.contains(&"vendor/session.c") && !sources.contains(&"docs/session.md"));
        let reasons: Vec<String> = found.sources[0].reasons.iter().map(ToString::to_string).collect();
        assert!(reasons.iter().any(|reason| reason.starts_with("lines 1-5 have")), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason == "it defines open_session"), "{reasons:?}");
        assert_eq!(found.tests[0].path, "tests/session_test.c");
        assert_eq!(found.manifests, ["lib/CMakeLists.txt", "Makefile"]);
        assert_eq!(found.past, Past::Missing);
    }

    #[test]
    fn the_same_question_has_the_same_answer_byte_for_byte() {
        let first = format!("{:?}", ask(Limits::default()));
        for _ in 0..5 {
            assert_eq!(format!("{:?}", ask(Limits::default())), first);
        }
    }

    #[test]
    fn windows_keep_to_the_budget() {
        let all = ask(Limits::default());
        let tokens = |found: &Retrieved| found.windows.iter().map(|window| window.tokens).sum::<usize>();
        assert!(tokens(&all) > 60 && all.windows[0].path == "lib/session.c" && all.windows[0].first == 1);
        let tight = ask(Limits { tokens: 40, ..Limits::default() });
        assert!(tokens(&tight) <= 40 && !tight.windows.is_empty());
        assert_eq!(ask(Limits { tokens: 0, ..Limits::default() }).windows, []);
    }

    #[test]
    fn an_empty_question_and_an_empty_tree_are_answered() {
        let none = Question { title: String::new(), body: String::new() };
        assert_eq!(retrieve(&project(), &History::default(), &none, Limits::default()).unwrap().tests.len(), 2);
        let empty = Folder::new(&[]);
        let found = retrieve(&empty, &History::default(), &Question::from_text("a b"), Limits::default()).unwrap();
        assert_eq!((found.sources.len(), found.windows.len()), (0, 0));
    }
}

//! Which test belongs to which source file, by name and place.

use std::collections::HashMap;

/// Words that only mark a test.
const MARKS: [&str; 9] = ["tests", "test", "spec", "specs", "testcase", "e2e", "it", "benchmark", "bench"];

/// The name of a file without extension and test marks, lower case and without joiners: `FooTests.java`, `test_foo.py` → `foo`.
pub(super) fn subject(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let mut parts: Vec<String> = Vec::new();
    super::words::subtokens(stem.as_bytes(), |token| {
        if !token.is_empty() {
            parts.push(String::from_utf8_lossy(token).into_owned());
        }
    });
    let mark = |part: &String| MARKS.contains(&part.as_str());
    if parts.len() > 1 && parts.last().is_some_and(mark) {
        parts.pop();
    }
    if parts.len() > 1 && parts.first().is_some_and(mark) {
        parts.remove(0);
    }
    parts.concat()
}

/// Likeness of two folders: shared parts at both ends, test folders' names left out.
fn nearness(a: &str, b: &str) -> usize {
    let parts = |path: &str| -> Vec<String> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_ascii_lowercase();
        folder
            .split('/')
            .filter(|part| !MARKS.contains(part) && *part != "src" && *part != "main" && *part != "lib")
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (parts(a), parts(b));
    a.iter().filter(|part| b.contains(part)).count()
}

/// Pairs of positions (test, source) whose subjects are equal; a test goes to the nearest of its namesakes.
pub(super) fn pairs(tests: &[&str], sources: &[&str]) -> Vec<(usize, usize)> {
    let mut by_subject: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, source) in sources.iter().enumerate() {
        by_subject.entry(subject(source)).or_default().push(at);
    }
    let mut found = Vec::new();
    for (test, path) in tests.iter().enumerate() {
        let Some(namesakes) = by_subject.get(&subject(path)).filter(|all| all.len() <= 40) else { continue };
        let best = namesakes.iter().map(|at| nearness(path, sources[*at])).max().unwrap_or(0);
        found.extend(namesakes.iter().filter(|at| nearness(path, sources[**at]) == best).take(3).map(|at| (test, *at)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_paired_with_its_namesake_nearby() {
        assert_eq!(subject("a/FooBarTests.java"), "foobar");
        assert_eq!(subject("test/orm/test_session.py"), "session");
        assert_eq!(subject("src/sort/sort.spec.ts"), "sort");
        assert_eq!(subject("test.py"), "test");
        let sources = ["lib/orm/session.py", "lib/sql/session.py", "lib/orm/query.py"];
        assert_eq!(pairs(&["test/orm/test_session.py", "test/orm/test_other.py"], &sources), [(0, 0)]);
    }
}

//! Reads Rust source as far as the house rules need: code without comments and literals, its paths, its production part.

use std::fs;
use std::path::{Path, PathBuf};

/// One file under `src`, split into what the rules look at. Line numbers start at 1.
#[derive(Debug)]
pub(crate) struct Source {
    /// As in `src/jobs/review/mod.rs`.
    pub(crate) name: String,
    /// `["jobs", "review"]` for that file.
    pub(crate) module: Vec<String>,
    /// The text as written.
    pub(crate) text: String,
    /// The production part, with comments and literals blanked out; lines are kept.
    pub(crate) code: String,
    /// String literals of the production part: line and content.
    pub(crate) strings: Vec<(usize, String)>,
    /// How many lines stand before the tests.
    pub(crate) production_lines: usize,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let (whole, literals) = blank(text);
        // A file of tests alone, declared behind `#[cfg(test)]`, has no production part.
        let production_lines = if name.ends_with("/tests.rs") { 0 } else { production_lines(&whole) };
        let code = whole.lines().take(production_lines).collect::<Vec<_>>().join("\n");
        let strings = literals.into_iter().filter(|(line, _)| *line <= production_lines).collect();
        Self { name: name.to_owned(), module: module(name), text: text.to_owned(), code, strings, production_lines }
    }

    /// The top-level module: the room. `main` and `lib` are rooms too.
    pub(crate) fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// Paths into this crate that the production part names, from the crate's root: line and segments.
    pub(crate) fn paths(&self) -> Vec<(usize, Vec<String>)> {
        crate_paths(&self.code, &self.module)
    }

    /// Lines on which `word` stands as a whole word.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<usize> {
        let found = |line: &str| {
            line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + word.len()..].chars().next();
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            })
        };
        self.code.lines().enumerate().filter(|(_, line)| found(line)).map(|(at, _)| at + 1).collect()
    }
}

/// Every Rust file under `root/src`, by name.
pub(crate) fn sources(root: &Path) -> Vec<Source> {
    let mut found: Vec<_> = files(&root.join("src"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.strip_prefix(root).expect("files are under the root").to_string_lossy().replace('\\', "/");
            Source::new(&name, &fs::read_to_string(&path).expect("a source file is readable"))
        })
        .collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// Every file under `folder`, at any depth.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder is readable").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn module(name: &str) -> Vec<String> {
    let inner = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<_> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    if parts == ["lib"] {
        parts.clear();
    }
    parts
}

/// Everything before the first `#[cfg(test)]` module in column 0 (attributes between the two are allowed).
fn production_lines(code: &str) -> usize {
    let lines: Vec<_> = code.lines().collect();
    let tests_start = |at: usize| {
        lines[at].starts_with("#[cfg(test)]")
            && lines[at + 1..].iter().find(|line| !line.starts_with("#[")).is_some_and(|line| line.starts_with("mod "))
    };
    (0..lines.len()).find(|at| tests_start(*at)).unwrap_or(lines.len())
}

/// Code with comments and literals turned to spaces, and the string literals with their lines.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < chars.len() {
        let end = token_end(&chars, at);
        if end == at {
            line += usize::from(chars[at] == '\n');
            code.push(chars[at]);
            at += 1;
            continue;
        }
        let token: String = chars[at..end].iter().collect();
        if let Some(content) = string_content(&token) {
            literals.push((line, content.to_owned()));
        }
        line += token.matches('\n').count();
        code.extend(token.chars().map(|one| if one == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    (code, literals)
}

/// Where the comment or literal that starts at `at` ends; `at` itself when none starts there.
fn token_end(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let starts = |text: &str| text.chars().enumerate().all(|(offset, one)| rest.get(offset) == Some(&one));
    let inside_word = at > 0 && is_word(chars[at - 1]);
    let until = |from: usize, stop: &[char]| {
        (at + from..chars.len())
            .find(|start| chars[*start..].starts_with(stop))
            .map_or(chars.len(), |start| start + stop.len())
    };
    if starts("//") {
        return until(2, &['\n']).saturating_sub(1).max(at + 2).min(chars.len());
    }
    if starts("/*") {
        return until(2, &['*', '/']);
    }
    if starts("\"") || (!inside_word && (starts("b\"") || starts("c\""))) {
        return quoted_end(chars, at + usize::from(rest[0] != '"') + 1, '"');
    }
    if !inside_word && (starts("r\"") || starts("r#") || starts("br")) {
        let skip = usize::from(rest[0] == 'b') + 1;
        let hashes = rest[skip..].iter().take_while(|one| **one == '#').count();
        if rest.get(skip + hashes) == Some(&'"') {
            let stop: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            return until(skip + hashes + 1, &stop);
        }
    }
    // A character, unless it is a lifetime ('a without a closing quote).
    if starts("'") && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
        return quoted_end(chars, at + 1, '\'');
    }
    at
}

fn quoted_end(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn string_content(token: &str) -> Option<&str> {
    let inner = token.trim_start_matches(['b', 'c', 'r']).trim_matches('#');
    inner.strip_prefix('"')?.strip_suffix('"')
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

/// Paths that start with `crate`, `super`, `self` or `autonomy`, groups opened, from the crate's root.
fn crate_paths(code: &str, module: &[String]) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let (line, word) = tokens[at];
        let starts = ["crate", "super", "self", "autonomy"].contains(&word);
        let follows = at > 0 && ["::", "$"].contains(&tokens[at - 1].1);
        if !starts || follows || tokens.get(at + 1).is_none_or(|next| next.1 != "::") {
            continue;
        }
        let mut trees = Vec::new();
        tree(&tokens, at, &[], &mut trees);
        found.extend(trees.into_iter().map(|path| (line, resolve(&path, module))));
    }
    found
}

/// Reads one path tree at `at`; returns where it ends.
fn tree<'a>(tokens: &[(usize, &'a str)], mut at: usize, prefix: &[&'a str], found: &mut Vec<Vec<&'a str>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at).map(|token| token.1) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.1 != "}") {
                    if tokens[at].1 == "as" {
                        at += 2;
                        continue;
                    }
                    let next = tree(tokens, at, &path, found);
                    at = next.max(at + 1);
                }
                return at + 1;
            }
            Some(word) if word.chars().all(is_word) => path.push(word),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token.1 != "::") {
            break;
        }
        at += 1;
    }
    let glob = tokens.get(at).is_some_and(|token| token.1 == "*");
    if glob || path.len() > prefix.len() {
        found.push(path);
    }
    at += usize::from(glob);
    at
}

fn resolve(path: &[&str], module: &[String]) -> Vec<String> {
    let mut at = match path[0] {
        "crate" | "autonomy" => Vec::new(),
        _ => module.to_vec(),
    };
    for segment in path {
        match *segment {
            "crate" | "autonomy" | "self" => {}
            "super" => {
                at.pop();
            }
            name => at.push(name.to_owned()),
        }
    }
    at
}

/// Words, `::` and single signs, with their lines.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                one if is_word(one) => rest.find(|next| !is_word(next)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                one => one.len_utf8(),
            };
            if !first.is_whitespace() {
                found.push((number + 1, &rest[..length]));
            }
            rest = &rest[length..];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(name: &str, text: &str) -> Vec<String> {
        Source::new(name, text).paths().into_iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect()
    }

    #[test]
    fn paths_are_found_in_use_lines_groups_and_expressions() {
        let text = "use crate::{config::Config, domain::{issue::Issue as I, ids::*}};\nfn f() -> crate::plan::Plan { autonomy::run::main() }\n";
        assert_eq!(
            paths("src/jobs/mod.rs", text),
            ["1 config::Config", "1 domain::issue::Issue", "1 domain::ids", "2 plan::Plan", "2 run::main"]
        );
    }

    #[test]
    fn super_and_self_are_followed_from_the_file() {
        assert_eq!(paths("src/jobs/review/lens.rs", "use super::super::merge::X;"), ["1 jobs::merge::X"]);
        assert_eq!(paths("src/jobs/review/mod.rs", "use super::super::adapters;"), ["1 adapters"]);
        assert_eq!(paths("src/plan/mod.rs", "use self::guard::Guard;"), ["1 plan::guard::Guard"]);
        assert_eq!(paths("src/apply.rs", "use super::ports::Clock;"), ["1 ports::Clock"]);
    }

    #[test]
    fn comments_literals_and_tests_are_not_code() {
        let text = "// crate::a\n/* crate::b */ let x = \"crate::c \\\" crate::d\"; let y = r#\"crate::e\"#; let z: &'static str = '\"';\n\n#[cfg(test)]\nmod tests {\n    use crate::f;\n}\n";
        let source = Source::new("src/cli.rs", text);
        assert_eq!(source.paths(), []);
        assert_eq!(source.production_lines, 3);
        assert_eq!(source.strings, [(2, "crate::c \\\" crate::d".to_owned()), (2, "crate::e".to_owned())]);
    }

    #[test]
    fn a_visibility_is_no_path_and_lines_survive_long_literals() {
        assert_eq!(paths("src/cli.rs", "pub(crate) fn f() {}\nlet x = \"a\nb\";\nuse crate::plan;"), ["4 plan"]);
    }

    #[test]
    fn words_are_whole_words() {
        let source = Source::new("src/cli.rs", "let a_dry_run = 1;\nlet dry_run = 2;\n");
        assert_eq!(source.lines_with("dry_run"), [2]);
    }

    #[test]
    fn rooms_are_top_level_modules() {
        let room = |name: &str| Source::new(name, "").room().to_owned();
        assert_eq!(
            [room("src/lib.rs"), room("src/main.rs"), room("src/run/demo.rs"), room("src/apply.rs")],
            ["lib", "main", "run", "apply"]
        );
    }
}

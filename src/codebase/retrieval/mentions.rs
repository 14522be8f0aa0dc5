//! Places a text names: paths, file names, stack frames, modules, scopes of a title, other issues.

use std::collections::BTreeSet;

use super::classify::is_code;
use super::words::in_identifier;

const MOST: usize = 120;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Lower-case paths or ends of paths with their extension: `src/a/b.rs`, `b.rs`.
    pub(super) files: BTreeSet<String>,
    /// Lower-case names of places without extension, `/`-separated: `cdk/portal`, `sqlalchemy/orm/session`.
    pub(super) places: BTreeSet<String>,
    /// What stands before the colon of a title: `urlapi`, `gopls/internal/cache`, `orm`.
    pub(super) scopes: BTreeSet<String>,
    /// Numbers of issues and pull requests, as written after `#`, `gh-` or in an address.
    pub(super) issues: BTreeSet<u64>,
}

pub(super) fn parse(title: &str, body: &str) -> Mentions {
    let mut mentions = Mentions::default();
    scopes(title, &mut mentions.scopes);
    for line in std::iter::once(title).chain(body.lines()) {
        mentions.issues.extend(issue_numbers(line));
        for word in line.split(|c: char| c.is_whitespace() || "()[]{}<>\"'`,;|=".contains(c)) {
            if mentions.files.len() + mentions.places.len() < MOST {
                place(word, &mut mentions);
            }
        }
    }
    mentions
}

/// A line without addresses; what an address says of an issue or a file is read by [`parse`].
pub(super) fn without_urls(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let start = rest[..at].rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |before| before + 1);
        let start = if rest.is_char_boundary(start) { start } else { at };
        kept.push_str(&rest[..start]);
        let tail = &rest[at..];
        let end = tail.find(|c: char| c.is_whitespace() || "()<>\"'`]".contains(c)).unwrap_or(tail.len());
        rest = &tail[end..];
    }
    kept.push_str(rest);
    kept
}

fn scopes(title: &str, into: &mut BTreeSet<String>) {
    let Some((scope, _)) = title.split_once(':') else { return };
    if scope.len() > 60 {
        return;
    }
    let inner = match scope.split_once('(') {
        Some((_, inside)) => inside.trim_end_matches(['!', ')']),
        None if scope.contains(' ') && !scope.contains([',', '/']) => return,
        None => scope,
    };
    for one in inner.split([',', ' ', '{', '}']) {
        let one = one.trim_matches(['/', '*', '.', '!', '[', ']', '`']).to_ascii_lowercase();
        if one.len() >= 2 && !matches!(one.as_str(), "fix" | "feat" | "perf" | "chore" | "refactor" | "all") {
            into.insert(one);
        }
    }
}

fn place(word: &str, mentions: &mut Mentions) {
    let address = word.contains("://");
    let word = match (address, word.split_once("/blob/").or_else(|| word.split_once("/tree/"))) {
        // The path of a file in an address follows the name of a commit or branch.
        (true, Some((_, tail))) => {
            tail.split_once('/').map_or("", |(_, path)| path).split(['#', '?']).next().unwrap_or("")
        }
        (true, None) => return,
        (false, _) => word,
    };
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
    let word = without_line(word.trim_end_matches('.'));
    let lower = word.trim_start_matches("./").replace('\\', "/").to_ascii_lowercase();
    if lower.len() < 3
        || lower.len() > 200
        || lower.contains("..")
        || !lower.bytes().any(|byte| byte.is_ascii_alphabetic())
    {
        return;
    }
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    if is_code(name) && name.bytes().all(|byte| in_identifier(byte) || b".-+@".contains(&byte)) {
        mentions.files.insert(lower);
    } else if lower.contains('/') {
        let parts: Vec<_> = lower.split('/').filter(|part| part.len() >= 2).collect();
        if parts.len() >= 2 {
            mentions.places.insert(parts.join("/"));
        }
    } else {
        module(word, mentions);
    }
}

/// `org.springframework.core.Ordered.get` and `cargo::util::flock` name places too.
fn module(word: &str, mentions: &mut Mentions) {
    let joined = word.replace("::", "/").replace(['.', '#'], "/").to_ascii_lowercase();
    let parts: Vec<&str> = joined.split('/').filter(|part| part.len() >= 2).collect();
    if parts.len() >= 2 && parts.iter().all(|part| part.bytes().all(in_identifier)) {
        mentions.places.insert(parts.join("/"));
    }
}

/// `a.rs:10:5`, `a.rs#L10`, `a.rs@10` without the place inside the file.
fn without_line(word: &str) -> &str {
    let word = word.split("#L").next().unwrap_or(word);
    let mut word = word;
    while let Some((rest, line)) = word.rsplit_once(':') {
        if rest.ends_with(':') || !line.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
        word = rest;
    }
    word
}

/// Numbers after `#`, `gh-`, `/issues/` and `/pull/`.
pub(super) fn issue_numbers(line: &str) -> impl Iterator<Item = u64> + '_ {
    ["#", "gh-", "GH-", "/issues/", "/pull/", "/tickets/"].into_iter().flat_map(move |mark| {
        line.match_indices(mark).filter_map(move |(at, _)| {
            let digits: String = line[at + mark.len()..].chars().take_while(char::is_ascii_digit).collect();
            if digits.len() >= 2 { digits.parse().ok() } else { None }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn paths_frames_and_names_are_recognised() {
        let body = "in `src/cargo/util/flock.rs:336`,\n  File \"lib/orm/session.py\", line 3\n at com.foo.Bar.run(Bar.java:42)\n\
                    https://github.com/o/r/blob/abc123/core/a.go#L10 and conncache.c. Also e.g. this.";
        let found = parse("x", body);
        assert_eq!(
            words(&found.files),
            ["bar.java", "conncache.c", "core/a.go", "lib/orm/session.py", "src/cargo/util/flock.rs"]
        );
        assert_eq!(words(&found.places), ["com/foo/bar/run"]);
    }

    #[test]
    fn a_titles_scope_is_a_place() {
        assert_eq!(words(&parse("fix(cdk/portal): leak", "").scopes), ["cdk/portal"]);
        assert_eq!(
            words(&parse("gopls/internal/{cache,mod}: leak", "").scopes),
            ["cache", "gopls/internal/", "mod"].map(|one| one.trim_matches('/'))
        );
        assert_eq!(words(&parse("urlapi: leak", "").scopes), ["urlapi"]);
        assert_eq!(words(&parse("This is a sentence: leak", "").scopes), [""; 0]);
    }

    #[test]
    fn issues_are_known_by_number() {
        let found = parse("Fix it (#16272)", "Fixes gh-35101, see https://x.org/o/r/issues/77 and #1");
        assert_eq!(found.issues.into_iter().collect::<Vec<_>>(), [77, 16272, 35101]);
    }

    #[test]
    fn addresses_are_cut_out() {
        assert_eq!(without_urls("see <https://a.b/c> and (http://d) é://x now"), "see <> and () é now");
    }
}

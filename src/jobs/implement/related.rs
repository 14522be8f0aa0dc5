//! The files an issue is about, as the engineer sees them: ranked with reasons, and the lines worth reading first.

use crate::codebase::budget::pack;
use crate::codebase::index::Index;
use crate::codebase::retrieval::{History, Limits, Past, Question, Ranked, Reason, Retrieved, Snapshot};
use crate::codebase::view;
use crate::config::Config;
use crate::domain::change::RepoPath;
use crate::domain::finding::Role;
use crate::domain::secret::Redactor;
use crate::domain::tokens::estimate;
use crate::ports::checkout::{Checkout, CheckoutError};
use crate::prompt::Prompt;

/// The most tokens of shown lines.
const WINDOW_TOKENS: u64 = 12_000;
const TESTS: usize = 5;
const MANIFESTS: usize = 5;
/// Tests of which lines are shown; they get a quarter of the room.
const SHOWN_TESTS: usize = 2;
/// Lines shown of a test that says nowhere in particular what the issue says.
const HEAD: usize = 50;
const NAMED: usize = 5;

/// What was found for an issue.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Related {
    /// Files without a reason are left out.
    pub(super) sources: Vec<Ranked>,
    pub(super) tests: Vec<Ranked>,
    pub(super) manifests: Vec<String>,
    /// Files the issue names by their whole path, and that are not ranked: documents, settings.
    pub(super) named: Vec<RepoPath>,
    pub(super) past: Past,
    /// Files that were searched, and files that should have been.
    pub(super) scanned: usize,
    pub(super) left_out: usize,
    /// Numbered lines, likeliest file first: untrusted text of the checkout.
    pub(super) windows: Vec<String>,
}

/// Tokens of shown lines that the engineer's model has room for.
pub(super) fn room(config: &Config) -> u64 {
    config.model(Role::Engineer).map_or(WINDOW_TOKENS, |model| model.context_tokens / 8).min(WINDOW_TOKENS)
}

/// Looks in the checkout for what the question is about, and takes lines for at most `room` tokens.
pub(super) async fn related(
    checkout: &dyn Checkout,
    index: &Index,
    history: History,
    question: Question,
    room: u64,
) -> Result<Related, CheckoutError> {
    let snapshot = Snapshot::of(checkout).await?;
    let (scanned, left_out) = (snapshot.held(), snapshot.left_out());
    let named = named(index, &question);
    let for_sources = room - room / 4;
    let tokens = usize::try_from(for_sources).unwrap_or(usize::MAX);
    let limits = Limits { tests: TESTS, manifests: MANIFESTS, tokens, ..Limits::default() };
    let Retrieved { mut sources, mut tests, manifests, windows, past } =
        snapshot.retrieve(history, question, limits).await?;
    let by_itself = |file: &Ranked| file.reasons.iter().any(|reason| !matches!(reason, Reason::TiedTo { .. }));
    if sources.iter().any(by_itself) {
        sources.retain(|file| !file.reasons.is_empty());
        tests.retain(|file| !file.reasons.is_empty());
    } else {
        // Files that are tied to a source which has nothing of the issue.
        sources.clear();
        tests.retain(by_itself);
    }
    let ranked = |path: &str| sources.iter().chain(&tests).any(|file| file.path == path);
    let named = named.into_iter().filter(|path| !ranked(path.as_str())).take(NAMED).collect();
    let of_sources = windows
        .iter()
        .filter(|window| sources.iter().any(|file| file.path == window.path))
        .map(|window| (window.path.as_str(), window.first, window.last));
    let (mut shown, _) = pack(numbered(checkout, of_sources).await, for_sources, |text| text);
    let left = room.saturating_sub(shown.iter().map(|text| estimate(text)).sum());
    let of_tests = tests.iter().take(SHOWN_TESTS).map(|file| {
        let (first, last) = likely_lines(file);
        (file.path.as_str(), first, last)
    });
    shown.extend(pack(numbered(checkout, of_tests).await, left, |text| text).0);
    Ok(Related { sources, tests, manifests, named, past, scanned, left_out, windows: shown })
}

/// Whole paths that stand in the text, in its order. An exact look-up: no path is made of untrusted text.
fn named(index: &Index, question: &Question) -> Vec<RepoPath> {
    let mut found: Vec<RepoPath> = Vec::new();
    for word in question.title.lines().chain(question.body.lines()).flat_map(|line| {
        line.split(|c: char| c.is_whitespace() || "()[]{}<>\"'`,;|=".contains(c)).filter(|word| !word.is_empty())
    }) {
        let word = word.trim_end_matches(['.', ':', '!', '?']);
        // `docs/guide.md:12` names the file too.
        let word = word.split(':').next().unwrap_or(word);
        let path = word.strip_prefix("./").or_else(|| word.strip_prefix('/')).unwrap_or(word).parse::<RepoPath>();
        if let Ok(path) = path
            && index.get(&path).is_some_and(|file| file.class.is_searched())
            && !found.contains(&path)
        {
            found.push(path);
        }
    }
    found
}

fn likely_lines(file: &Ranked) -> (usize, usize) {
    let window = file.reasons.iter().find_map(|reason| match reason {
        Reason::Window { first, last, .. } => Some((*first, *last)),
        _ => None,
    });
    window.unwrap_or((1, HEAD))
}

/// The lines as the reading tool shows them. A file that cannot be shown is still in the list.
async fn numbered(checkout: &dyn Checkout, windows: impl Iterator<Item = (&str, usize, usize)>) -> Vec<String> {
    let mut shown = Vec::new();
    for (path, first, last) in windows {
        let Ok(path) = path.parse::<RepoPath>() else { continue };
        let Ok(Some(bytes)) = checkout.read(&path).await else { continue };
        shown.extend(view::window(&path, &bytes, Some(first as u64), Some(last as u64)));
    }
    shown
}

/// Adds what was found to the prompt: our words about it, and everything of the checkout as data.
pub(super) fn tell(related: &Related, mut prompt: Prompt, redactor: &Redactor) -> Prompt {
    let list = |files: &[Ranked]| redactor.redact(&files.iter().map(listed).collect::<Vec<_>>().join("\n"));
    if related.sources.is_empty() && related.tests.is_empty() {
        prompt = prompt.trusted("No file looks related by its words: start with list_files and search.");
    } else {
        prompt = prompt.trusted(introduction(related));
    }
    if !related.sources.is_empty() {
        prompt = prompt.code("files that look related", &list(&related.sources));
    }
    if !related.tests.is_empty() {
        prompt = prompt.code("tests that look related", &list(&related.tests));
    }
    if !related.manifests.is_empty() {
        prompt = prompt.code("lists of dependencies and build settings near them", &related.manifests.join("\n"));
    }
    if !related.named.is_empty() {
        let named: Vec<&str> = related.named.iter().map(RepoPath::as_str).collect();
        prompt = prompt.code("other files that the issue names", &named.join("\n"));
    }
    for window in &related.windows {
        prompt = prompt.code("lines of a file", &redactor.redact(window));
    }
    prompt
}

fn introduction(related: &Related) -> String {
    let past = match related.past {
        Past::Known { .. } => "",
        Past::Missing => " The checkout has no history, so past changes say nothing here.",
    };
    let left_out = match related.left_out {
        0 => String::new(),
        1 => " One file could not be looked at.".to_owned(),
        more => format!(" {more} files could not be looked at."),
    };
    format!("Files that look related, likeliest first, and why. It is a guess; search for yourself.{past}{left_out}")
}

fn listed(file: &Ranked) -> String {
    let reasons: Vec<String> = file.reasons.iter().map(ToString::to_string).collect();
    format!("{}: {}", file.path, reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    const FILES: &[(&str, &[u8])] = &[
        ("src/wrap.rs", b"/// Wraps text at a column.\npub fn wrap(text: &str) {}\n"),
        ("src/color.rs", b"pub fn color(text: &str) {}\n"),
        ("src/main.rs", b"mod wrap;\nmod color;\nfn main() { wrap::wrap(\"x\") }\n"),
        ("tests/wrap.rs", b"#[test]\nfn wraps() {}\n"),
        ("docs/guide.md", b"wrap wrap wrap\n"),
        ("Cargo.toml", b"[package]\n"),
    ];

    async fn found_in(files: &[(&str, &[u8])], history: History, title: &str, body: &str, room: u64) -> Related {
        let checkout = FakeCheckout::new(files);
        let index = Index::of(&checkout).await.unwrap();
        let question = Question { title: title.into(), body: body.into() };
        related(&checkout, &index, history, question, room).await.unwrap()
    }

    async fn found(files: &[(&str, &[u8])], title: &str, body: &str) -> Related {
        found_in(files, History::default(), title, body, 12_000).await
    }

    fn paths(files: &[Ranked]) -> Vec<&str> {
        files.iter().map(|file| file.path.as_str()).collect()
    }

    fn told(related: &Related) -> String {
        tell(related, Prompt::new(), &Redactor::default()).render()
    }

    #[tokio::test]
    async fn the_file_that_is_about_the_issue_comes_first_with_its_test_and_its_manifest() {
        let related = found(FILES, "Wrapping text loses the last word", "").await;
        assert_eq!(paths(&related.sources)[0], "src/wrap.rs");
        assert_eq!(paths(&related.tests), ["tests/wrap.rs"]);
        assert_eq!(related.manifests, ["Cargo.toml"]);
        assert_eq!((related.scanned, related.left_out, related.past), (4, 0, Past::Missing));
        assert!(related.windows[0].starts_with("src/wrap.rs lines 1-2 of 2\n    1  /// Wraps"), "{related:?}");
        assert!(related.windows.last().unwrap().starts_with("tests/wrap.rs lines 1-2 of 2\n"), "{related:?}");
    }

    #[tokio::test]
    async fn a_file_that_a_stack_trace_names_wins() {
        let long = "let text = panics(1);\n".repeat(400);
        let files: &[(&str, &[u8])] =
            &[("src/deep/a.rs", long.as_bytes()), ("src/crash.rs", b"fn main() { crash() }\n")];
        let related = found(files, "It panics", "thread main at src/deep/a.rs:300:5").await;
        assert_eq!(paths(&related.sources)[0], "src/deep/a.rs");
    }

    #[tokio::test]
    async fn the_lines_shown_are_those_where_the_words_stand_together() {
        let text = format!("{}fn flush_buffer() {{ buffer.flush() }}\n{}", "x\n".repeat(120), "y\n".repeat(120));
        let related = found(&[("a.rs", text.as_bytes())], "Flush the buffer", "").await;
        assert!(related.windows[0].contains("  121  fn flush_buffer() {"), "{related:?}");
        assert!(!related.windows[0].contains("\n    1  x"), "{related:?}");
    }

    #[tokio::test]
    async fn a_document_counts_only_when_it_is_named() {
        assert!(found(FILES, "Wrapping text", "").await.named.is_empty());
        let related = found(FILES, "Typo", "in `./docs/guide.md:3`, not in ../etc/passwd or docs/none.md.").await;
        assert_eq!(related.named, ["docs/guide.md".parse().unwrap()]);
        assert!(told(&related).contains(": other files that the issue names\ndocs/guide.md\n"));
        assert!(found(FILES, "Look at src/wrap.rs", "").await.named.is_empty(), "it is ranked already");
    }

    #[tokio::test]
    async fn the_lines_keep_to_the_room_and_none_is_fine() {
        let text = "fn wrap_text() { wrap(text) }\n".repeat(200);
        let files: &[(&str, &[u8])] = &[("src/wrap.rs", text.as_bytes()), ("tests/wrap.rs", text.as_bytes())];
        for room in [0, 100, 700, 2_000] {
            let related = found_in(files, History::default(), "Wrap text", "", room).await;
            let tokens: u64 = related.windows.iter().map(|text| estimate(text)).sum();
            assert!(tokens <= room && (room < 2_000 || tokens > 500), "{tokens} of {room}");
        }
    }

    #[tokio::test]
    async fn nothing_to_find_is_said() {
        for (files, title) in [(&[] as &[(&str, &[u8])], "word"), (&[("a.rs", b"\0word")], "word"), (FILES, "🎉")] {
            let text = told(&found(files, title, "").await);
            assert!(text.contains("No file looks related by its words"), "{text}");
        }
    }

    #[tokio::test]
    async fn what_could_not_be_looked_at_is_said() {
        let mut related = found(FILES, "Wrapping text", "").await;
        assert!(!told(&related).contains("could not be looked at"));
        related.left_out = 1;
        assert!(told(&related).contains("why. It is a guess; search for yourself. The checkout has no history, so past changes say nothing here. One file could not be looked at."), "{}", told(&related));
        related.left_out = 2;
        assert!(told(&related).contains(" 2 files could not be looked at."));
    }

    #[tokio::test]
    async fn a_past_commit_about_the_same_matter_is_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
            let run = std::process::Command::new("git").arg("-C").arg(folder.path()).args(who).args(arguments).output();
            assert!(run.unwrap().status.success(), "git {arguments:?}");
        };
        git(&["init", "-q", "-b", "main"]);
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for (path, message) in [
            ("src/color.rs", "Ellipsis swallows the hyphen at the margin"),
            ("src/wrap.rs", "Add wrapping"),
            ("src/main.rs", "Add the program"),
        ] {
            std::fs::write(folder.path().join(path), message).unwrap();
            git(&["add", "."]);
            git(&["commit", "-q", "-m", message]);
        }
        let history = History::read(folder.path(), "HEAD");
        let related = found_in(FILES, history, "The ellipsis swallows a hyphen", "", 1_000).await;
        assert_eq!(related.past, Past::Known { commits: 3 });
        assert_eq!(paths(&related.sources)[0], "src/color.rs");
        let text = told(&related);
        assert!(text.contains(" changed it: Ellipsis swallows the hyphen at the margin"), "{text}");
        assert!(!text.contains("no history"), "{text}");
    }
}

//! The house rules, read from the source: floors, forbidden words, sizes. A failure says the rule and the place.

mod floors;
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use floors::{FLOORS, Floors};
use source::{Source, files, sources};

/// Production lines a file may have, and the median over all files.
const CEILING: usize = 400;
const MEDIAN: usize = 150;

/// Files over the ceiling: name and reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Parts of `src/jobs` that are no jobs: every job may import them.
const SHARED_BY_JOBS: &[&str] = &["shared"];

/// Who may name the write port: it is defined in `ports`, built in `adapters`, chosen in `run`, used in `apply`.
const WRITERS: &[&str] = &["ports", "adapters", "run", "apply"];

/// Where the world may be asked: prefix of the file's name, and why.
const CLOCK: &[(&str, &str)] = &[
    ("src/adapters/", "the clock port is implemented here"),
    ("src/sandbox/", "the embedded GitHub has a clock of its own"),
    ("src/run", "the hall hands the time to the rooms"),
];
const ENVIRONMENT: &[(&str, &str)] = &[
    ("src/cli", "the door reads the Actions environment"),
    ("src/adapters/", "a child process gets a cleaned environment"),
    ("src/sandbox/git", "git runs in a cleaned environment"),
    ("src/run", "the hall builds the adapters"),
];

/// Where a shell may be started: the configured checks are shell commands by contract (`checks: [{ run: "cargo test" }]`).
const SHELL: &[(&str, &str)] = &[("src/adapters/checks", "runs the repository's own configured checks")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}\n  {}", found.join("\n  "));
}

fn everywhere(rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources(root()).iter().flat_map(rule).collect()
}

#[test]
fn a_floor_imports_only_from_floors_below() {
    let floors = Floors::parse(FLOORS);
    assert_none(
        "a floor imports only from floors below it (see src/lib.rs):",
        &everywhere(|source| floors.violations(source)),
    );
}

#[test]
fn the_map_in_lib_is_the_table_that_is_held() {
    let sources = sources(root());
    let lib = sources.iter().find(|source| source.name == "src/lib.rs").expect("src/lib.rs exists");
    let table: Vec<_> = lib.text.lines().filter(|line| line.starts_with("//! |")).map(|line| &line[4..]).collect();
    let held: Vec<_> = FLOORS.lines().collect();
    assert_eq!(table, held, "the table in src/lib.rs and the one in tests/it/house/floors.rs differ: change both");
    let rooms: BTreeSet<_> = sources.iter().map(Source::room).collect();
    let planned: BTreeSet<_> = Floors::parse(FLOORS).rooms().map(str::to_owned).collect();
    let missing: Vec<_> = planned.iter().filter(|room| !rooms.contains(room.as_str())).cloned().collect();
    assert_none("a room of the floors table has no file:", &missing);
}

#[test]
fn jobs_do_not_import_each_other() {
    assert_none(
        "jobs don't import each other; share through plan, backlog or src/jobs/shared:",
        &everywhere(between_jobs),
    );
}

fn between_jobs(source: &Source) -> Vec<String> {
    let [room, job, ..] = &source.module[..] else { return Vec::new() };
    if room != "jobs" {
        return Vec::new();
    }
    let other = |path: &[String]| {
        let [room, other, _, ..] = path else { return None };
        (room == "jobs" && other != job && !SHARED_BY_JOBS.contains(&other.as_str())).then(|| other.clone())
    };
    let found = source.paths().into_iter().filter_map(|(line, path)| Some((line, other(&path)?)));
    found.map(|(line, other)| format!("{}:{line}: job `{job}` imports `{other}`", source.name)).collect()
}

#[test]
fn only_the_back_door_writes() {
    let rule = "only apply and the adapters write; ports defines the write port and run chooses it:";
    assert_none(rule, &everywhere(writes));
}

fn writes(source: &Source) -> Vec<String> {
    if WRITERS.contains(&source.room()) {
        return Vec::new();
    }
    source.lines_with("ForgeWrite").iter().map(|line| format!("{}:{line}: names ForgeWrite", source.name)).collect()
}

#[test]
fn foreign_types_stop_at_the_adapters() {
    let rule = "no octocrab type, and no HTTP client, outside src/adapters:";
    assert_none(rule, &everywhere(foreign));
}

fn foreign(source: &Source) -> Vec<String> {
    if source.room() == "adapters" {
        return Vec::new();
    }
    let named = |word: &'static str| source.lines_with(word).into_iter().map(move |line| (line, word));
    named("octocrab")
        .chain(named("reqwest"))
        .map(|(line, word)| format!("{}:{line}: names {word}", source.name))
        .collect()
}

#[test]
fn a_dry_run_is_another_writer() {
    assert_none("`if dry_run` stands nowhere: a dry run is another ForgeWrite:", &everywhere(dry_run));
}

fn dry_run(source: &Source) -> Vec<String> {
    let conditions = source.lines_with("dry_run").into_iter().filter(|line| {
        let text = source.code.lines().nth(line - 1).unwrap_or_default();
        text.split("dry_run")
            .next()
            .is_some_and(|before| before.split(|one: char| !one.is_alphanumeric()).any(|word| word == "if"))
    });
    conditions.map(|line| format!("{}:{line}: decides by dry_run", source.name)).collect()
}

#[test]
fn no_text_reaches_a_shell() {
    assert_none("no shell: argument arrays only (the configured checks are the one exception):", &everywhere(shells));
}

fn shells(source: &Source) -> Vec<String> {
    const PROGRAMS: &[&str] = &["sh", "bash", "zsh", "dash", "cmd", "cmd.exe", "powershell", "pwsh"];
    if excepted(SHELL, source) {
        return Vec::new();
    }
    let starts_shell = |text: &str| {
        let program = text.split_whitespace().next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        PROGRAMS.contains(&program) && (text.split_whitespace().count() == 1 || text.contains(" -c"))
    };
    let found = source.strings.iter().filter(|(_, text)| starts_shell(text));
    found.map(|(line, text)| format!("{}:{line}: {text:?}", source.name)).collect()
}

#[test]
fn decisions_read_no_clock_and_no_environment() {
    let rule = "the clock and the environment are read only in named files; elsewhere `Now` and facts are arguments:";
    assert_none(rule, &everywhere(asks_the_world));
}

fn asks_the_world(source: &Source) -> Vec<String> {
    let code: Vec<(usize, String)> = source
        .code
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.split_whitespace().collect::<String>()))
        .collect();
    let named = |words: &[&str], allowed: &[(&str, &str)]| -> Vec<String> {
        if excepted(allowed, source) {
            return Vec::new();
        }
        let hits = code
            .iter()
            .flat_map(|(line, text)| words.iter().filter(|word| text.contains(*word)).map(move |word| (line, *word)));
        hits.map(|(line, word)| format!("{}:{line}: {word}", source.name)).collect()
    };
    let mut found = named(&["SystemTime::now", "Utc::now", "Local::now"], CLOCK);
    found.extend(named(&["env::var", "env::vars", "env::var_os", "env::set_var"], ENVIRONMENT));
    found
}

fn excepted(list: &[(&str, &str)], source: &Source) -> bool {
    list.iter().any(|(prefix, _)| source.name.starts_with(prefix))
}

#[test]
fn files_have_a_good_size() {
    let sources = sources(root());
    assert_none(
        &format!("no file has over {CEILING} production lines (name an exception with its reason):"),
        &too_long(&sources),
    );
    let stale = LONG_FILES
        .iter()
        .filter(|(name, _)| !sources.iter().any(|one| one.name == *name && one.production_lines > CEILING));
    let stale: Vec<_> = stale.map(|(name, _)| (*name).to_owned()).collect();
    assert_none("an exception for a long file that is not long, or not there:", &stale);
    let mut sizes: Vec<_> = sources.iter().map(|source| source.production_lines).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!(median <= MEDIAN, "the median file has {median} production lines; at most {MEDIAN} are wanted");
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let long = sources
        .iter()
        .filter(|one| one.production_lines > CEILING && !LONG_FILES.iter().any(|(name, _)| *name == one.name));
    long.map(|one| format!("{}: {} production lines", one.name, one.production_lines)).collect()
}

#[test]
fn each_file_says_its_purpose_first() {
    assert_none("each file starts with a `//!` line of purpose:", &everywhere(purposeless));
}

fn purposeless(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    if first.strip_prefix("//! ").is_some_and(|purpose| !purpose.trim().is_empty()) {
        Vec::new()
    } else {
        vec![source.name.clone()]
    }
}

#[test]
fn tests_stand_at_the_end_of_their_file() {
    assert_none("nothing stands behind the unit tests of a file:", &everywhere(code_behind_tests));
}

fn code_behind_tests(source: &Source) -> Vec<String> {
    if source.production_lines == 0 {
        return Vec::new();
    }
    let behind = source.text.lines().enumerate().skip(source.production_lines);
    let allowed = |line: &str| {
        line.is_empty()
            || line.starts_with([' ', '\t', '}', '#', '/'])
            || line.starts_with("mod ")
            || !line.starts_with(char::is_alphabetic)
    };
    // Inside a raw string of a test a line may start anywhere, so only what starts an item counts.
    let items = ["pub ", "fn ", "impl", "struct ", "enum ", "const ", "static ", "use ", "trait ", "type ", "async "];
    let found = behind.filter(|(_, line)| {
        !allowed(line) && items.iter().any(|item| line.starts_with(item)) && line.ends_with(['{', ';'])
    });
    found.map(|(at, line)| format!("{}:{}: {line}", source.name, at + 1)).collect()
}

#[test]
fn each_test_data_file_is_read_by_a_test() {
    let readers: String = ["tests", "src"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .filter_map(|path| {
            let rust = path.extension().is_some_and(|extension| extension == "rs");
            rust.then(|| std::fs::read_to_string(path).expect("a source file is readable"))
        })
        .collect();
    let data = root().join("tests/data");
    let unread = |path: &Path| {
        let parts = path.strip_prefix(&data).expect("data files are under tests/data").components();
        !parts.into_iter().any(|part| readers.contains(&*part.as_os_str().to_string_lossy()))
    };
    let found: Vec<_> =
        files(&data).iter().filter(|path| unread(path)).map(|path| path.display().to_string()).collect();
    assert_none("each file in tests/data (or its folder) is named by some test:", &found);
}

/// The rules find what is planted; without these a rule that finds nothing could be one that looks at nothing.
mod planted {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source::new(name, text)
    }

    #[test]
    fn a_job_that_imports_another() {
        let text =
            "use crate::jobs::merge::verdict::Verdict;\nuse crate::jobs::shared::Context;\nuse super::facts::Facts;";
        assert_eq!(
            between_jobs(&source("src/jobs/review/gather.rs", text)),
            ["src/jobs/review/gather.rs:1: job `review` imports `merge`"]
        );
        assert_eq!(between_jobs(&source("src/run.rs", text)), [""; 0]);
    }

    #[test]
    fn a_job_that_writes() {
        let text = "fn f(forge: &dyn ForgeWrite) {}";
        assert_eq!(writes(&source("src/jobs/review/mod.rs", text)), ["src/jobs/review/mod.rs:1: names ForgeWrite"]);
        assert_eq!(writes(&source("src/apply.rs", text)), [""; 0]);
    }

    #[test]
    fn an_octocrab_type_outside_the_adapters() {
        let text = "use octocrab::models::Issue;";
        assert_eq!(foreign(&source("src/ports/forge.rs", text)), ["src/ports/forge.rs:1: names octocrab"]);
        assert_eq!(foreign(&source("src/adapters/github/mod.rs", text)), [""; 0]);
    }

    #[test]
    fn a_decision_by_dry_run() {
        let text = "let writer = options.dry_run;\nif !options.dry_run {\n} else if dry_run {\n";
        assert_eq!(
            dry_run(&source("src/run.rs", text)),
            ["src/run.rs:2: decides by dry_run", "src/run.rs:3: decides by dry_run"]
        );
    }

    #[test]
    fn a_shell() {
        let text = "Command::new(\"/bin/sh\").arg(\"-c\");\nlet x = \"bash -c ls\";\ngit([\"-c\", \"user.name=x\"]);\nlet words = \"sh is a shell\";";
        assert_eq!(
            shells(&source("src/codebase/git.rs", text)),
            ["src/codebase/git.rs:1: \"/bin/sh\"", "src/codebase/git.rs:2: \"bash -c ls\""]
        );
        assert_eq!(shells(&source("src/adapters/checks.rs", text)), [""; 0]);
    }

    #[test]
    fn a_clock_and_an_environment() {
        let text = "let now = chrono::Utc::now();\nlet key = std::env::var(name);";
        assert_eq!(
            asks_the_world(&source("src/backlog/score.rs", text)),
            ["src/backlog/score.rs:1: Utc::now", "src/backlog/score.rs:2: env::var"]
        );
        assert_eq!(asks_the_world(&source("src/run.rs", text)), [""; 0]);
    }

    #[test]
    fn a_long_file() {
        let text = "fn f() {}\n".repeat(CEILING + 1);
        let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        let sources = [source("src/a.rs", &text), source("src/b.rs", &tests)];
        assert_eq!(too_long(&sources), [format!("src/a.rs: {} production lines", CEILING + 1)]);
    }

    #[test]
    fn a_file_without_a_purpose() {
        assert_eq!(purposeless(&source("src/a.rs", "use x;")), ["src/a.rs"]);
        assert_eq!(purposeless(&source("src/a.rs", "//! Why this is here.\n")), [""; 0]);
    }

    #[test]
    fn code_behind_the_tests() {
        let text = "//! x\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n\npub fn late() {\n}\n";
        assert_eq!(code_behind_tests(&source("src/a.rs", text)), ["src/a.rs:7: pub fn late() {"]);
    }
}

//! One tool call: looked at, performed or refused, and answered in words that the model can act on.

use std::collections::{BTreeSet, HashMap};

use super::guard;
use super::progress::{Progress, Report};
use super::tools::{Tool, parse};
use super::verify::{self, Compared, Effect};
use crate::codebase::change::Edits;
use crate::codebase::edits::{EditOutcome, delete_file, edit_file, write_file};
use crate::codebase::index::{Index, path_glob};
use crate::codebase::{search, view};
use crate::config::Config;
use crate::domain::change::RepoPath;
use crate::domain::ids::Digest;
use crate::domain::secret::Redactor;
use crate::domain::verification::CheckResult;
use crate::ports::checkout::{Checkout, CheckoutError};
use crate::ports::model::ToolCall;

/// How often the same thing may happen: the second time the model is told, the third time the work ends.
const SAME_AGAIN: u32 = 3;

/// The engineer's bench: the checkout, and what was done to it.
pub(super) struct Bench<'a> {
    pub(super) checkout: &'a dyn Checkout,
    pub(super) config: &'a Config,
    pub(super) redactor: &'a Redactor,
    pub(super) report: Report<'a>,
    pub(super) index: Index,
    pub(super) baseline: Vec<CheckResult>,
    touched: BTreeSet<RepoPath>,
    seen: HashMap<Digest, u32>,
    told_still_failing: bool,
}

/// The answer to a call, and whether the work ends with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) refused: bool,
    pub(super) end: Option<End>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    Finished(Box<Finished>),
    /// The model's own words.
    GaveUp(String),
    NoProgress(String),
}

/// A change that passed the guard, and whose checks are no worse than before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finished {
    pub(super) summary: String,
    pub(super) commit_message: Option<String>,
    pub(super) edits: Edits,
    pub(super) checks: Vec<Compared>,
}

fn done(text: impl Into<String>) -> Answer {
    Answer { text: text.into(), refused: false, end: None }
}

fn refused(text: impl Into<String>) -> Answer {
    Answer { text: text.into(), refused: true, end: None }
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        checkout: &'a dyn Checkout,
        config: &'a Config,
        redactor: &'a Redactor,
        report: Report<'a>,
        index: Index,
        baseline: Vec<CheckResult>,
    ) -> Self {
        let (touched, seen) = (BTreeSet::new(), HashMap::new());
        Self { checkout, config, redactor, report, index, baseline, touched, seen, told_still_failing: false }
    }

    /// Performs the call. Only a checkout that fails as such is an error.
    pub(super) async fn answer(&mut self, call: &ToolCall) -> Result<Answer, CheckoutError> {
        let mut answer = match parse(call) {
            Err(problem) => {
                self.tell(&call.name, "", true);
                self.repeated(&format!("{}{}", call.name, call.arguments), refused(problem))
            }
            Ok(tool) => {
                let answer = self.perform(&tool).await?;
                self.tell(&call.name, tool.detail(), answer.refused);
                let changes = matches!(tool, Tool::EditFile { .. } | Tool::WriteFile { .. } | Tool::DeleteFile { .. });
                if changes { self.repeated(&format!("{tool:?}"), answer) } else { answer }
            }
        };
        answer.text = self.redactor.redact(&answer.text);
        Ok(answer)
    }

    fn tell(&self, name: &str, detail: &str, refused: bool) {
        let cut = |text: &str| text.chars().take(100).collect();
        (self.report)(Progress::Tool { name: cut(name), detail: cut(detail), refused });
    }

    async fn perform(&mut self, tool: &Tool) -> Result<Answer, CheckoutError> {
        match tool {
            Tool::ListFiles { glob } => Ok(match path_glob(glob) {
                Ok(glob) => done(view::list_files(&self.index, &glob)),
                Err(problem) => refused(problem),
            }),
            Tool::Search { pattern, glob } => self.search(pattern, glob.as_deref()).await,
            Tool::ReadFile { path, start_line, end_line } => self.read(path, *start_line, *end_line).await,
            Tool::EditFile { path, .. } | Tool::WriteFile { path, .. } | Tool::DeleteFile { path } => {
                match self.writable(path) {
                    Ok(path) => self.change(&path, tool).await,
                    Err(problem) => Ok(refused(problem)),
                }
            }
            Tool::RunCheck { name } => Ok(self.run_check(name).await),
            Tool::Finish { summary, commit_message } => self.finish(summary, commit_message.as_deref()).await,
            Tool::GiveUp { reason } => Ok(Answer { end: Some(End::GaveUp(reason.clone())), ..done("") }),
        }
    }

    async fn search(&self, pattern: &str, glob: Option<&str>) -> Result<Answer, CheckoutError> {
        let pattern = match search::Pattern::new(pattern) {
            Ok(pattern) => pattern,
            Err(problem) => return Ok(refused(problem)),
        };
        let glob = match glob.map(path_glob).transpose() {
            Ok(glob) => glob,
            Err(problem) => return Ok(refused(problem)),
        };
        let hits = search::search(self.checkout, &self.index, &pattern, glob.as_ref()).await?;
        Ok(done(search::render(&pattern, &hits)))
    }

    async fn read(&self, path: &str, start: Option<u64>, end: Option<u64>) -> Result<Answer, CheckoutError> {
        let path = match parse_path(path) {
            Ok(path) => path,
            Err(problem) => return Ok(refused(problem)),
        };
        match self.checkout.read(&path).await {
            Ok(Some(bytes)) => Ok(match view::window(&path, &bytes, start, end) {
                Ok(text) => done(text),
                Err(problem) => refused(problem),
            }),
            Ok(None) => Ok(refused(self.missing(&path))),
            Err(error @ CheckoutError::Path { .. }) => Ok(refused(error.to_string())),
            Err(error) => Err(error),
        }
    }

    fn missing(&self, path: &RepoPath) -> String {
        let similar: Vec<String> =
            self.index.named_like(path.as_str()).iter().map(|path| format!("`{path}`")).collect();
        let hint = if similar.is_empty() { String::new() } else { format!("; did you mean {}?", similar.join(", ")) };
        format!("`{path}` does not exist{hint}")
    }

    fn writable(&self, path: &str) -> Result<RepoPath, String> {
        let path = parse_path(path)?;
        match guard::protected(&path, self.config) {
            Some(problem) => Err(problem),
            None => Ok(path),
        }
    }

    async fn change(&mut self, path: &RepoPath, tool: &Tool) -> Result<Answer, CheckoutError> {
        let most = self.config.implement.max_file_bytes;
        let outcome = match tool {
            Tool::EditFile { old_text, new_text, .. } => {
                edit_file(self.checkout, path, old_text, new_text, most).await?
            }
            Tool::WriteFile { content, .. } => write_file(self.checkout, path, content, most).await?,
            _ => delete_file(self.checkout, path).await?,
        };
        Ok(match outcome {
            EditOutcome::Done(text) => {
                self.touched.insert(path.clone());
                if matches!(tool, Tool::DeleteFile { .. }) {
                    self.index.remove(path);
                } else {
                    self.index.add(path);
                }
                done(text)
            }
            EditOutcome::AlreadyApplied(text) => done(text),
            EditOutcome::Refused(text) => refused(text),
        })
    }

    async fn run_check(&mut self, name: &str) -> Answer {
        let Some(check) = self.config.checks.iter().find(|check| check.name == name) else {
            let known: Vec<&str> = self.config.checks.iter().map(|check| check.name.as_str()).collect();
            return refused(match known.as_slice() {
                [] => "the repository has no checks configured".to_owned(),
                known => format!("there is no check of that name; the checks are {}", known.join(", ")),
            });
        };
        let results = verify::run_all(self.checkout, std::slice::from_ref(check), false, self.report).await;
        self.judged(&results)
    }

    /// The results in words; a failure that comes back unchanged is pointed out, then ends the work.
    fn judged(&mut self, results: &[CheckResult]) -> Answer {
        let mut text = String::new();
        let mut end = None;
        for result in results {
            text.push_str(&verify::for_model(result));
            if result.passed() || self.touched.is_empty() {
                continue;
            }
            let failure = verify::failure_digest(result);
            match self.count(failure) {
                1 => {}
                again if again < SAME_AGAIN => text.push_str(
                    "This is the same failure as before your last change. Look for another cause, or give up; \
                     the same failure once more ends the work.\n",
                ),
                _ => {
                    end = Some(End::NoProgress(format!(
                        "the check {} failed {SAME_AGAIN} times in the same way",
                        result.name
                    )));
                }
            }
        }
        Answer { text, refused: false, end }
    }

    fn count(&mut self, what: Digest) -> u32 {
        let count = self.seen.entry(what).or_default();
        *count += 1;
        *count
    }

    fn repeated(&mut self, call: &str, mut answer: Answer) -> Answer {
        match self.count(Digest::of(format!("{call}\n{}", answer.text))) {
            1 => {}
            again if again < SAME_AGAIN => answer.text.push_str(
                "\nYou made this very call before, with the same result. Do something else; once more ends the work.",
            ),
            _ => {
                answer.end =
                    Some(End::NoProgress(format!("the same call was made {SAME_AGAIN} times with the same result")));
            }
        }
        answer
    }

    /// Paths that somebody else edited are judged like our own.
    pub(super) fn take_over(&mut self, paths: Vec<RepoPath>) {
        self.touched.extend(paths);
    }

    pub(super) async fn finish(&mut self, summary: &str, message: Option<&str>) -> Result<Answer, CheckoutError> {
        if summary.trim().is_empty() {
            return Ok(refused("the summary is empty; say what changed and why"));
        }
        let edits = match self.edits().await {
            Ok(edits) => edits,
            // A link or the like stands where a file was.
            Err(error @ CheckoutError::Path { .. }) => return Ok(refused(error.to_string())),
            Err(error) => return Err(error),
        };
        let problems = guard::problems(&edits, &self.index, self.config, self.redactor);
        if !problems.is_empty() {
            return Ok(refused(format!("the change can't be taken as it is:\n- {}", problems.join("\n- "))));
        }
        let results = verify::run_all(self.checkout, &self.config.checks, false, self.report).await;
        let checks = verify::compare(&self.baseline, &results);
        // Checks run the project's code, which may have written to the files: what counts is what stands there now.
        if self.edits().await.ok().as_ref() != Some(&edits) {
            return Ok(refused("running the checks changed files that you edited; look at them and finish again"));
        }
        let failing = |wanted: Effect| -> Vec<CheckResult> {
            let names = checks.iter().filter(|check| check.effect() == wanted).map(|check| &check.name);
            names.filter_map(|name| results.iter().find(|result| &result.name == name)).cloned().collect()
        };
        let broke = failing(Effect::Broke);
        if !broke.is_empty() {
            let judged = self.judged(&broke);
            let text = format!("not finished: these checks passed before your change and don't now\n\n{}", judged.text);
            return Ok(Answer { text, refused: true, ..judged });
        }
        let still = failing(Effect::StillFails);
        if !still.is_empty() && !self.told_still_failing {
            self.told_still_failing = true;
            let outputs: String = still.iter().map(verify::for_model).collect();
            return Ok(refused(format!(
                "these checks failed before your change and still do. If the issue asks for them to pass, go on; \
                 if they have nothing to do with it, finish again and say so in the summary\n\n{outputs}"
            )));
        }
        let (summary, commit_message) = (summary.to_owned(), message.map(ToOwned::to_owned));
        let finished = Finished { summary, commit_message, edits, checks };
        Ok(Answer { end: Some(End::Finished(Box::new(finished))), ..done("finished") })
    }

    async fn edits(&self) -> Result<Edits, CheckoutError> {
        Edits::gather(self.checkout, &self.touched).await
    }
}

fn parse_path(path: &str) -> Result<RepoPath, String> {
    path.trim_start_matches("./").parse::<RepoPath>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::codebase::fake::{FakeCheckout, outcome};
    use crate::domain::verification::{CheckSpec, CheckStatus};

    fn config() -> Config {
        let mut config = Config::defaults();
        config.checks = vec![CheckSpec { name: "test".into(), run: "make".into(), timeout: Duration::from_secs(1) }];
        config
    }

    /// A repository whose check passes while `src/a` says `good`.
    fn checkout(start: &str) -> FakeCheckout {
        FakeCheckout::new(&[("src/a", start.as_bytes()), (".github/workflows/ci.yml", b"on: push\n")])
            .with_link("out")
            .with_check(|check, files| {
                let good = files.iter().any(|(path, bytes)| path.as_str() == "src/a" && bytes.starts_with(b"good"));
                let status = if good { CheckStatus::Passed } else { CheckStatus::Failed(Some(1)) };
                outcome(&check.name, status, "output with this-run-token")
            })
    }

    struct World {
        checkout: FakeCheckout,
        config: Config,
        redactor: Redactor,
    }

    impl World {
        fn new(start: &str) -> Self {
            Self { checkout: checkout(start), config: config(), redactor: Redactor::new(["this-run-token".into()]) }
        }

        async fn bench(&self) -> Bench<'_> {
            let index = Index::of(&self.checkout).await.unwrap();
            let baseline = verify::run_all(&self.checkout, &self.config.checks, true, &|_| {}).await;
            Bench::new(&self.checkout, &self.config, &self.redactor, &|_| {}, index, baseline)
        }
    }

    async fn call(bench: &mut Bench<'_>, name: &str, arguments: Value) -> Answer {
        bench.answer(&ToolCall { id: "1".into(), name: name.into(), arguments }).await.unwrap()
    }

    #[tokio::test]
    async fn reading_tools_answer_and_refuse_in_words() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        let list = call(&mut bench, "list_files", json!({"glob": "src/"})).await;
        assert_eq!(list, done("1 of 3 files match\nsrc/a (5 bytes)\n"));
        let found = call(&mut bench, "search", json!({"pattern": "go+d"})).await;
        assert_eq!(found.text, "1 lines in 1 files match\nsrc/a: 1\n\nsrc/a:1: good\n");
        let read = call(&mut bench, "read_file", json!({"path": "./src/a"})).await;
        assert_eq!(read.text, "src/a lines 1-1 of 1\n    1  good\n");
        for (arguments, words) in [
            (json!({"path": "../etc/passwd"}), "is not a path inside the repository"),
            (json!({"path": "/etc/passwd"}), "is not a path inside the repository"),
            (json!({"path": ".git/config"}), "is not a path inside the repository"),
            (json!({"path": "out/x"}), "symbolic link"),
            (json!({"path": "lib/A"}), "does not exist; did you mean `src/a`?"),
            (json!({"path": "src/a", "start_line": 7}), "beyond its end"),
        ] {
            let answer = call(&mut bench, "read_file", arguments).await;
            assert!(answer.refused && answer.text.contains(words), "{}", answer.text);
        }
    }

    #[tokio::test]
    async fn no_tool_writes_to_protected_or_outside_paths() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        for path in
            [".github/workflows/ci.yml", "../x", ".git/hooks/pre-commit", ".GIT/x", "out/x", "/tmp/x", ".env", "a\\b"]
        {
            for (tool, arguments) in [
                ("write_file", json!({"path": path, "content": "x"})),
                ("edit_file", json!({"path": path, "old_text": "on", "new_text": "off"})),
                ("delete_file", json!({"path": path})),
            ] {
                assert!(call(&mut bench, tool, arguments).await.refused, "{tool} {path}");
            }
        }
        assert!(world.checkout.changed().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn finishing_needs_a_change_and_checks_that_are_no_worse() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        let finish = json!({"summary": "Better."});
        let nothing = call(&mut bench, "finish", finish.clone()).await;
        assert_eq!(nothing, refused("the change can't be taken as it is:\n- nothing has changed"));
        call(&mut bench, "edit_file", json!({"path": "src/a", "old_text": "good", "new_text": "bad"})).await;
        let worse = call(&mut bench, "finish", finish.clone()).await;
        assert!(
            worse.refused && worse.end.is_none() && worse.text.starts_with("not finished: these checks passed before")
        );
        assert!(worse.text.contains("output with [redacted]"));
        call(&mut bench, "edit_file", json!({"path": "src/a", "old_text": "bad", "new_text": "good and better"})).await;
        let Some(End::Finished(finished)) = call(&mut bench, "finish", finish).await.end else { panic!("finished") };
        assert_eq!((finished.edits.files.len(), finished.checks[0].effect()), (1, Effect::StillPasses));
    }

    #[tokio::test]
    async fn what_failed_before_is_said_once_and_then_let_through() {
        let world = World::new("bad\n");
        let mut bench = world.bench().await;
        call(&mut bench, "write_file", json!({"path": "src/b", "content": "x\n"})).await;
        let first = call(&mut bench, "finish", json!({"summary": "s"})).await;
        assert!(first.refused && first.text.starts_with("these checks failed before your change and still do"));
        let second = call(&mut bench, "finish", json!({"summary": "s"})).await;
        let Some(End::Finished(finished)) = second.end else { panic!("finished") };
        assert_eq!(finished.checks[0].effect(), Effect::StillFails);
    }

    #[tokio::test]
    async fn the_same_refused_edit_is_told_once_and_then_ends_the_work() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        let edit = json!({"path": "src/a", "old_text": "absent", "new_text": "x"});
        assert!(!call(&mut bench, "edit_file", edit.clone()).await.text.contains("before"));
        let told = call(&mut bench, "edit_file", edit.clone()).await;
        assert!(told.end.is_none() && told.text.contains("You made this very call before"));
        let end = call(&mut bench, "edit_file", edit).await.end;
        assert_eq!(end, Some(End::NoProgress("the same call was made 3 times with the same result".into())));
    }

    #[tokio::test]
    async fn the_same_failure_is_told_once_and_then_ends_the_work() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        let mut last = done("");
        for (at, text) in ["bad1", "bad2", "bad3"].into_iter().enumerate() {
            let old = if at == 0 { "good".to_owned() } else { format!("bad{at}") };
            call(&mut bench, "edit_file", json!({"path": "src/a", "old_text": old, "new_text": text})).await;
            last = call(&mut bench, "run_check", json!({"name": "test"})).await;
            assert_eq!(last.text.contains("same failure as before"), at == 1, "{at}");
        }
        assert_eq!(last.end, Some(End::NoProgress("the check test failed 3 times in the same way".into())));
    }

    #[tokio::test]
    async fn garbage_arguments_and_unknown_checks_are_answered() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        assert!(call(&mut bench, "edit_file", json!("{oops")).await.text.contains("not a JSON object"));
        let unknown = call(&mut bench, "run_check", json!({"name": "lint; rm -rf /"})).await;
        assert_eq!(unknown, refused("there is no check of that name; the checks are test"));
        let given_up = call(&mut bench, "give_up", json!({"reason": "unclear"})).await;
        assert_eq!(given_up.end, Some(End::GaveUp("unclear".into())));
    }

    #[tokio::test]
    async fn a_secret_in_the_change_is_refused_at_finish() {
        let world = World::new("good\n");
        let mut bench = world.bench().await;
        let key = format!("{}{}", "AKI", "AIOSFODNN7EXAMPLE");
        call(&mut bench, "write_file", json!({"path": "src/k", "content": key})).await;
        let answer = call(&mut bench, "finish", json!({"summary": "s"})).await;
        assert!(answer.refused && answer.text.contains("AWS access key"));
    }
}

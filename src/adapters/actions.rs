//! What a GitHub Actions job reads from us: step outputs, the job summary, and (in [`log`]) workflow commands.
//!
//! Source: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>.

pub mod command;
pub mod log;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::domain::secret::Redactor;
use crate::outcome::{Exit, Failure, StepOutputs};

/// GitHub refuses a larger summary of one step.
const MAX_SUMMARY_BYTES: u64 = 1024 * 1024;
/// Characters of one output's value: outputs are for decisions, not for reports.
const MAX_OUTPUT_CHARS: usize = 4096;

/// The files that the runner names. Outside of Actions there are none, and writing does nothing.
#[derive(Debug, Clone, Default)]
pub struct ActionFiles {
    pub output: Option<PathBuf>,
    pub summary: Option<PathBuf>,
}

/// Whether the whole text reached the summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Whole,
    /// The rest did not fit under GitHub's limit; a line says so.
    Cut,
    /// The runner names no file.
    Nowhere,
}

impl ActionFiles {
    /// Appends all outputs in one write. No value can close its own block: the delimiter is random, and a value that holds it is
    /// refused.
    pub fn write_outputs(&self, outputs: &StepOutputs, redactor: &Redactor) -> Result<Written, Failure> {
        let Some(path) = &self.output else { return Ok(Written::Nowhere) };
        let text = render_outputs(&output_pairs(outputs), &delimiter()?, redactor)?;
        append(path, &text, "the step outputs", "GITHUB_OUTPUT")?;
        Ok(Written::Whole)
    }

    /// Appends Markdown to the job summary, as much of it as GitHub takes.
    pub fn append_summary(&self, markdown: &str, redactor: &Redactor) -> Result<Written, Failure> {
        let Some(path) = &self.summary else { return Ok(Written::Nowhere) };
        let before = std::fs::metadata(path).map_or(0, |data| data.len());
        let room = usize::try_from(MAX_SUMMARY_BYTES.saturating_sub(before)).unwrap_or(0);
        let mut text = redactor.redact(markdown);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let fitted = fit(&text, room);
        let written = if fitted.len() == text.len() { Written::Whole } else { Written::Cut };
        append(path, &fitted, "the job summary", "GITHUB_STEP_SUMMARY")?;
        Ok(written)
    }
}

/// Whole lines of the text in at most `room` bytes, with a last line that says what is missing.
fn fit(text: &str, room: usize) -> String {
    const NOTE: &str = "\n\n_The rest was left out: GitHub takes at most 1 MiB of summary._\n";
    if text.len() <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(NOTE.len()) else { return String::new() };
    let mut end = room;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(0);
    format!("{}{NOTE}", &text[..end])
}

/// The outputs in the published order; what is absent is empty.
fn output_pairs(outputs: &StepOutputs) -> [(&'static str, String); 14] {
    fn or_empty<T: ToString>(value: Option<&T>) -> String {
        value.map(ToString::to_string).unwrap_or_default()
    }
    [
        ("command", outputs.command.clone()),
        ("issue-number", or_empty(outputs.issue_number.as_ref())),
        ("pull-request-number", or_empty(outputs.pull_request_number.as_ref())),
        ("pull-request-url", or_empty(outputs.pull_request_url.as_ref())),
        ("head-sha", or_empty(outputs.head_sha.as_ref())),
        ("decision", outputs.decision.clone()),
        ("reason", outputs.reason.clone()),
        ("should-block", or_empty(outputs.should_block.as_ref())),
        ("issues-created", or_empty(outputs.issues_created.as_ref())),
        ("vulnerabilities-found", or_empty(outputs.vulnerabilities_found.as_ref())),
        ("score", or_empty(outputs.score.as_ref())),
        ("cost-usd", or_empty(outputs.cost_usd.as_ref())),
        ("tokens", or_empty(outputs.tokens.as_ref())),
        ("plan-path", or_empty(outputs.plan_path.as_ref())),
    ]
}

fn render_outputs(pairs: &[(&str, String)], delimiter: &str, redactor: &Redactor) -> Result<String, Failure> {
    let mut text = String::new();
    for (name, value) in pairs {
        let value: String = redactor
            .redact(value)
            .chars()
            .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c })
            .take(MAX_OUTPUT_CHARS)
            .collect();
        if value.contains(delimiter) {
            return Err(Failure::new(
                Exit::Unexpected,
                format!("the value of the step output {name} holds the delimiter of its own block"),
                "run again: the delimiter is random",
            ));
        }
        text = format!("{text}{name}<<{delimiter}\n{value}\n{delimiter}\n");
    }
    Ok(text)
}

fn delimiter() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new(Exit::Unexpected, "the system gives no random numbers", "run on another machine"))?;
    Ok(bytes.iter().fold("autonomy_".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

fn append(path: &Path, text: &str, what: &str, variable: &str) -> Result<(), Failure> {
    let write = || OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes());
    write().map_err(|error| {
        Failure::new(
            Exit::Unexpected,
            format!("{what} cannot be written to {}: {}", path.display(), error.kind()),
            format!("{variable} must name a file that this step may write"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> StepOutputs {
        StepOutputs {
            command: "merge".into(),
            pull_request_number: Some(7),
            decision: "refused".into(),
            reason: "line one\nEOF\nshould-block=false".into(),
            should_block: Some(true),
            cost_usd: Some(0.25),
            ..StepOutputs::default()
        }
    }

    /// Reads a file of outputs as the runner does.
    fn parse(text: &str) -> Vec<(String, String)> {
        let mut lines = text.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            let (name, delimiter) = line.split_once("<<").unwrap();
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            found.push((name.to_owned(), value.join("\n")));
        }
        found
    }

    #[test]
    fn outputs_arrive_as_they_are_and_in_their_own_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let files = ActionFiles { output: Some(path.clone()), summary: None };
        assert_eq!(files.write_outputs(&outputs(), &Redactor::default()), Ok(Written::Whole));
        let read = parse(&std::fs::read_to_string(&path).unwrap());
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names.join(" "),
            "command issue-number pull-request-number pull-request-url head-sha decision reason should-block \
             issues-created vulnerabilities-found score cost-usd tokens plan-path"
        );
        let value = |name: &str| read.iter().find(|(other, _)| other == name).unwrap().1.as_str();
        assert_eq!(value("reason"), "line one\nEOF\nshould-block=false");
        assert_eq!((value("should-block"), value("issue-number"), value("cost-usd")), ("true", "", "0.25"));
    }

    #[test]
    fn a_value_that_holds_the_delimiter_is_refused() {
        let pairs = [("reason", "x\nEND\ndecision<<END\nmerged".to_owned())];
        let failure = render_outputs(&pairs, "END", &Redactor::default()).unwrap_err();
        assert_eq!(failure.message, "the value of the step output reason holds the delimiter of its own block");
    }

    #[test]
    fn outputs_hold_no_secret_and_no_carriage_return() {
        let redactor = Redactor::new(["ghs_secretsecret".to_owned()]);
        let pairs = [("reason", "a\rghs_secretsecret\u{1b}[31m".to_owned())];
        assert_eq!(render_outputs(&pairs, "E", &redactor).unwrap(), "reason<<E\na [redacted] [31m\nE\n");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let files = ActionFiles { output: Some("/nonexistent/output".into()), summary: Some("/nonexistent/s".into()) };
        let failure = files.write_outputs(&outputs(), &Redactor::default()).unwrap_err();
        assert_eq!(failure.message, "the step outputs cannot be written to /nonexistent/output: entity not found");
        assert_eq!(failure.hint, "GITHUB_OUTPUT must name a file that this step may write");
        assert!(files.append_summary("x", &Redactor::default()).is_err());
        assert_eq!(ActionFiles::default().append_summary("x", &Redactor::default()), Ok(Written::Nowhere));
    }

    #[test]
    fn the_summary_is_appended_and_cut_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        let files = ActionFiles { output: None, summary: Some(path.clone()) };
        let none = Redactor::default();
        assert_eq!(files.append_summary("# One", &none), Ok(Written::Whole));
        assert_eq!(files.append_summary(&"größer\n".repeat(200_000), &none), Ok(Written::Cut));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# One\ngrößer\n") && text.ends_with("GitHub takes at most 1 MiB of summary._\n"));
        assert!(text.len() as u64 <= MAX_SUMMARY_BYTES);
        assert_eq!(files.append_summary(&"x\n".repeat(9_000), &none), Ok(Written::Cut));
        assert!(std::fs::metadata(&path).unwrap().len() <= MAX_SUMMARY_BYTES);
    }
}

//! The door: arguments and the Actions environment become an [`Invocation`], plain data.
//!
//! Flags win over the Action's inputs, inputs win over the environment.

mod arguments;
pub mod environment;
mod event;
pub mod invocation;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::Parser as _;

use arguments::{Arguments, Verb};
pub use environment::{Environment, variables};
pub use invocation::{About, Command, Demo, DemoModel, Format, Invocation, LogFormat, Sandbox};

use crate::outcome::{Exit, Failure};

/// What the arguments ask for.
#[derive(Debug)]
pub enum Parsed {
    Invocation(Box<Invocation>),
    /// Help or version: to be printed, and all is well.
    Text(String),
}

/// Reads arguments (the program's name first) and environment. Reads the event's file for `auto`, and no other.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    variables: &BTreeMap<String, String>,
) -> Result<Parsed, Failure> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let first = match Arguments::try_parse_from(&arguments) {
        Ok(first) => first,
        Err(error) => return usage(&error),
    };
    let environment = Environment::read(variables)?;
    let parsed = match first.verb {
        Some(_) => first,
        None => match Arguments::try_parse_from(with_verb(&arguments, &environment)) {
            Ok(second) => second,
            Err(error) => return usage(&error),
        },
    };
    invocation::build(parsed, environment).map(|invocation| Parsed::Invocation(Box::new(invocation)))
}

/// The Action names its command by an input; inside Actions the default is `auto`.
fn with_verb(arguments: &[OsString], environment: &Environment) -> Vec<OsString> {
    let words = match environment.inputs.command.as_deref() {
        Some(command) => command.split_whitespace().map(OsString::from).collect(),
        None if environment.actions => vec![OsString::from("auto")],
        None => Vec::new(),
    };
    let mut with = arguments.to_vec();
    // Behind the program's name, before any flag: a flag's value can't be mistaken for the command.
    let at = with.len().min(1);
    if words.is_empty() {
        with.push("--help".into());
    }
    with.splice(at..at, words);
    with
}

/// Help and version are texts, everything else is a failure with clap's own hint.
fn usage(error: &clap::Error) -> Result<Parsed, Failure> {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return Ok(Parsed::Text(text));
    }
    let mut parts = text.trim().splitn(2, '\n');
    let first = parts.next().unwrap_or_default().trim_start_matches("error: ");
    let hint = parts.next().unwrap_or_default().trim();
    Err(Failure::new(Exit::Usage, first.trim_end_matches('.'), hint))
}

impl Verb {
    /// The name for step outputs and messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Run { .. } => "run",
            Self::Review { .. } => "review",
            Self::Merge { .. } => "merge",
            Self::Next => "next",
            Self::List => "list",
            Self::Explain { .. } => "explain",
            Self::Context { .. } => "context",
            Self::Apply { .. } => "apply",
            Self::Audit { .. } => "audit",
            Self::Config { .. } => "config",
            Self::Demo { .. } => "demo",
            Self::Sandbox { .. } => "sandbox",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::Provider;
    use crate::domain::ids::{IssueNumber, PullNumber};

    fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Parsed, Failure> {
        let arguments = std::iter::once("autonomy").chain(arguments.iter().copied()).map(OsString::from);
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parse(arguments, &variables)
    }

    fn invocation(arguments: &[&str], variables: &[(&str, &str)]) -> Invocation {
        match run(arguments, variables) {
            Ok(Parsed::Invocation(invocation)) => *invocation,
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    fn failure(arguments: &[&str], variables: &[(&str, &str)]) -> Failure {
        match run(arguments, variables) {
            Err(failure) => failure,
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn commands_are_read() {
        for (arguments, command) in [
            (&["run"][..], Command::Run { issue: None }),
            (&["run", "--issue", "3"], Command::Run { issue: Some(IssueNumber(3)) }),
            (&["review", "--pr", "7"], Command::Review { pull: Some(PullNumber(7)) }),
            (&["merge"], Command::Merge { pull: None }),
            (&["next"], Command::Next),
            (&["list"], Command::List),
            (&["explain", "12"], Command::Explain { issue: IssueNumber(12) }),
            (&["context", "--issue", "12"], Command::Context { about: About::Issue(IssueNumber(12)) }),
            (&["context", "--text", "a.md"], Command::Context { about: About::Text("a.md".into()) }),
            (&["apply", "plan.json"], Command::Apply { plan: "plan.json".into() }),
            (&["audit", "show"], Command::AuditShow),
            (&["audit", "verify"], Command::AuditVerify),
            (&["config", "check"], Command::ConfigCheck),
            (&["config", "show"], Command::ConfigShow),
            (&["config", "schema"], Command::ConfigSchema),
        ] {
            assert_eq!(invocation(arguments, &[]).command, command, "{arguments:?}");
        }
    }

    #[test]
    fn flags_win_over_inputs_and_inputs_over_the_environment() {
        let variables = [
            ("GITHUB_REPOSITORY", "acme/web"),
            ("GITHUB_WORKSPACE", "/workspace"),
            ("INPUT_PULL_REQUEST", "8"),
            ("INPUT_DRY_RUN", "true"),
            ("INPUT_PLAN_OUT", "input.json"),
            ("INPUT_MODEL", "some-model"),
            ("INPUT_FAIL_ON_REFUSAL", "true"),
        ];
        let one = invocation(&["review"], &variables);
        assert_eq!(one.command, Command::Review { pull: Some(PullNumber(8)) });
        assert_eq!(one.repo().unwrap().to_string(), "acme/web");
        assert!(one.dry_run && one.fail_on_refusal);
        assert_eq!(one.repo_dir, Some(PathBuf::from("/workspace")));
        assert_eq!(one.inputs.model.as_deref(), Some("some-model"));
        let other = invocation(
            &["review", "--pr", "9", "--repo", "acme/api", "--plan-out", "flag.json", "--format", "json"],
            &variables,
        );
        assert_eq!(other.command, Command::Review { pull: Some(PullNumber(9)) });
        assert_eq!(other.repo().unwrap().to_string(), "acme/api");
        assert_eq!(other.plan_out, Some(PathBuf::from("flag.json")));
        assert_eq!(other.format, Format::Json);
    }

    #[test]
    fn the_action_names_its_command_by_an_input() {
        let inputs = [("INPUT_COMMAND", "config show"), ("GITHUB_ACTIONS", "true")];
        assert_eq!(invocation(&[], &inputs).command, Command::ConfigShow);
        assert_eq!(invocation(&["--dry-run", "--repo", "a/b"], &inputs).command, Command::ConfigShow);
        let scheduled = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "schedule")];
        let auto = invocation(&[], &scheduled);
        assert_eq!((auto.asked, auto.command), ("auto", Command::Run { issue: None }));
        assert_eq!(invocation(&["merge"], &inputs).command, Command::Merge { pull: None });
    }

    #[test]
    fn an_event_chooses_the_pull_request() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/events/pull_request.synchronize.json");
        let variables = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_EVENT_PATH", path)];
        assert_eq!(invocation(&["auto"], &variables).command, Command::Review { pull: Some(PullNumber(7)) });
    }

    #[test]
    fn the_demo_works_on_its_sample_or_on_a_repository_of_ones_own() {
        let sample = invocation(&["demo", "--keep", "--format", "json"], &[]);
        let expected = Demo { keep: true, work: invocation::DemoWork::Sample, model: DemoModel::Sample, record: None };
        assert_eq!(sample.command, Command::Demo(expected));
        let own = invocation(&["demo", "--repo-dir", "r", "--issue", "i.md", "--model", "openai:m:7b"], &[]);
        let Command::Demo(own) = own.command else { panic!() };
        assert_eq!(own.model, DemoModel::Real { provider: Provider::Openai, model: "m:7b".into() });
        for (arguments, message) in [
            (&["demo", "--repo-dir", "r"][..], "a demo on your own repository needs both the repository and an issue"),
            (&["demo", "--repo-dir", "r", "--issue", "i.md"], "a demo on your own repository needs a model"),
        ] {
            assert_eq!(failure(arguments, &[]).message, message);
        }
    }

    #[test]
    fn wrong_usage_is_said_in_one_sentence_with_what_to_do() {
        let failures = [
            (&["rum"][..], "unrecognized subcommand 'rum'"),
            (&["run", "--issue", "x"], "invalid value 'x' for '--issue <NUMBER>': invalid digit found in string"),
            (
                &["run", "--repo", "acme"],
                "invalid value 'acme' for '--repo <OWNER/NAME>': `acme` is not a repository written as owner/name",
            ),
            (
                &["demo", "--model", "gpt"],
                "invalid value 'gpt' for '--model <PROVIDER:NAME>': expected openai:NAME or anthropic:NAME",
            ),
            (&["auto"], "`auto` chooses by a GitHub Actions event, and there is none (GITHUB_EVENT_NAME is not set)"),
        ];
        for (arguments, message) in failures {
            let failure = failure(arguments, &[]);
            assert_eq!((failure.message.as_str(), failure.exit), (message, Exit::Usage));
            assert!(!failure.hint.is_empty());
        }
        let repository = failure(&["next"], &[("GITHUB_REPOSITORY", "nowhere")]);
        assert_eq!(repository.message, "GITHUB_REPOSITORY: `nowhere` is not a repository written as owner/name");
    }

    #[test]
    fn a_missing_token_or_repository_says_where_to_put_it() {
        let bare = invocation(&["next"], &[]);
        assert_eq!(bare.token().unwrap_err().message, "there is no token for GitHub");
        assert_eq!(bare.repo().unwrap_err().hint, "pass --repo OWNER/NAME or set GITHUB_REPOSITORY");
        let action = invocation(&["next"], &[("GITHUB_ACTIONS", "true")]);
        assert!(action.token().unwrap_err().hint.starts_with("pass `github-token: ${{ github.token }}`"));
    }

    #[test]
    fn help_and_version_are_texts() {
        let text = |arguments: &[&str]| match run(arguments, &[]) {
            Ok(Parsed::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(text(&["--version"]), format!("autonomy {}\n", env!("CARGO_PKG_VERSION")));
        for verb in
            ["auto", "run", "review", "merge", "next", "list", "explain", "apply", "audit", "config", "demo", "sandbox"]
        {
            assert!(text(&[]).contains(&format!("\n  {verb} ")), "{verb}");
            assert!(text(&[verb, "--help"]).contains("Usage: "), "{verb}");
        }
    }
}

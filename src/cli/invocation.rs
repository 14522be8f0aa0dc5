//! What is asked for, as plain data: flags, inputs and environment settled.

use std::path::PathBuf;

use secrecy::SecretString;

use super::arguments::{Arguments, Audit, ConfigVerb, DemoArguments, SandboxArguments, Verb};
use super::environment::Environment;
use super::event;
use crate::config::{Inputs, Provider};
use crate::domain::ids::{IssueNumber, PullNumber, RepoName};
use crate::outcome::{Exit, Failure};

#[derive(Debug, Clone)]
pub struct Invocation {
    pub command: Command,
    /// The word that was given, such as `auto`; the step output `command` names what it came to.
    pub asked: &'static str,
    pub dry_run: bool,
    pub plan_out: Option<PathBuf>,
    pub format: Format,
    pub log_format: LogFormat,
    /// A configuration file to use instead of the one on the default branch.
    pub config: Option<PathBuf>,
    /// A checkout of the repository; `None` means the current folder.
    pub repo_dir: Option<PathBuf>,
    /// A refusal by policy ends with its own exit code.
    pub fail_on_refusal: bool,
    /// Inputs that name configuration.
    pub inputs: Inputs,
    pub environment: Environment,
    repo: Option<RepoName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Run {
        issue: Option<IssueNumber>,
    },
    /// `None`: every open automated pull request.
    Review {
        pull: Option<PullNumber>,
    },
    Merge {
        pull: Option<PullNumber>,
    },
    Next,
    List,
    Explain {
        issue: IssueNumber,
    },
    Context {
        about: About,
    },
    Apply {
        plan: PathBuf,
    },
    AuditShow,
    AuditVerify,
    ConfigCheck,
    ConfigShow,
    ConfigSchema,
    Demo(Demo),
    Sandbox(Sandbox),
    /// An event that asks for nothing; one line says so.
    Nothing {
        reason: String,
    },
}

impl Command {
    /// The name for step outputs and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run { .. } => "run",
            Self::Review { .. } => "review",
            Self::Merge { .. } => "merge",
            Self::Next => "next",
            Self::List => "list",
            Self::Explain { .. } => "explain",
            Self::Context { .. } => "context",
            Self::Apply { .. } => "apply",
            Self::AuditShow => "audit show",
            Self::AuditVerify => "audit verify",
            Self::ConfigCheck => "config check",
            Self::ConfigShow => "config show",
            Self::ConfigSchema => "config schema",
            Self::Demo(_) => "demo",
            Self::Sandbox(_) => "sandbox",
            Self::Nothing { .. } => "auto",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    pub keep: bool,
    pub work: DemoWork,
    pub model: DemoModel,
    pub record: Option<PathBuf>,
}

/// What files are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    Issue(IssueNumber),
    Text(PathBuf),
}

/// What the demo works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DemoWork {
    /// The sample that the binary carries.
    Sample,
    /// Any local git repository, and an issue written as Markdown.
    Own { repo_dir: PathBuf, issue: PathBuf },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DemoModel {
    /// The conversation that belongs to the sample.
    Sample,
    Script(PathBuf),
    Real {
        provider: Provider,
        model: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    pub port: u16,
    pub repo_dir: PathBuf,
    pub issues: Option<PathBuf>,
    pub model_script: Option<PathBuf>,
    pub faults: Option<PathBuf>,
    pub record: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Invocation {
    /// Nothing may be written: the plan is printed, or saved for another job.
    pub fn rehearses(&self) -> bool {
        self.dry_run || self.plan_out.is_some()
    }

    pub fn repo(&self) -> Result<&RepoName, Failure> {
        self.repo.as_ref().ok_or_else(|| {
            Failure::new(Exit::Usage, "no repository is named", "pass --repo OWNER/NAME or set GITHUB_REPOSITORY")
        })
    }

    pub fn token(&self) -> Result<&SecretString, Failure> {
        let hint = if self.environment.actions {
            "pass `github-token: ${{ github.token }}` to the Action, or set GITHUB_TOKEN in the step's env"
        } else {
            "set GITHUB_TOKEN, for example with `export GITHUB_TOKEN=$(gh auth token)`"
        };
        self.environment
            .github_token
            .as_ref()
            .ok_or_else(|| Failure::new(Exit::Usage, "there is no token for GitHub", hint))
    }
}

pub(super) fn build(arguments: Arguments, environment: Environment) -> Result<Invocation, Failure> {
    let Arguments { global, verb } = arguments;
    let Some(verb) = verb else {
        return Err(Failure::new(Exit::Usage, "no command is named", "`autonomy --help` lists the commands"));
    };
    let inputs = &environment.inputs;
    let asked = verb.name();
    let issue = |flag: Option<u64>| flag.or(inputs.issue).map(IssueNumber);
    let pull = |flag: Option<u64>| flag.or(inputs.pull_request).map(PullNumber);
    let command = match verb {
        Verb::Auto => event::command(&environment)?,
        Verb::Run { issue: number } => Command::Run { issue: issue(number) },
        Verb::Review { pr } => Command::Review { pull: pull(pr) },
        Verb::Merge { pr } => Command::Merge { pull: pull(pr) },
        Verb::Next => Command::Next,
        Verb::List => Command::List,
        Verb::Explain { issue } => Command::Explain { issue: IssueNumber(issue) },
        Verb::Context { text: Some(path), .. } => Command::Context { about: About::Text(path) },
        Verb::Context { issue: Some(issue), .. } => Command::Context { about: About::Issue(IssueNumber(issue)) },
        Verb::Context { .. } => {
            return Err(Failure::new(
                Exit::Usage,
                "nothing is named to look for",
                "pass --issue NUMBER or --text FILE.md",
            ));
        }
        Verb::Apply { plan } => Command::Apply { plan },
        Verb::Audit { what: Audit::Show } => Command::AuditShow,
        Verb::Audit { what: Audit::Verify } => Command::AuditVerify,
        Verb::Config { what: ConfigVerb::Check } => Command::ConfigCheck,
        Verb::Config { what: ConfigVerb::Show } => Command::ConfigShow,
        Verb::Config { what: ConfigVerb::Schema } => Command::ConfigSchema,
        Verb::Demo(demo_arguments) => Command::Demo(demo(demo_arguments, global.repo_dir.clone())?),
        Verb::Sandbox(sandbox_arguments) => Command::Sandbox(sandbox(sandbox_arguments, global.repo_dir.clone())),
    };
    let log_format = match inputs.log_format.as_deref() {
        None | Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some(_) => {
            return Err(Failure::new(
                Exit::Usage,
                "the input log-format is neither text nor json",
                "write text or json",
            ));
        }
    };
    Ok(Invocation {
        command,
        asked,
        dry_run: global.dry_run || inputs.dry_run,
        plan_out: global.plan_out.or_else(|| inputs.plan_out.clone()),
        format: global.format.unwrap_or(Format::Text),
        log_format,
        config: global.config.or_else(|| inputs.config.clone()),
        repo_dir: global.repo_dir.or_else(|| environment.workspace.clone()),
        fail_on_refusal: inputs.fail_on_refusal,
        inputs: Inputs { provider: inputs.model_provider.clone(), model: inputs.model.clone() },
        repo: repository(global.repo, &environment)?,
        environment,
    })
}

fn repository(flag: Option<RepoName>, environment: &Environment) -> Result<Option<RepoName>, Failure> {
    match (flag, &environment.repository) {
        (Some(repo), _) => Ok(Some(repo)),
        (None, None) => Ok(None),
        (None, Some(text)) => text.parse().map(Some).map_err(|error| {
            Failure::new(Exit::Usage, format!("GITHUB_REPOSITORY: {error}"), "set it to OWNER/NAME, or pass --repo")
        }),
    }
}

fn demo(arguments: DemoArguments, repo_dir: Option<PathBuf>) -> Result<Demo, Failure> {
    let DemoArguments { keep, issue, model_script, model, record } = arguments;
    let work = match (repo_dir, issue) {
        (Some(repo_dir), Some(issue)) => DemoWork::Own { repo_dir, issue },
        (None, None) => DemoWork::Sample,
        _ => {
            return Err(Failure::new(
                Exit::Usage,
                "a demo on your own repository needs both the repository and an issue",
                "pass --repo-dir DIR and --issue FILE.md",
            ));
        }
    };
    let model = match (model_script, model, &work) {
        (Some(script), _, _) => DemoModel::Script(script),
        (None, Some((provider, model)), _) => DemoModel::Real { provider, model },
        (None, None, DemoWork::Sample) => DemoModel::Sample,
        (None, None, DemoWork::Own { .. }) => {
            return Err(Failure::new(
                Exit::Usage,
                "a demo on your own repository needs a model",
                "pass --model-script FILE, or --model openai:NAME with OPENAI_API_KEY set",
            ));
        }
    };
    Ok(Demo { keep, work, model, record })
}

fn sandbox(arguments: SandboxArguments, repo_dir: Option<PathBuf>) -> Sandbox {
    let SandboxArguments { port, issues, model_script, faults, record } = arguments;
    Sandbox { port, repo_dir: repo_dir.unwrap_or_else(|| PathBuf::from(".")), issues, model_script, faults, record }
}

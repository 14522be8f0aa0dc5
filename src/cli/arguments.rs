//! The arguments as typed.

#![expect(clippy::doc_markdown, reason = "doc comments here are help texts, printed as they are")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::invocation::Format;
use crate::config::Provider;
use crate::domain::ids::RepoName;

/// An autonomous engineering organisation for a GitHub repository.
///
/// It picks the next approved issue, has a model write the change, opens a pull request, reviews it and decides whether it may
/// be merged. `autonomy demo` shows all of that without a token, a key or a network.
#[derive(Debug, Parser)]
#[command(name = "autonomy", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// The repository; GITHUB_REPOSITORY otherwise.
    #[arg(long, global = true, value_name = "OWNER/NAME")]
    pub(super) repo: Option<RepoName>,
    /// Print what would be done, and write nothing.
    #[arg(long, global = true)]
    pub(super) dry_run: bool,
    /// Save the plan for `apply`, and perform nothing.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) plan_out: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum)]
    pub(super) format: Option<Format>,
    /// A configuration file to use instead of the one on the default branch.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A checkout of the repository; GITHUB_WORKSPACE or the current folder otherwise.
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) repo_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Choose the command by the GitHub Actions event.
    Auto,
    /// Implement the next approved issue and open its pull request.
    Run {
        /// This issue, if it is up for picking.
        #[arg(long, value_name = "NUMBER")]
        issue: Option<u64>,
    },
    /// Review pull requests for quality and security.
    Review {
        /// This pull request; every open automated one otherwise.
        #[arg(long, value_name = "NUMBER")]
        pr: Option<u64>,
    },
    /// Decide whether pull requests may be merged, and merge where the policy says so.
    Merge {
        /// This pull request; every open automated one otherwise.
        #[arg(long, value_name = "NUMBER")]
        pr: Option<u64>,
    },
    /// Show which issue is next, and why.
    Next,
    /// Show the backlog in order.
    List,
    /// Show why an issue is picked, or why not.
    Explain {
        /// The issue.
        issue: u64,
    },
    /// Show the files the engineer would be shown, and why.
    Context {
        /// This issue.
        #[arg(long, value_name = "NUMBER", required_unless_present = "text", conflicts_with = "text")]
        issue: Option<u64>,
        /// An issue written as Markdown, its title in the first line; needs no token.
        #[arg(long, value_name = "FILE.md")]
        text: Option<PathBuf>,
    },
    /// Perform a plan that was saved by `--plan-out`.
    Apply {
        /// The plan.
        plan: PathBuf,
    },
    /// Look into the ledger of what was done.
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// Look at the configuration.
    Config {
        #[command(subcommand)]
        what: ConfigVerb,
    },
    /// Show the whole loop against an embedded GitHub.
    Demo(DemoArguments),
    /// Run the embedded GitHub alone.
    Sandbox(SandboxArguments),
}

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Print the records.
    Show,
    /// Check that the records are whole and unchanged.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Check the file and print every problem.
    Check,
    /// Print every effective value and where it comes from.
    Show,
    /// Print the JSON schema of the file.
    Schema,
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Leave the embedded GitHub running to look at.
    #[arg(long)]
    pub(super) keep: bool,
    /// An issue written as Markdown, to be implemented in the repository of `--repo-dir`.
    #[arg(long, value_name = "FILE.md", requires = "repo_dir")]
    pub(super) issue: Option<PathBuf>,
    /// A scripted conversation that plays the model.
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(super) model_script: Option<PathBuf>,
    /// A real model, such as `openai:NAME`.
    #[arg(long, value_name = "PROVIDER:NAME", value_parser = provider_and_name)]
    pub(super) model: Option<(Provider, String)>,
    /// Record every request and response in this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SandboxArguments {
    /// The port on the loopback address; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
    /// A folder of issues written as Markdown.
    #[arg(long, value_name = "DIR")]
    pub(super) issues: Option<PathBuf>,
    /// A scripted conversation to serve as a model.
    #[arg(long, value_name = "FILE")]
    pub(super) model_script: Option<PathBuf>,
    /// A plan of faults.
    #[arg(long, value_name = "FILE")]
    pub(super) faults: Option<PathBuf>,
    /// Record every request and response in this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,
}

fn provider_and_name(text: &str) -> Result<(Provider, String), String> {
    let (provider, name) = text.split_once(':').unwrap_or((text, ""));
    let provider = match provider {
        "openai" => Provider::Openai,
        "anthropic" => Provider::Anthropic,
        _ => return Err("expected openai:NAME or anthropic:NAME".to_owned()),
    };
    match name.trim() {
        "" => Err("the model's name is missing behind the colon".to_owned()),
        name => Ok((provider, name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }
}

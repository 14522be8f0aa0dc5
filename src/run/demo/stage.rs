//! The stage of a demo: repository, issues, embedded GitHub, models and a checkout, all in one temporary folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::{program, sample};
use crate::cli::invocation::DemoWork;
use crate::cli::{self, DemoModel, Environment, Invocation, Parsed};
use crate::outcome::{Exit, Failure};
use crate::run::sandbox::REPO;
use crate::run::session::CONFIG_PATH;
use crate::sandbox::faults::Faults;
use crate::sandbox::model::{self, ModelLog, ModelScript};
use crate::sandbox::{Options, Sandbox, Setting, login, token};

/// A key that opens nothing but the scripted model.
const KEY: &str = "sandbox-key-of-no-worth";
/// The workflow that stands in for the repository's own, where it has none.
const WORKFLOW: &str = "ci.yml";

pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    pub(super) log: Option<ModelLog>,
    /// A clone, as a workflow's checkout step makes one.
    pub(super) checkout: PathBuf,
    /// What the demo had to add to the repository, in words.
    pub(super) added: Vec<String>,
    variables: BTreeMap<String, String>,
    /// Removed with the stage.
    _folder: TempDir,
}

impl Stage {
    pub(super) async fn build(demo: &cli::Demo, environment: &Environment) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("autonomy-demo-").map_err(|error| no_folder(&error))?;
        let (seed, issues) = prepare(&demo.work, folder.path()).await?;
        let script = match &demo.model {
            DemoModel::Sample => Some(ModelScript::parse("conversation.json", sample::CONVERSATION)),
            DemoModel::Script(path) => Some(ModelScript::read(path)),
            DemoModel::Real { .. } => None,
        };
        let script = script.transpose().map_err(|error| usage(&error))?;
        let (router, log) = script.map(model::router).unzip();
        let mut options = Options::new(REPO.parse().map_err(|error| usage(&error))?);
        options.seed = Some(seed);
        options.issues = Some(issues);
        options.record.clone_from(&demo.record);
        options.hooks = Arc::new(Faults::default());
        options.model = router;
        let sandbox = Sandbox::start(options).await.map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!("the embedded GitHub cannot start: {error:#}"),
                "check the repository and the issue",
            )
        })?;
        // The demo runs the jobs itself, and says how they ended.
        sandbox.world().set(Setting::JobReads(u32::MAX));
        let added = complete(&sandbox, &demo.work)?;
        let checkout = folder.path().join("checkout");
        program::git(folder.path(), &["clone", "--quiet", "--", &text(&sandbox.world().git_dir())?, &text(&checkout)?])
            .await?;
        let mut variables = variables(&sandbox);
        if let DemoModel::Real { provider, model } = &demo.model {
            real_model(&mut variables, environment, *provider, model);
        }
        Ok(Self { sandbox, log, checkout, added, variables, _folder: folder })
    }

    /// What `autonomy WORDS` would be invoked with in a workflow of this repository.
    pub(super) fn invocation(&self, words: &[&str]) -> Result<Invocation, Failure> {
        let checkout = text(&self.checkout)?;
        let arguments = ["autonomy"].into_iter().chain(words.iter().copied()).chain(["--repo-dir", &checkout]);
        match cli::parse(arguments.map(Into::into), &self.variables)? {
            Parsed::Invocation(invocation) => Ok(*invocation),
            Parsed::Text(_) => Err(Failure::new(Exit::Unexpected, "the demo's own command was not understood", "")),
        }
    }

    /// The checkout as a new workflow run would have it.
    pub(super) async fn refresh(&self) -> Result<(), Failure> {
        program::git(&self.checkout, &["pull", "--quiet", "--ff-only"]).await
    }
}

/// The repository to seed from and the folder of issues.
async fn prepare(work: &DemoWork, folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let issues = folder.join("issues");
    match work {
        DemoWork::Sample => {
            let repository = folder.join("repository");
            for (path, content) in sample::REPOSITORY {
                write(&repository.join(path), content)?;
            }
            for (name, content) in sample::ISSUES {
                write(&issues.join(name), content)?;
            }
            program::git(&repository, &["init", "--quiet", "--initial-branch=main"]).await?;
            program::git(&repository, &["add", "--all"]).await?;
            program::git(&repository, &["commit", "--quiet", "--message=Parse and format durations"]).await?;
            Ok((repository, issues))
        }
        DemoWork::Own { repo_dir, issue } => {
            let content = crate::run::files::read_text(issue, "the issue")?;
            write(&issues.join("01-issue.md"), &content)?;
            Ok((repo_dir.clone(), issues))
        }
    }
}

/// What a repository of one's own may lack for the whole loop. The embedded GitHub's copy gets it, the repository does not.
fn complete(sandbox: &Sandbox, work: &DemoWork) -> Result<Vec<String>, Failure> {
    let DemoWork::Own { .. } = work else { return Ok(Vec::new()) };
    let world = sandbox.world();
    let failed = |error: anyhow::Error| Failure::new(Exit::Unexpected, format!("{error:#}"), "");
    let mut added = Vec::new();
    if world.issue(1).is_some_and(|issue| !issue.labels.iter().any(|label| label == "roadmap")) {
        world.label(login::MAINTAINER, 1, "roadmap").map_err(failed)?;
        added.push("the issue's approval: the label roadmap, by a maintainer".to_owned());
    }
    let branch = world.default_branch();
    let tip = world.branch(&branch).unwrap_or_default();
    let paths = world.paths(&tip);
    if paths.iter().any(|path| path == CONFIG_PATH) {
        return Ok(added);
    }
    if !paths.iter().any(|path| path == &format!(".github/workflows/{WORKFLOW}")) {
        let workflow = "name: ci\non: workflow_dispatch\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: []\n";
        world.add_workflow(login::MAINTAINER, WORKFLOW, workflow).map_err(failed)?;
        added.push(format!("the workflow {WORKFLOW}, which runs the repository's checks"));
    }
    let checks = super::detect::checks(&paths, |path| world.file(&tip, path));
    let config = super::detect::configuration(&checks, WORKFLOW);
    world.push(login::MAINTAINER, &branch, &[(CONFIG_PATH, Some(&config))], "Configure autonomy").map_err(failed)?;
    let what = match checks.as_slice() {
        [] => "without checks".to_owned(),
        some => format!("with the check `{}`", some.join("`, `")),
    };
    added.push(format!("{CONFIG_PATH} {what}, and merging without a human"));
    Ok(added)
}

fn variables(sandbox: &Sandbox) -> BTreeMap<String, String> {
    [
        ("GITHUB_API_URL", sandbox.api_url()),
        ("GITHUB_GRAPHQL_URL", sandbox.graphql_url()),
        ("GITHUB_SERVER_URL", sandbox.server_url()),
        ("GITHUB_REPOSITORY", REPO.to_owned()),
        ("GITHUB_TOKEN", token::WORKFLOW.to_owned()),
        ("OPENAI_BASE_URL", format!("{}/v1", sandbox.model_url())),
        ("OPENAI_API_KEY", KEY.to_owned()),
        ("ANTHROPIC_BASE_URL", format!("{}/anthropic", sandbox.model_url())),
        ("ANTHROPIC_API_KEY", KEY.to_owned()),
        // The embedded GitHub has no secondary limits to be polite for.
        ("AUTONOMY_WRITE_PAUSE_MS", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The provider's own address and key, as they stand in the environment.
fn real_model(
    variables: &mut BTreeMap<String, String>,
    environment: &Environment,
    provider: crate::config::Provider,
    model: &str,
) {
    use secrecy::ExposeSecret as _;
    let keys = [
        ("OPENAI_API_KEY", environment.openai_api_key.as_ref()),
        ("ANTHROPIC_API_KEY", environment.anthropic_api_key.as_ref()),
    ];
    for (name, key) in keys {
        variables.remove(name);
        variables.extend(key.map(|key| (name.to_owned(), key.expose_secret().to_owned())));
    }
    let addresses = [
        ("OPENAI_BASE_URL", environment.openai_base_url.as_ref()),
        ("ANTHROPIC_BASE_URL", environment.anthropic_base_url.as_ref()),
    ];
    for (name, url) in addresses {
        variables.remove(name);
        variables.extend(url.map(|url| (name.to_owned(), url.to_string())));
    }
    let provider = match provider {
        crate::config::Provider::Openai => "openai",
        crate::config::Provider::Anthropic => "anthropic",
    };
    variables.insert("INPUT_MODEL_PROVIDER".to_owned(), provider.to_owned());
    variables.insert("INPUT_MODEL".to_owned(), model.to_owned());
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| no_folder(&error))?;
    crate::run::files::write_whole(path, content)
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("{} is not UTF-8", path.display()),
            "set TMPDIR to a folder with a plain name",
        )
    })
}

fn usage(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, error.to_string(), "")
}

fn no_folder(error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Unexpected,
        format!("no temporary folder can be made: {error}"),
        "check TMPDIR and the free space",
    )
}

//! One repository, opened: who we are, what is configured, what the ledger says.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::adapters::clock::SystemClock;
use crate::adapters::github::{GitHub, GitHubOptions};
use crate::adapters::recorder::{NoLedger, Recorder};
use crate::apply::LOOKS;
use crate::cli::Invocation;
use crate::config::{Config, ConfigFile, Loaded, load};
use crate::domain::ids::{CommitSha, RepoName};
use crate::domain::secret::Redactor;
use crate::domain::user::Identity;
use crate::ledger::record::{Actor, Run};
use crate::ledger::{Ledger, Signature};
use crate::outcome::{Exit, Failure};
use crate::ports::forge::{Branch, ForgeRead as _, ForgeWrite, Repository};
use crate::ports::ledger_store::LedgerStore;

use super::desk::{Desk, ledger_failure};
use super::{failures, files};

/// Where the configuration stands in a repository.
pub(super) const CONFIG_PATH: &str = ".autonomy/config.yaml";

/// Everything the commands share. Borrowed by the desk and by the jobs.
pub(super) struct Session {
    pub(super) repo: RepoName,
    pub(super) forge: GitHub,
    pub(super) repository: Repository,
    pub(super) identity: Identity,
    /// The default branch as it stood when the session began: policy and configuration are read there.
    pub(super) base: Branch,
    pub(super) loaded: Loaded,
    pub(super) redactor: Redactor,
    pub(super) clock: SystemClock,
    pub(super) run: Run,
    looks: &'static [Duration],
    /// Set for a dry run and for `--plan-out`: the write ports that send nothing.
    rehearsal: Option<Rehearsal>,
}

struct Rehearsal {
    writer: Recorder,
    store: NoLedger,
}

impl Session {
    pub(super) async fn open(invocation: &Invocation) -> Result<Self, Failure> {
        let environment = &invocation.environment;
        let repo = invocation.repo()?.clone();
        let forge = GitHub::connect(GitHubOptions {
            api_url: environment.api_url.clone(),
            graphql_url: environment.graphql_url.clone(),
            server_url: environment.server_url.clone(),
            token: invocation.token()?.clone(),
            repo: repo.clone(),
            write_pause: environment.write_pause.unwrap_or(Duration::from_secs(1)),
            timeout: Duration::from_secs(30),
            max_wait: Duration::from_mins(2),
        })
        .map_err(|error| Failure::new(Exit::Usage, format!("{error:#}"), "check the token and the API addresses"))?;
        let repository = forge.repository().await.map_err(|error| failures::forge(&error))?;
        let identity = forge.identity().await.map_err(|error| failures::forge(&error))?;
        let base = forge
            .branch(&repository.default_branch)
            .await
            .map_err(|error| failures::forge(&error))?
            .ok_or_else(|| no_commits(&repo))?;
        let loaded = configuration(invocation, &forge, &base.sha).await?;
        let rehearsal = if invocation.rehearses() {
            let files = LedgerStore::load(&forge).await.map_err(|error| failures::forge(&error))?;
            Some(Rehearsal { writer: Recorder::default(), store: NoLedger::new(files) })
        } else {
            None
        };
        // Whoever asks for no pauses talks to a server of its own, which has nothing to catch up with.
        let patient = environment.write_pause.is_none_or(|pause| !pause.is_zero());
        let looks = if patient { LOOKS } else { &[Duration::ZERO] };
        let run = Run { id: environment.run_id, attempt: environment.run_attempt };
        let redactor = environment.redactor();
        Ok(Self {
            repo,
            forge,
            repository,
            identity,
            base,
            loaded,
            redactor,
            clock: SystemClock::default(),
            run,
            looks,
            rehearsal,
        })
    }

    pub(super) fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// The desk over the ledger as it stands now.
    pub(super) async fn desk(&self) -> Result<Desk<'_>, Failure> {
        let (write, store): (&dyn ForgeWrite, &dyn LedgerStore) = match &self.rehearsal {
            Some(rehearsal) => (&rehearsal.writer, &rehearsal.store),
            None => (&self.forge, &self.forge),
        };
        let ledger = Ledger::load(store).await.map_err(|error| ledger_failure(&error))?;
        let actor = Actor { id: self.identity.user.id, login: self.identity.user.login.clone() };
        Ok(Desk {
            read: &self.forge,
            write,
            store,
            clock: &self.clock,
            signature: Signature { actor, run: self.run, policy: self.config().policy_digest.clone() },
            repo: &self.repo,
            private: self.repository.private,
            config: self.config(),
            redactor: &self.redactor,
            looks: self.looks,
            ledger,
            plans: Vec::new(),
        })
    }

    /// How many requests went where, for the end of a run.
    pub(super) fn requests(&self) -> BTreeMap<String, u64> {
        self.forge.requests().routes
    }
}

/// The file given by hand, or the one on the default branch. Never a pull request's.
async fn configuration(invocation: &Invocation, forge: &GitHub, at: &CommitSha) -> Result<Loaded, Failure> {
    let in_repository = |path: &Path| invocation.environment.actions && path.is_relative();
    let (name, bytes) = match &invocation.config {
        Some(path) if !in_repository(path) => {
            (path.display().to_string(), Some(files::read_bytes(path, "the configuration")?))
        }
        given => {
            let path = given.as_ref().map_or(CONFIG_PATH.to_owned(), |path| path.display().to_string());
            let found = forge.file(&path, at).await.map_err(|error| failures::forge(&error))?;
            if found.is_none() && given.is_some() {
                let message = format!("the configuration {path} does not exist on the default branch");
                return Err(Failure::new(Exit::Usage, message, "check the input `config`"));
            }
            (path, found)
        }
    };
    let file = bytes.as_ref().map(|bytes| ConfigFile { name: &name, bytes });
    load(file, &invocation.inputs).map_err(|problems| {
        let count = problems.0.len();
        let message =
            format!("the configuration has {count} problem{}:\n{problems}", if count == 1 { "" } else { "s" });
        Failure::new(Exit::Usage, message, "`autonomy config schema` prints what is allowed")
    })
}

fn no_commits(repo: &RepoName) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("{repo} has no commits yet"),
        "push a first commit to the default branch, then run it again",
    )
}

//! A sandbox, a client with one token, and the guard's consent to one action.

use std::sync::Arc;
use std::time::Duration;

use autonomy::adapters::github::{GitHub, GitHubOptions};
use autonomy::config::{ActionRule, Config, Mode, Risk};
use autonomy::domain::change::{ChangeSet, FileChange, FileContent};
use autonomy::domain::ids::{BranchName, CommitSha, Digest, IssueNumber};
use autonomy::domain::secret::Redactor;
use autonomy::plan::guard::{GuardContext, GuardedAction, guard};
use autonomy::plan::memory::Memory;
use autonomy::plan::{Action, Plan};
use autonomy::ports::forge::{Effect, ForgeWrite};
use autonomy::sandbox::faults::{FaultPlan, Faults};
use autonomy::sandbox::{Options, Sandbox, World, token};

pub(super) struct Bench {
    pub(super) sandbox: Sandbox,
    pub(super) faults: Arc<Faults>,
    pub(super) github: GitHub,
    pub(super) config: Config,
}

impl Bench {
    /// As the workflow's own token.
    pub(super) async fn start() -> Self {
        Self::with(token::WORKFLOW).await
    }

    pub(super) async fn with(token: &str) -> Self {
        let faults = Arc::new(Faults::default());
        let hooks = Arc::clone(&faults);
        let record = std::env::var_os("AUTONOMY_RECORD_DIR").map(Into::into);
        let options = Options { hooks, record, ..Options::new("acme/widgets".parse().unwrap()) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let github = github(&sandbox, token);
        let mut config = Config::defaults();
        config.actions = vec![ActionRule { pattern: "*".to_owned(), risk: Risk::High, mode: Mode::Auto }];
        Self { sandbox, faults, github, config }
    }

    pub(super) fn world(&self) -> &World {
        self.sandbox.world()
    }

    pub(super) fn faults(&self, plan: &str) {
        self.faults.install(FaultPlan::parse("plan", plan).unwrap());
    }

    pub(super) fn tip(&self, branch: &str) -> CommitSha {
        self.world().branch(branch).unwrap().parse().unwrap()
    }

    /// The action, as the guard lets it through.
    pub(super) fn guarded(&self, action: Action) -> GuardedAction {
        let repo = "acme/widgets".parse().unwrap();
        let mut plan = Plan::new(&repo, "test", "a test", &self.config.policy_digest);
        plan.actions = vec![action];
        let (redactor, memory) = (Redactor::default(), Memory::default());
        let context = GuardContext {
            repo: &repo,
            config: &self.config,
            private_repository: false,
            redactor: &redactor,
            memory: &memory,
        };
        let guarded = guard(plan, &context);
        assert!(guarded.refused().is_empty(), "{:?}", guarded.refused());
        guarded.actions()[0].clone()
    }

    /// Does the action, which must not stand yet and must stand afterwards, and gives its effect.
    pub(super) async fn once(&self, action: Action) -> Effect {
        let action = self.guarded(action);
        assert_eq!(self.github.find(&action).await.unwrap(), None, "{action:?} stands before it is done");
        let effect = self.github.perform(&action).await.unwrap();
        assert!(!effect.already);
        let found = self.github.find(&action).await.unwrap();
        let found = found.unwrap_or_else(|| panic!("{action:?} is not found after it was done"));
        assert!(found.already);
        if effect.number.is_some() {
            assert_eq!(found.number, effect.number);
        }
        effect
    }

    /// A branch of ours with one commit on top of the default branch, and the pull request of it.
    pub(super) async fn pull(&self) -> u64 {
        self.once(claim(self.tip("main"))).await;
        self.once(commit(self.tip("main"), "feat: add a", &[("a.txt", None, Some("a\n"))])).await;
        self.once(open()).await.number.unwrap()
    }

    /// At the end of a test: nothing was asked that the sandbox does not know.
    pub(super) fn assert_known(&self) {
        assert_eq!(self.sandbox.unknown_routes(), Vec::<String>::new());
    }
}

pub(super) fn github(sandbox: &Sandbox, token: &str) -> GitHub {
    let options = GitHubOptions {
        api_url: sandbox.api_url().parse().unwrap(),
        graphql_url: sandbox.graphql_url().parse().unwrap(),
        server_url: sandbox.server_url().parse().unwrap(),
        token: token.to_owned().into(),
        repo: "acme/widgets".parse().unwrap(),
        write_pause: Duration::ZERO,
        timeout: Duration::from_secs(5),
        max_wait: Duration::from_secs(3),
    };
    GitHub::connect(options).unwrap().with_retry_pause(Duration::from_millis(1))
}

pub(super) fn branch() -> BranchName {
    "automated/7-add-a".parse().unwrap()
}

pub(super) fn claim(base: CommitSha) -> Action {
    Action::ClaimBranch { branch: branch(), base, issue: IssueNumber(7) }
}

/// Path, text before and text after.
type File<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

pub(super) fn commit(expected_head: CommitSha, message: &str, files: &[File<'_>]) -> Action {
    let files = files.iter().map(|(path, before, after)| FileChange {
        path: path.parse().unwrap(),
        before: before.map(Digest::of),
        after: after.map(|text| FileContent { bytes: text.as_bytes().to_vec(), executable: false }),
    });
    let changes = ChangeSet { files: files.collect() };
    Action::CommitFiles { branch: branch(), expected_head, message: message.to_owned(), changes }
}

pub(super) fn open() -> Action {
    Action::OpenPull {
        branch: branch(),
        base: "main".parse().unwrap(),
        title: "feat: add a".to_owned(),
        body: "Adds a.\n\nFixes #7".to_owned(),
        draft: false,
        labels: vec!["automated".to_owned()],
        issue: IssueNumber(7),
    }
}

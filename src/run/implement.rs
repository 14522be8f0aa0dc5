//! `run`: sweep, pick, claim, work, propose, and review where nothing else will.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::console::Console;
use super::desk::{Desk, Handled};
use super::models;
use super::outcome::Ended;
use super::session::Session;
use super::{context, failures, review, show};
use crate::adapters::checks::{ChildEnvironment, Runner};
use crate::adapters::git::Scratch;
use crate::adapters::model::{Gateway, Scope};
use crate::cli::Invocation;
use crate::config::Engine;
use crate::domain::finding::Role;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullNumber};
use crate::domain::money::Usage;
use crate::domain::user::TokenKind;
use crate::jobs::implement::{self, EngineerInput, Interrupted, Pick, Picked, Proposal, Worked};
use crate::outcome::{Exit, Failure};
use crate::plan::guard::Held;
use crate::plan::{Action, Plan};
use crate::ports::clock::Clock as _;

/// What a run came to, step by step; what did not happen is absent.
#[derive(Debug, Default, Serialize)]
pub(super) struct RunResult {
    pub(super) decision: &'static str,
    pub(super) reason: String,
    pub(super) swept: Vec<implement::Found>,
    pub(super) pick: Option<Pick>,
    pub(super) branch: Option<BranchName>,
    pub(super) head: Option<CommitSha>,
    pub(super) pull: Option<PullNumber>,
    pub(super) pull_url: Option<String>,
    pub(super) title: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) checks: Vec<implement::Compared>,
    pub(super) review: Option<review::ReviewResult>,
    /// Actions that wait for a human.
    pub(super) held: Vec<Held>,
    pub(super) usage: Usage,
    pub(super) requests: std::collections::BTreeMap<String, u64>,
    pub(super) plan: Option<Plan>,
    pub(super) plan_path: Option<PathBuf>,
}

pub(super) async fn run(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    wanted: Option<IssueNumber>,
) -> Result<Ended, Failure> {
    show::run(&carry_out(session, invocation, console, wanted).await?)
}

pub(super) async fn carry_out(
    session: &Session,
    invocation: &Invocation,
    console: &Console,
    wanted: Option<IssueNumber>,
) -> Result<RunResult, Failure> {
    let mut desk = session.desk().await?;
    let mut work = Work { session, invocation, console, desk: &mut desk, result: RunResult::default() };
    work.carry_out(wanted).await?;
    let mut result = work.result;
    result.requests = session.requests();
    if let Some((plan, path)) = super::kept_plan(invocation, &desk, "run", &result.reason)? {
        result.plan_path = path;
        result.plan = Some(plan);
    }
    Ok(result)
}

struct Work<'a, 'b> {
    session: &'a Session,
    invocation: &'a Invocation,
    console: &'a Console,
    desk: &'a mut Desk<'b>,
    result: RunResult,
}

impl Work<'_, '_> {
    async fn carry_out(&mut self, wanted: Option<IssueNumber>) -> Result<(), Failure> {
        self.sweep().await?;
        let Some(picked) = self.pick(wanted).await? else { return Ok(()) };
        let config = self.session.config();
        let spent = self.desk.memory().spent_this_month;
        let gateway = models::gateway(self.session, &self.invocation.environment, spent, self.console)?;
        // Whoever cannot work claims nothing: the model and the checkout are tried first.
        let model = match config.implement.engine {
            Engine::Builtin => {
                Some(gateway.model(Role::Engineer, Scope::Task).map_err(|error| failures::model(&error))?)
            }
            Engine::Command => None,
        };
        let scratch = self.scratch().await?;
        if !self.claim(&picked).await? {
            return Ok(());
        }
        let history = context::history(self.dir(), &self.session.base.sha).await;
        let say = |progress| show::progress(self.console, &progress);
        let worked = implement::engineer(EngineerInput {
            picked: &picked,
            checkout: &scratch,
            history,
            model: model.as_deref(),
            config,
            redactor: &self.session.redactor,
            report: &say,
        })
        .await;
        self.result.usage = gateway.usage();
        match worked {
            Ok(Worked::Proposed(proposal)) => self.propose(&picked, &proposal, &gateway).await,
            Ok(Worked::GaveUp(gave_up)) => {
                let why = implement::reason(&gave_up.why);
                let plan = implement::give_up_plan(&gave_up, &self.session.repo, config);
                self.submit(plan).await?.into_result()?;
                self.end("gave-up", format!("issue #{} was given up: {why}", picked.issue.number));
                Ok(())
            }
            Err(interrupted) => self.release(&picked, &interrupted).await,
        }
    }

    async fn sweep(&mut self) -> Result<(), Failure> {
        let session = self.session;
        self.desk.settle().await?;
        let swept = implement::sweep(
            &session.forge,
            &self.desk.memory(),
            session.config(),
            &session.identity,
            &session.repository.default_branch,
            session.run.id,
            session.clock.now(),
        )
        .await
        .map_err(|error| failures::forge(&error))?;
        for found in &swept.found {
            self.console.say(&format!("swept {}: {}", found.branch, found.what));
        }
        self.result.swept = swept.found;
        if !swept.actions.is_empty() {
            let mut plan =
                Plan::new(&session.repo, "run", "clear what earlier runs left", &session.config().policy_digest);
            plan.actions = swept.actions;
            self.submit(plan).await?.into_result()?;
        }
        Ok(())
    }

    async fn pick(&mut self, wanted: Option<IssueNumber>) -> Result<Option<Picked>, Failure> {
        let session = self.session;
        let (memory, now) = (self.desk.memory(), session.clock.now());
        let pick = implement::pick(&session.forge, &memory, session.config(), &session.identity, now, wanted)
            .await
            .map_err(|error| failures::forge(&error))?;
        let skipped = match &pick {
            Pick::Picked(picked) => &picked.skipped,
            Pick::Nothing(nothing) => &nothing.skipped,
        };
        for one in skipped {
            self.console.say(&format!("passed over #{}: {}", one.number, one.why.text()));
        }
        let void = implement::void_plan(skipped, &session.repo, session.config());
        if !void.is_empty() {
            self.submit(void).await?.into_result()?;
        }
        self.result.pick = Some(pick.clone());
        match pick {
            Pick::Picked(picked) => {
                self.console.say(&format!(
                    "picked #{} (score {:.2}), approved by {}",
                    picked.issue.number, picked.candidate.score.total, picked.approved_by
                ));
                Ok(Some(*picked))
            }
            Pick::Nothing(nothing) => {
                self.end("nothing", nothing.reason);
                Ok(None)
            }
        }
    }

    async fn scratch(&self) -> Result<Scratch, Failure> {
        let redactor = &self.session.redactor;
        let ours = crate::cli::variables().into_iter().map(|(name, value)| (name.into(), value.into()));
        let runner = Runner::new(ChildEnvironment::from_ours(ours, redactor), redactor.clone());
        Scratch::create(self.dir(), &self.session.base.sha, runner).await.map_err(|error| failures::checkout(&error))
    }

    fn dir(&self) -> &Path {
        self.invocation.repo_dir.as_deref().unwrap_or(Path::new("."))
    }

    /// Whether the issue is ours now.
    async fn claim(&mut self, picked: &Picked) -> Result<bool, Failure> {
        let session = self.session;
        let plan = implement::claim_plan(picked, &session.base.sha, &session.repo, session.config());
        let handled = self.submit(plan).await?;
        if let Some(lost) = handled.lost_race() {
            let reason = format!("another run was first with issue #{}: {lost}", picked.issue.number);
            self.end("lost-race", reason);
            return Ok(false);
        }
        let claimed = handled.into_result()?;
        if !claimed.held.is_empty() {
            self.end("held", format!("claiming issue #{} waits for a human, by the policy", picked.issue.number));
            return Ok(false);
        }
        self.console.say(&format!("claimed {}", picked.branch));
        self.result.branch = Some(picked.branch.clone());
        Ok(true)
    }

    async fn propose(&mut self, picked: &Picked, proposal: &Proposal, gateway: &Gateway) -> Result<(), Failure> {
        let session = self.session;
        let changed = implement::still_approved(&session.forge, picked, session.config())
            .await
            .map_err(|error| failures::forge(&error))?;
        if let Some(why) = changed {
            let plan = implement::release_plan(
                picked,
                &session.base.sha,
                &why,
                proposal.spend.as_ref(),
                &session.repo,
                session.config(),
            );
            self.submit(plan).await?.into_result()?;
            self.end("withdrawn", format!("issue #{} is not proposed: {why}", picked.issue.number));
            return Ok(());
        }
        let plan =
            implement::proposal_plan(proposal, &session.repository.default_branch, &session.repo, session.config());
        self.result.title = Some(proposal.title());
        self.result.files = proposal.edits.files.iter().map(|file| file.path.to_string()).collect();
        self.result.checks.clone_from(&proposal.checks);
        let handled = self.submit(plan).await?.into_result()?;
        let opened = handled.applied.effect("pr.open").cloned().unwrap_or_default();
        self.result.head = handled.applied.effect("branch.commit").and_then(|effect| effect.sha.clone());
        self.result.pull_url = opened.url;
        let Some(number) = opened.number.map(PullNumber) else {
            let waits = if handled.held.is_empty() { "is planned" } else { "waits for a human, by the policy" };
            self.end("planned", format!("the pull request for issue #{} {waits}", picked.issue.number));
            return Ok(());
        };
        self.result.pull = Some(number);
        self.console.say(&format!("opened pull request #{number}"));
        self.end("proposed", format!("issue #{} is proposed in pull request #{number}", picked.issue.number));
        if session.identity.token == TokenKind::Workflow {
            // Nothing else starts: pull requests made with this token run no workflows.
            self.dispatch(&picked.branch).await?;
            let reviewed = review::one(session, self.desk, gateway, number, self.console).await?;
            self.result.review = Some(reviewed);
            self.result.usage = gateway.usage();
        }
        Ok(())
    }

    async fn dispatch(&mut self, branch: &BranchName) -> Result<(), Failure> {
        let session = self.session;
        let workflows = &session.config().merge.dispatch;
        if workflows.is_empty() {
            return Ok(());
        }
        let mut plan =
            Plan::new(&session.repo, "run", "start the checks of our branch", &session.config().policy_digest);
        plan.actions = workflows
            .iter()
            .map(|workflow| Action::DispatchWorkflow { workflow: workflow.clone(), branch: branch.clone() })
            .collect();
        let handled = self.submit(plan).await?;
        // Checks that could not be started keep the merge waiting; the pull request stands all the same.
        if let Some(failure) = handled.failed() {
            self.console.say(&format!("the checks were not started: {}", failure.message));
        }
        Ok(())
    }

    /// Something outside the issue failed: the branch is given back, so that the next run can try again.
    async fn release(&mut self, picked: &Picked, interrupted: &Interrupted) -> Result<(), Failure> {
        let failure = failures::interrupted(&interrupted.cause);
        let session = self.session;
        let plan = implement::release_plan(
            picked,
            &session.base.sha,
            &failure.message,
            interrupted.spend.as_ref(),
            &session.repo,
            session.config(),
        );
        self.submit(plan).await?.into_result()?;
        Err(failure)
    }

    async fn submit(&mut self, plan: Plan) -> Result<Handled, Failure> {
        let handled = self.desk.submit(plan).await?;
        self.result.held.extend(handled.held.iter().cloned());
        Ok(handled)
    }

    fn end(&mut self, decision: &'static str, reason: String) {
        self.result.decision = decision;
        self.result.reason = reason;
    }
}

/// The exit code for a run's decision.
pub(super) fn exit(result: &RunResult) -> Exit {
    match result.decision {
        "gave-up" => Exit::Stopped,
        _ => Exit::Done,
    }
}

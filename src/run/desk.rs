//! The desk: hands each plan to the guard and to the back door, and keeps what came of it.

use std::path::Path;

use std::time::Duration;

use crate::apply::{self, Applied, ApplyError, BackDoor, Stopped};
use crate::config::Config;
use crate::domain::ids::RepoName;
use crate::domain::secret::Redactor;
use crate::ledger::{Ledger, LedgerError, Signature};
use crate::outcome::{Exit, Failure};
use crate::plan::Plan;
use crate::plan::guard::{self, GuardContext, GuardedPlan, Held};
use crate::plan::memory::Memory;
use crate::ports::clock::Clock;
use crate::ports::forge::{ForgeRead, ForgeWrite};
use crate::ports::ledger_store::LedgerStore;

/// Where plans go: performed one after another, and kept for `--dry-run` and `--plan-out`.
pub(super) struct Desk<'a> {
    pub(super) read: &'a dyn ForgeRead,
    pub(super) write: &'a dyn ForgeWrite,
    pub(super) store: &'a dyn LedgerStore,
    pub(super) clock: &'a dyn Clock,
    pub(super) signature: Signature,
    pub(super) repo: &'a RepoName,
    pub(super) private: bool,
    pub(super) config: &'a Config,
    pub(super) redactor: &'a Redactor,
    /// When to look after a write whose outcome is unknown.
    pub(super) looks: &'static [Duration],
    pub(super) ledger: Ledger,
    /// Every plan that was handed in, in order.
    pub(super) plans: Vec<Plan>,
}

/// What came of one plan.
#[derive(Debug)]
pub(super) struct Handled {
    pub(super) applied: Applied,
    pub(super) held: Vec<Held>,
}

impl Handled {
    /// Whether somebody else was first.
    pub(super) fn lost_race(&self) -> Option<&str> {
        match &self.applied.stopped {
            Some((_, Stopped::LostRace(reason))) => Some(reason),
            _ => None,
        }
    }

    /// This, unless an action could not be performed.
    pub(super) fn into_result(self) -> Result<Self, Failure> {
        match self.failed() {
            Some(failure) => Err(failure),
            None => Ok(self),
        }
    }

    /// An action that could not be performed, as a failure for people; a lost race is one too.
    pub(super) fn failed(&self) -> Option<Failure> {
        let (_, stopped) = self.applied.stopped.as_ref()?;
        let hint = match stopped {
            Stopped::LostRace(_) => "the state has moved meanwhile; the next run decides anew",
            Stopped::Unknown(_) => "the next run looks whether it happened before doing anything",
            // Whether it failed in looking or in doing, what helps depends on the error alone.
            Stopped::Unavailable(error) | Stopped::Refused(error) => return Some(super::failures::forge(error)),
        };
        Some(Failure::new(Exit::Unavailable, stopped.to_string(), hint))
    }
}

impl<'a> Desk<'a> {
    pub(super) fn memory(&self) -> Memory {
        self.ledger.memory(self.clock.now())
    }

    /// Judges and performs the plan. A plan that breaks a limit is not begun.
    pub(super) async fn submit(&mut self, plan: Plan) -> Result<Handled, Failure> {
        self.plans.push(plan.clone());
        let memory = self.memory();
        let guarded = guard::guard(
            plan,
            &GuardContext {
                repo: self.repo,
                config: self.config,
                private_repository: self.private,
                redactor: self.redactor,
                memory: &memory,
            },
        );
        if let Some(failure) = refusal(&guarded) {
            return Err(failure);
        }
        let held = super::disclosure::printable_held(guarded.held(), self.private);
        let door = self.door();
        let applied = apply::apply(&guarded, &mut self.ledger, &door).await.map_err(|error| failure(&error))?;
        Ok(Handled { applied, held })
    }

    /// Takes note of what a run that died had done, so that decisions rest on it.
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
        let door = self.door();
        apply::settle(&mut self.ledger, &door).await.map_err(|error| failure(&error))
    }

    fn door(&self) -> BackDoor<'a> {
        BackDoor {
            read: self.read,
            write: self.write,
            store: self.store,
            clock: self.clock,
            signature: self.signature.clone(),
            looks: self.looks,
        }
    }

    /// All plans as one, for the second job of a split workflow.
    pub(super) fn combined(&self, job: &str, summary: &str) -> Plan {
        let mut plan = Plan::new(self.repo, job, summary, &self.config.policy_digest);
        plan.actions = self.plans.iter().flat_map(|plan| plan.actions.iter().cloned()).collect();
        plan
    }
}

fn refusal(guarded: &GuardedPlan) -> Option<Failure> {
    let refused = guarded.refused();
    if refused.is_empty() {
        return None;
    }
    let list: Vec<String> = refused
        .iter()
        .map(|refused| {
            format!("{} ({}): wanted {}, saw {}", refused.gate, refused.action, refused.expected, refused.actual)
        })
        .collect();
    Some(Failure::new(
        Exit::Stopped,
        format!("the guard refused the plan: {}", list.join("; ")),
        "nothing was changed; the limits stand in the configuration reference",
    ))
}

pub(super) fn failure(error: &ApplyError) -> Failure {
    match error {
        ApplyError::AnotherRun => Failure::new(Exit::Unavailable, error.to_string(), "the next run goes on from there"),
        ApplyError::Ledger(error) => ledger_failure(error),
    }
}

pub(super) fn ledger_failure(error: &LedgerError) -> Failure {
    match error {
        LedgerError::Damaged(damage) => Failure::new(
            Exit::Stopped,
            damage.to_string(),
            "nothing is done on a damaged ledger; compare the branch autonomy/ledger with its history and restore it",
        ),
        LedgerError::Forge(error) => super::failures::forge(error),
        LedgerError::Spelling(_) => {
            Failure::new(Exit::Unexpected, error.to_string(), "this is a bug; please report it")
        }
    }
}

/// The path that `--plan-out` names.
pub(super) fn save(plan: &Plan, path: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).map_err(|error| {
        Failure::new(Exit::Unexpected, format!("the plan could not be written as JSON: {error}"), "")
    })?;
    super::files::write_whole(path, &(text + "\n"))
}

//! The guard: limits first, then the policy. Only it can make a [`GuardedPlan`], a [`GuardedAction`] and a [`MergeAllowed`].

use serde::Serialize;

use super::action::{Action, Target};
use super::limits::{self, Refused};
use super::policy::{self, Ruling};
use super::verdict::{GateState, Verdict};
use super::{Plan, memory::Memory};
use crate::config::{Config, Mode};
use crate::domain::ids::{BranchName, CommitSha, Digest, PullNumber, RepoName};
use crate::domain::secret::Redactor;

/// What the guard needs to know besides the plan.
#[derive(Debug, Clone, Copy)]
pub struct GuardContext<'a> {
    pub repo: &'a RepoName,
    pub config: &'a Config,
    pub private_repository: bool,
    pub redactor: &'a Redactor,
    pub memory: &'a Memory,
}

/// A plan that may be performed, with what was held back and why.
#[derive(Debug, Clone, Serialize)]
pub struct GuardedPlan {
    plan: Plan,
    #[serde(skip)]
    actions: Vec<GuardedAction>,
    held: Vec<Held>,
    refused: Vec<Refused>,
}

impl GuardedPlan {
    /// The actions that may be performed, in order.
    pub fn actions(&self) -> &[GuardedAction] {
        &self.actions
    }

    /// Actions that wait for a human.
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// Limits that were broken. When there is one, no action may be performed.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// An action that the guard let through.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardedAction {
    action: Action,
    permit: Option<MergeAllowed>,
}

impl GuardedAction {
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The permission to merge; present on [`Action::MergePull`] only.
    pub fn permit(&self) -> Option<&MergeAllowed> {
        self.permit.as_ref()
    }
}

/// Permission to merge one pull request at one head, made from a verdict in which every gate passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeAllowed {
    pull: PullNumber,
    head: CommitSha,
    base: CommitSha,
}

impl MergeAllowed {
    pub fn pull(&self) -> PullNumber {
        self.pull
    }

    pub fn head(&self) -> &CommitSha {
        &self.head
    }

    /// The tip of the base branch that was judged.
    pub fn base(&self) -> &CommitSha {
        &self.base
    }
}

/// An action that waits for a human, or for one that does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Held {
    pub action: Action,
    pub reason: HeldReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    Policy(Ruling),
    /// It makes no sense without an action before it that is held.
    DependsOn(String),
}

/// Judges the plan. Nothing of a plan that breaks a limit is performed.
pub fn guard(plan: Plan, context: &GuardContext<'_>) -> GuardedPlan {
    let mut refused = plan_limits(&plan, context);
    let mut actions = Vec::new();
    let mut held: Vec<Held> = Vec::new();
    for action in &plan.actions {
        refused.extend(limits::check(action, context.config, context.redactor));
        let permit = match action {
            Action::MergePull { verdict, .. } => match allow_merge(verdict, &context.config.policy_digest) {
                Ok(permit) => Some(permit),
                Err(refusal) => {
                    refused.push(refusal);
                    None
                }
            },
            _ => None,
        };
        let ruling = policy::rule(action.name(), &context.config.actions, context.private_repository);
        if let Some(before) = held.iter().find(|before| depends(action, &before.action)) {
            let reason = HeldReason::DependsOn(before.action.key());
            held.push(Held { action: action.clone(), reason });
        } else if ruling.mode == Mode::Auto {
            actions.push(GuardedAction { action: action.clone(), permit });
        } else {
            held.push(Held { action: action.clone(), reason: HeldReason::Policy(ruling) });
        }
    }
    if !refused.is_empty() {
        actions.clear();
    }
    GuardedPlan { plan, actions, held, refused }
}

fn plan_limits(plan: &Plan, context: &GuardContext<'_>) -> Vec<Refused> {
    let mut refused = Vec::new();
    let mut refuse = |gate, expected: String, actual: String| {
        refused.push(Refused { action: format!("plan:{}", plan.job), gate, expected, actual });
    };
    if plan.version != Plan::VERSION {
        refuse("plan-version", Plan::VERSION.to_string(), plan.version.to_string());
    }
    if &plan.repo != context.repo {
        refuse("repository", context.repo.to_string(), plan.repo.to_string());
    }
    if plan.policy != context.config.policy_digest {
        refuse(
            "policy",
            format!("a plan made under the policy in force ({})", context.config.policy_digest.short()),
            format!("one made under {}; make it anew", plan.policy.short()),
        );
    }
    refused
}

fn allow_merge(verdict: &Verdict, policy: &Digest) -> Result<MergeAllowed, Refused> {
    let refuse = |gate, expected: &str, actual: String| {
        Err(Refused { action: format!("merge:{}", verdict.pull), gate, expected: expected.to_owned(), actual })
    };
    if &verdict.policy != policy {
        return refuse("policy", "a verdict under the policy in force", verdict.policy.short().to_owned());
    }
    if verdict.state() != GateState::Passed {
        let failed: Vec<&str> = verdict.failed().map(|gate| gate.name.as_str()).collect();
        return refuse("verdict", "every gate passed", format!("not passed: {}", failed.join(", ")));
    }
    Ok(MergeAllowed { pull: verdict.pull, head: verdict.head.clone(), base: verdict.base.clone() })
}

/// Whether `later` makes no sense without `earlier`.
fn depends(later: &Action, earlier: &Action) -> bool {
    if matches!((later, earlier), (Action::DispatchWorkflow { .. }, Action::MergePull { .. })) {
        return true;
    }
    let Some(needed) = made_on(earlier) else { return false };
    match later {
        Action::CommitFiles { branch, .. }
        | Action::OpenPull { branch, .. }
        | Action::DispatchWorkflow { branch, .. }
        | Action::UpsertComment { target: Target::PullOf(branch), .. }
        | Action::EditLabels { target: Target::PullOf(branch), .. } => branch == needed,
        _ => false,
    }
}

/// The branch whose work the action makes or carries on.
fn made_on(action: &Action) -> Option<&BranchName> {
    match action {
        Action::ClaimBranch { branch, .. } | Action::CommitFiles { branch, .. } | Action::OpenPull { branch, .. } => {
            Some(branch)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ActionRule, MergeMethod, Risk};
    use crate::domain::change::{ChangeSet, FileChange, FileContent};
    use crate::domain::ids::IssueNumber;
    use crate::plan::verdict::Gate;

    fn sha(digit: char) -> CommitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn repo() -> RepoName {
        "acme/web".parse().unwrap()
    }

    fn branch() -> BranchName {
        "automated/7-add-login".parse().unwrap()
    }

    fn judge(config: &Config, actions: Vec<Action>) -> GuardedPlan {
        let mut plan = Plan::new(&repo(), "test", "a test", &config.policy_digest);
        plan.actions = actions;
        judge_plan(config, plan)
    }

    fn judge_plan(config: &Config, plan: Plan) -> GuardedPlan {
        let redactor = Redactor::new(["hunter2-hunter2".to_owned()]);
        let memory = Memory::default();
        let repo = repo();
        let context =
            GuardContext { repo: &repo, config, private_repository: true, redactor: &redactor, memory: &memory };
        guard(plan, &context)
    }

    fn claim() -> Action {
        Action::ClaimBranch { branch: branch(), base: sha('a'), issue: IssueNumber(7) }
    }

    fn commit(path: &str, text: &str) -> Action {
        let after = Some(FileContent { bytes: text.as_bytes().to_vec(), executable: false });
        let files = vec![FileChange { path: path.parse().unwrap(), before: None, after }];
        let message = "feat: add login\n\nFixes #7".to_owned();
        Action::CommitFiles { branch: branch(), expected_head: sha('a'), message, changes: ChangeSet { files } }
    }

    fn open(body: &str) -> Action {
        Action::OpenPull {
            branch: branch(),
            base: "main".parse().unwrap(),
            title: "feat: add login".into(),
            body: body.into(),
            draft: false,
            labels: vec!["automated".into()],
            issue: IssueNumber(7),
        }
    }

    fn merge(config: &Config, state: GateState) -> Action {
        let gate = Gate {
            name: "head".into(),
            state,
            expected: "the reviewed head".into(),
            actual: "it".into(),
            hint: String::new(),
        };
        let verdict = Verdict {
            pull: PullNumber(9),
            head: sha('a'),
            base: sha('b'),
            policy: config.policy_digest.clone(),
            gates: vec![gate],
        };
        Action::MergePull { verdict, method: MergeMethod::Squash, title: "t".into(), message: "m".into() }
    }

    fn auto_merge() -> Config {
        let mut config = Config::defaults();
        config.actions = vec![ActionRule { pattern: "pr.merge".into(), risk: Risk::High, mode: Mode::Auto }];
        config
    }

    #[test]
    fn an_ordinary_proposal_passes_whole() {
        let config = Config::defaults();
        let guarded = judge(&config, vec![claim(), commit("src/login.rs", "x\n"), open("Fixes #7")]);
        assert_eq!(guarded.refused(), []);
        assert_eq!(guarded.actions().len(), 3);
    }

    #[test]
    fn one_broken_limit_voids_the_whole_plan() {
        let config = Config::defaults();
        for (gate, bad) in [
            ("protected-path", commit(".github/workflows/ci.yml", "on: push\n")),
            ("secret", commit("src/key.rs", "let key = \"hunter2-hunter2\";\n")),
            ("closing-keyword", open("Fixes #7 and closes #8")),
            ("length", open(&"x".repeat(limits::MAX_BODY + 1))),
            (
                "label",
                Action::EditLabels {
                    target: Target::Issue(IssueNumber(7)),
                    add: vec!["Roadmap".into()],
                    remove: Vec::new(),
                },
            ),
            (
                "branch",
                Action::DeleteBranch { branch: "main".parse().unwrap(), expected_head: sha('a'), reason: "r".into() },
            ),
            ("workflow", Action::DispatchWorkflow { workflow: "../../x.yml".into(), branch: branch() }),
        ] {
            let guarded = judge(&config, vec![claim(), bad]);
            let gates: Vec<&str> = guarded.refused().iter().map(|refused| refused.gate).collect();
            assert_eq!(gates, [gate]);
            assert!(guarded.actions().is_empty(), "{gate}");
        }
    }

    #[test]
    fn what_depends_on_a_held_action_is_held_too() {
        let mut config = Config::defaults();
        config.actions =
            vec![ActionRule { pattern: "branch.commit".into(), risk: Risk::High, mode: Mode::RequireApproval }];
        let guarded = judge(&config, vec![claim(), commit("src/login.rs", "x\n"), open("Fixes #7")]);
        assert_eq!(guarded.actions().len(), 1);
        assert_eq!(guarded.held().len(), 2);
        assert!(matches!(guarded.held()[1].reason, HeldReason::DependsOn(_)));
    }

    #[test]
    fn merging_needs_a_verdict_in_which_every_gate_passed() {
        let config = auto_merge();
        for state in [GateState::Waiting, GateState::NeedsHuman, GateState::Blocked] {
            let guarded = judge(&config, vec![merge(&config, state)]);
            assert_eq!(guarded.refused()[0].gate, "verdict");
            assert!(guarded.actions().is_empty());
        }
        let guarded = judge(&config, vec![merge(&config, GateState::Passed)]);
        assert_eq!(guarded.actions()[0].permit().unwrap().head(), &sha('a'));
    }

    #[test]
    fn merging_waits_for_a_human_by_default() {
        let config = Config::defaults();
        let guarded = judge(&config, vec![merge(&config, GateState::Passed)]);
        assert!(guarded.actions().is_empty());
        assert_eq!(guarded.held().len(), 1);
    }

    #[test]
    fn a_plan_for_another_repository_or_policy_is_refused() {
        let config = Config::defaults();
        let mut plan = Plan::new(&"acme/other".parse().unwrap(), "test", "", &Digest::of("old"));
        plan.actions = vec![claim()];
        let guarded = judge_plan(&config, plan);
        let gates: Vec<&str> = guarded.refused().iter().map(|refused| refused.gate).collect();
        assert_eq!(gates, ["repository", "policy"]);
        assert!(guarded.actions().is_empty());
    }
}

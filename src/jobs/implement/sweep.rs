//! What earlier runs left behind: claimed branches without a pull request. Gathered, then decided as a pure function.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::pick::is_own;
use super::texts;
use crate::config::Config;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber};
use crate::domain::issue::Issue;
use crate::domain::pull::{Commit, Pull};
use crate::domain::user::Identity;
use crate::plan::Action;
use crate::plan::memory::{Claim, Memory};
use crate::ports::forge::{Branch, ForgeError, ForgeRead};

/// A run that cannot be asked about counts as alive this long; GitHub ends jobs after six hours.
const LEASE: TimeDelta = TimeDelta::hours(6);

/// What is done about the leftovers, and what was found, one line a branch.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Swept {
    pub actions: Vec<Action>,
    pub found: Vec<Found>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    pub branch: BranchName,
    pub what: String,
}

/// What is known of one branch.
#[derive(Debug, Clone, PartialEq)]
struct Leftover {
    branch: Branch,
    /// Pull requests of ours with this head, in any state.
    pulls: Vec<Pull>,
    /// The latest claim; `None` when the ledger knows of none.
    claim: Option<Claim>,
    run: RunState,
    /// Commits since the claim's base; empty while the branch is still there.
    commits: Vec<Commit>,
    /// Every commit since the base is one that we pushed, and all of them were read.
    all_ours: bool,
    issue: Option<Issue>,
}

/// Whether the run that claimed a branch still works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunState {
    /// Our own run or an earlier attempt of it, or a run that is over.
    Over,
    Alive,
    /// The run cannot be read.
    Unknown,
}

/// Reads what is known of every branch under `automated/`. `run` is the id of our own workflow run.
pub async fn sweep(
    forge: &dyn ForgeRead,
    memory: &Memory,
    config: &Config,
    identity: &Identity,
    base: &BranchName,
    run: Option<u64>,
    now: DateTime<Utc>,
) -> Result<Swept, ForgeError> {
    let mut swept = Swept::default();
    for branch in forge.branches("automated/").await? {
        let leftover = gather(forge, memory, identity, branch, run).await?;
        let (what, action) = decide(&leftover, config, base, now);
        swept.found.push(Found { branch: leftover.branch.name, what });
        swept.actions.extend(action);
    }
    Ok(swept)
}

async fn gather(
    forge: &dyn ForgeRead,
    memory: &Memory,
    identity: &Identity,
    branch: Branch,
    run: Option<u64>,
) -> Result<Leftover, ForgeError> {
    let mut pulls = forge.pulls_of_branch(&branch.name).await?;
    pulls.retain(|pull| is_own(pull, identity));
    let claim = memory.claims.iter().rev().find(|claim| claim.branch == branch.name).cloned();
    let mut leftover =
        Leftover { branch, pulls, claim, run: RunState::Over, commits: Vec::new(), all_ours: false, issue: None };
    let Some(claim) = leftover.claim.clone().filter(|_| leftover.pulls.is_empty()) else { return Ok(leftover) };
    leftover.run = run_state(forge, claim.run, run).await?;
    if leftover.branch.sha != claim.base {
        let comparison = forge.compare(&claim.base, &leftover.branch.sha).await?;
        let pushed = |commit: &Commit| memory.pushes.iter().any(|push| push.sha == commit.sha);
        leftover.all_ours = comparison.commits.complete
            && comparison.commits.items.len() as u64 == comparison.ahead_by
            && comparison.commits.items.iter().all(pushed);
        leftover.commits = comparison.commits.items;
    }
    leftover.issue = match forge.issue(claim.issue).await {
        Ok(issue) => Some(issue),
        Err(ForgeError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(leftover)
}

async fn run_state(forge: &dyn ForgeRead, claimed_by: Option<u64>, own: Option<u64>) -> Result<RunState, ForgeError> {
    let Some(id) = claimed_by.filter(|id| Some(*id) != own) else {
        // Claimed on a laptop: seen from a workflow nobody knows, seen from a laptop it is the run that ended before.
        return Ok(if claimed_by == own { RunState::Over } else { RunState::Unknown });
    };
    match forge.workflow_run(id).await {
        Ok(Some(run)) if !run.completed => Ok(RunState::Alive),
        Ok(_) => Ok(RunState::Over),
        Err(ForgeError::Denied { .. }) => Ok(RunState::Unknown),
        Err(error) => Err(error),
    }
}

/// One sentence about the branch, and what is done about it.
fn decide(leftover: &Leftover, config: &Config, base: &BranchName, now: DateTime<Utc>) -> (String, Option<Action>) {
    let branch = &leftover.branch;
    if let Some(pull) = leftover.pulls.iter().find(|pull| pull.open) {
        return (format!("pull request #{} is open", pull.number), None);
    }
    if let Some(pull) = leftover.pulls.iter().max_by_key(|pull| pull.number) {
        let how = if pull.merged { "was merged" } else { "was closed by a person" };
        return (format!("left alone: pull request #{} {how}", pull.number), None);
    }
    let Some(claim) = &leftover.claim else {
        return ("left alone: the ledger knows no claim of ours for it".into(), None);
    };
    match leftover.run {
        RunState::Alive => return ("left alone: another run is working on it".into(), None),
        RunState::Unknown if now - claim.at < LEASE => {
            return ("left alone: the run that claimed it cannot be asked and may still work".into(), None);
        }
        RunState::Over | RunState::Unknown => {}
    }
    let delete = |reason: String| {
        let action = Action::DeleteBranch {
            branch: branch.name.clone(),
            expected_head: branch.sha.clone(),
            reason: reason.clone(),
        };
        (format!("deleted: {reason}"), Some(action))
    };
    if branch.sha == claim.base || (leftover.commits.is_empty() && leftover.all_ours) {
        return delete(format!("the run that claimed it for #{} ended before it committed anything", claim.issue));
    }
    if !leftover.all_ours {
        return ("left alone: it holds commits that we did not make".into(), None);
    }
    match &leftover.issue {
        Some(issue) if issue.open => {
            let action = resume(branch, base, issue, leftover.commits.last(), config);
            (
                format!(
                    "resumed: the run that claimed it for #{} ended before it opened the pull request",
                    claim.issue
                ),
                Some(action),
            )
        }
        _ => delete(format!("issue #{} is no longer open", claim.issue)),
    }
}

/// The pull request that the earlier run did not come to open. Its cost and check results died with that run, so it is a draft.
fn resume(branch: &Branch, base: &BranchName, issue: &Issue, last: Option<&Commit>, config: &Config) -> Action {
    let message = last.map(|commit| commit.message.as_str()).unwrap_or_default();
    Action::OpenPull {
        branch: branch.name.clone(),
        base: base.clone(),
        title: texts::title(issue),
        body: resumed_body(issue.number, &branch.sha, message, &config.labels.hold),
        draft: true,
        labels: vec![config.labels.automated.clone()],
        issue: issue.number,
    }
}

fn resumed_body(issue: IssueNumber, head: &CommitSha, message: &str, hold: &str) -> String {
    let detail = message.split_once('\n').map(|(_, body)| body).unwrap_or_default();
    let detail: String = detail.lines().filter(|line| !line.starts_with("Fixes #")).collect::<Vec<_>>().join("\n");
    let detail = if detail.trim().is_empty() { "It left no description." } else { detail.trim() };
    format!(
        "Fixes #{issue}\n\n\
         An earlier run committed this change ({}) and ended before it opened the pull request. Its check results and its cost \
         are not known any more, so this is a draft: let the checks run, then mark it ready.\n\n\
         What the commit says:\n\n{}\n\n\
         {}\n",
        head.short(),
        texts::quote(detail),
        texts::how_to_stop(issue, hold),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FakeForge, at, branch, issue, pull, sha, us};
    use super::*;
    use crate::domain::check::WorkflowRun;
    use crate::plan::memory::Push;

    fn claim(run: Option<u64>) -> Claim {
        Claim { branch: branch("automated/2-x"), issue: IssueNumber(2), base: sha('a'), run, at: at(10) }
    }

    fn forge(tip: char) -> FakeForge {
        FakeForge {
            issues: vec![issue(2, "Add x", "please")],
            branches: vec![Branch { name: branch("automated/2-x"), sha: sha(tip) }],
            ..FakeForge::default()
        }
    }

    fn committed(tip: char) -> FakeForge {
        let commit = Commit {
            sha: sha(tip),
            tree: "t".into(),
            parents: vec![sha('a')],
            message: "feat: Add x\n\nAdds x to @all.\n\nFixes #2".into(),
            author: None,
            committed_at: at(12),
        };
        FakeForge { commits: vec![commit], ahead: vec![(sha(tip), vec![sha(tip)])], ..forge(tip) }
    }

    fn memory(run: Option<u64>, pushed: Option<char>) -> Memory {
        let push = |tip| Push { branch: branch("automated/2-x"), sha: sha(tip), at: at(12) };
        Memory { claims: vec![claim(run)], pushes: pushed.map(push).into_iter().collect(), ..Memory::default() }
    }

    async fn run(forge: &FakeForge, memory: &Memory, own: Option<u64>, now: i64) -> Swept {
        sweep(forge, memory, &Config::defaults(), &us(), &branch("main"), own, at(now)).await.unwrap()
    }

    fn deletes(swept: &Swept) -> bool {
        matches!(swept.actions.as_slice(), [Action::DeleteBranch { .. }])
    }

    #[tokio::test]
    async fn an_untouched_claim_of_a_dead_run_is_deleted_with_a_reason() {
        for (claimed_by, own) in [(None, None), (Some(7), Some(7)), (Some(6), Some(7))] {
            let swept = run(&forge('a'), &memory(claimed_by, None), own, 20).await;
            let expected = Action::DeleteBranch {
                branch: branch("automated/2-x"),
                expected_head: sha('a'),
                reason: "the run that claimed it for #2 ended before it committed anything".into(),
            };
            assert_eq!(swept.actions, [expected]);
        }
    }

    #[tokio::test]
    async fn a_live_or_unknown_run_is_left_alone() {
        let alive = WorkflowRun {
            id: 6,
            path: ".github/workflows/autonomy.yml".into(),
            event: "schedule".into(),
            head_sha: sha('a'),
            attempt: 1,
            completed: false,
            conclusion: None,
            suite_id: None,
        };
        let with_run = FakeForge { runs: vec![alive], ..forge('a') };
        assert!(run(&with_run, &memory(Some(6), None), Some(7), 20).await.actions.is_empty());
        let unreadable = FakeForge { broken: vec!["workflow_run"], ..forge('a') };
        assert!(run(&unreadable, &memory(Some(6), None), Some(7), 20).await.actions.is_empty());
        assert!(deletes(&run(&unreadable, &memory(Some(6), None), Some(7), 10 + 6 * 60).await));
        assert!(run(&forge('a'), &memory(None, None), Some(7), 20).await.actions.is_empty());
    }

    #[tokio::test]
    async fn our_commit_without_a_pull_request_is_resumed_as_a_draft() {
        let swept = run(&committed('c'), &memory(None, Some('c')), None, 20).await;
        let [Action::OpenPull { title, body, draft: true, labels, .. }] = swept.actions.as_slice() else {
            panic!("{:?}", swept.actions)
        };
        assert_eq!((title.as_str(), labels.as_slice()), ("feat: Add x", ["automated".to_owned()].as_slice()));
        assert_eq!(
            body,
            "Fixes #2

An earlier run committed this change (cccccccccc) and ended before it opened the pull request. Its check results and its \
cost are not known any more, so this is a draft: let the checks run, then mark it ready.

What the commit says:

> Adds x to @\u{200b}all.

**To stop it:** put the label `autonomy:hold` on this pull request, or close it. A closed pull request is not opened again \
unless somebody approves #2 anew.
"
        );
    }

    #[tokio::test]
    async fn foreign_commits_are_never_touched() {
        let swept = run(&committed('c'), &memory(None, None), None, 20).await;
        assert!(swept.actions.is_empty());
        assert_eq!(swept.found[0].what, "left alone: it holds commits that we did not make");
    }

    #[tokio::test]
    async fn our_commit_for_a_closed_issue_is_deleted() {
        let mut forge = committed('c');
        forge.issues[0].open = false;
        assert!(deletes(&run(&forge, &memory(None, Some('c')), None, 20).await));
    }

    #[tokio::test]
    async fn branches_with_pull_requests_or_without_a_claim_are_left() {
        let mut closed = pull(9, "automated/2-x");
        closed.open = false;
        let found = run(&FakeForge { pulls: vec![closed], ..forge('a') }, &memory(None, None), None, 20).await;
        assert_eq!(
            (found.actions.len(), found.found[0].what.as_str()),
            (0, "left alone: pull request #9 was closed by a person")
        );
        let open = FakeForge { pulls: vec![pull(9, "automated/2-x")], ..forge('a') };
        assert!(run(&open, &memory(None, None), None, 20).await.actions.is_empty());
        assert!(run(&forge('a'), &Memory::default(), None, 20).await.actions.is_empty());
    }

    #[tokio::test]
    async fn a_failing_read_stops_the_sweep() {
        for what in ["branches", "pulls_of_branch", "compare", "issue"] {
            let forge = FakeForge { broken: vec![what], ..committed('c') };
            let config = Config::defaults();
            let swept = sweep(&forge, &memory(None, Some('c')), &config, &us(), &branch("main"), None, at(20)).await;
            assert!(swept.is_err(), "{what}");
        }
    }
}

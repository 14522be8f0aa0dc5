//! Which issue is implemented next, and why not another: the backlog's order, then the approval of each candidate in turn.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::approval::{self, Approval};
use crate::backlog::{self, Candidate, Ranking};
use crate::config::Config;
use crate::domain::ids::{BranchName, Digest, IssueNumber};
use crate::domain::issue::Issue;
use crate::domain::pull::Pull;
use crate::domain::user::Identity;
use crate::plan::memory::Memory;
use crate::ports::forge::{Branch, ForgeError, ForgeRead, StateFilter};

/// The chosen issue, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    Picked(Box<Picked>),
    Nothing(Nothing),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picked {
    pub issue: Issue,
    pub candidate: Candidate,
    pub branch: BranchName,
    /// Digest of the title and body that were approved; see [`Issue::spec_digest`].
    pub spec: Digest,
    /// Login.
    pub approved_by: String,
    pub approved_at: DateTime<Utc>,
    pub ranking: Ranking,
    /// Candidates before it that could not be taken.
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nothing {
    /// One sentence.
    pub reason: String,
    pub ranking: Ranking,
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skipped {
    pub number: IssueNumber,
    /// Untrusted.
    pub title: String,
    pub why: SkipReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It was approved and has changed since: it goes back to the product owner.
    ApprovalVoid(String),
    NotApproved(String),
    /// A pull request for it was closed or merged, and nobody has approved it anew since.
    DoneBefore(String),
}

impl SkipReason {
    pub fn text(&self) -> &str {
        match self {
            Self::ApprovalVoid(text) | Self::NotApproved(text) | Self::DoneBefore(text) => text,
        }
    }
}

/// Reads, orders and verifies. A read that fails is an error: nothing is picked on half the facts.
pub async fn pick(
    forge: &dyn ForgeRead,
    memory: &Memory,
    config: &Config,
    identity: &Identity,
    now: DateTime<Utc>,
    wanted: Option<IssueNumber>,
) -> Result<Pick, ForgeError> {
    // All of them: milestones of other issues say which sprint is the current one.
    let issues = forge.issues(StateFilter::Open, None).await?;
    let pulls = forge.pulls(StateFilter::Open).await?;
    let branches = forge.branches("automated/").await?;
    let own: Vec<&Pull> = pulls.iter().filter(|pull| is_own(pull, identity)).collect();
    let live = live_work(&own, &branches, memory);
    let facts = backlog::Facts::new(&config.labels, &issues, live, now);
    let mut ranking = backlog::order(&issues, &facts, &config.backlog.weights, now);
    if let Some(number) = wanted {
        ranking.candidates.retain(|candidate| candidate.number == number);
    }
    let nothing = |reason: String, ranking: Ranking, skipped: Vec<Skipped>| {
        Ok(Pick::Nothing(Nothing { reason, ranking, skipped }))
    };
    let most = config.backlog.max_open_pull_requests;
    if own.len() as u64 >= most {
        return nothing(too_many_open(own.len(), most), ranking, Vec::new());
    }
    let approved = issues.iter().filter(|issue| issue.has_label(&config.labels.roadmap)).count();
    let mut skipped = Vec::new();
    for candidate in &ranking.candidates {
        let Some(issue) = issues.iter().find(|issue| issue.number == candidate.number) else { continue };
        match consider(forge, memory, config, identity, issue).await? {
            Ok((by, at)) => {
                let picked = Picked {
                    branch: backlog::branch_name(issue),
                    spec: issue.spec_digest(),
                    issue: issue.clone(),
                    candidate: candidate.clone(),
                    approved_by: by,
                    approved_at: at,
                    ranking: ranking.clone(),
                    skipped,
                };
                return Ok(Pick::Picked(Box::new(picked)));
            }
            Err(why) => skipped.push(Skipped { number: issue.number, title: issue.title.clone(), why }),
        }
    }
    let reason = match wanted {
        Some(number) => wanted_reason(number, &ranking, &skipped),
        None => nothing_reason(&ranking, &skipped, approved),
    };
    nothing(reason, ranking, skipped)
}

/// Every open issue in order or with what keeps it out, for people who ask. Approvals are verified when picking.
pub async fn ranking(
    forge: &dyn ForgeRead,
    memory: &Memory,
    config: &Config,
    identity: &Identity,
    now: DateTime<Utc>,
) -> Result<Ranking, ForgeError> {
    let issues = forge.issues(StateFilter::Open, None).await?;
    let pulls = forge.pulls(StateFilter::Open).await?;
    let branches = forge.branches("automated/").await?;
    let own: Vec<&Pull> = pulls.iter().filter(|pull| is_own(pull, identity)).collect();
    let facts = backlog::Facts::new(&config.labels, &issues, live_work(&own, &branches, memory), now);
    Ok(backlog::order(&issues, &facts, &config.backlog.weights, now))
}

/// Why the approval no longer stands, asked again before anything is committed. `None`: it covers the text that was read.
pub async fn still_approved(
    forge: &dyn ForgeRead,
    picked: &Picked,
    config: &Config,
) -> Result<Option<String>, ForgeError> {
    approval_lapsed(forge, picked.issue.number, &picked.spec, config).await
}

/// Why no approval covers the text with this digest now, if so.
pub async fn approval_lapsed(
    forge: &dyn ForgeRead,
    issue: IssueNumber,
    spec: &Digest,
    config: &Config,
) -> Result<Option<String>, ForgeError> {
    let issue = forge.issue(issue).await?;
    if !issue.open {
        return Ok(Some("the issue was closed meanwhile".into()));
    }
    if issue.spec_digest() != *spec {
        return Ok(Some("the issue's text was changed meanwhile".into()));
    }
    let labels = &config.labels;
    if let Some(label) = [&labels.hold, &labels.needs_approval].into_iter().find(|label| issue.has_label(label)) {
        return Ok(Some(format!("the label {label} was put on meanwhile")));
    }
    if !issue.has_label(&labels.roadmap) {
        return Ok(Some(format!("the label {} was taken off meanwhile", labels.roadmap)));
    }
    Ok(match approval::verify(forge, &issue, &labels.roadmap).await? {
        Approval::Valid { .. } => None,
        Approval::Missing(reason) | Approval::Void(reason) => Some(reason),
    })
}

/// A pull request of ours: by our own account, from one of our branches in the same repository. A fork's branch of that
/// name is somebody else's.
pub(super) fn is_own(pull: &Pull, identity: &Identity) -> bool {
    pull.head.branch.is_automated()
        && pull.head.repo_id.is_some()
        && pull.head.repo_id == pull.base.repo_id
        && pull.author.as_ref().is_some_and(|author| author.id == identity.user.id)
}

/// The issue that a branch of ours is for, by its name.
pub(super) fn issue_of(branch: &BranchName) -> Option<IssueNumber> {
    let name = branch.as_str().strip_prefix("automated/")?;
    name.split('-').next()?.parse().ok().map(IssueNumber)
}

/// Issues with unfinished work: an open pull request of ours, or a branch that nobody has cleared away.
fn live_work(own: &[&Pull], branches: &[Branch], memory: &Memory) -> BTreeMap<IssueNumber, String> {
    let mut live = BTreeMap::new();
    for branch in branches {
        let claim = memory.claims.iter().rev().find(|claim| claim.branch == branch.name);
        let issue = claim.map(|claim| claim.issue).or_else(|| issue_of(&branch.name));
        if let Some(issue) = issue {
            live.insert(issue, format!("branch {}; delete it to start anew", branch.name));
        }
    }
    for pull in own {
        let opened = memory.pulls.iter().rev().find(|opened| opened.pull == pull.number);
        if let Some(issue) = opened.map(|opened| opened.issue).or_else(|| issue_of(&pull.head.branch)) {
            live.insert(issue, format!("pull request #{}", pull.number));
        }
    }
    live
}

/// Approver and time, or why the issue is passed over.
async fn consider(
    forge: &dyn ForgeRead,
    memory: &Memory,
    config: &Config,
    identity: &Identity,
    issue: &Issue,
) -> Result<Result<(String, DateTime<Utc>), SkipReason>, ForgeError> {
    let (by, at) = match approval::verify(forge, issue, &config.labels.roadmap).await? {
        Approval::Valid { by, at } => (by, at),
        Approval::Missing(reason) => return Ok(Err(SkipReason::NotApproved(reason))),
        Approval::Void(reason) => return Ok(Err(SkipReason::ApprovalVoid(reason))),
    };
    let mut before = forge.pulls_of_branch(&backlog::branch_name(issue)).await?;
    before.retain(|pull| is_own(pull, identity));
    // A renamed issue has another branch name; the ledger knows the old pull requests.
    for opened in memory.pulls.iter().filter(|opened| opened.issue == issue.number) {
        if before.iter().all(|pull| pull.number != opened.pull) {
            match forge.pull(opened.pull).await {
                Ok(pull) => before.push(pull),
                Err(ForgeError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    // A closed pull request's last change is at or after its closing, so an approval after it is a new one.
    let done = before.iter().filter(|pull| !pull.open && pull.updated_at >= at).max_by_key(|pull| pull.number);
    Ok(match done {
        Some(pull) => Err(SkipReason::DoneBefore(done_before(pull, &config.labels.roadmap))),
        None => Ok((by, at)),
    })
}

fn too_many_open(open: usize, most: u64) -> String {
    format!(
        "nothing to do: {open} automated pull requests are open and at most {most} may be (backlog.max_open_pull_requests)"
    )
}

fn done_before(pull: &Pull, label: &str) -> String {
    let what = if pull.merged { "was merged" } else { "was closed without merging" };
    format!(
        "pull request #{} for it {what}; take the label {label} off and put it on again to have it done anew",
        pull.number
    )
}

fn nothing_reason(ranking: &Ranking, skipped: &[Skipped], approved: usize) -> String {
    match (approved, skipped.len()) {
        (0, _) => "nothing to do: no open issue is approved".into(),
        (approved, 0) if ranking.candidates.is_empty() => {
            format!("nothing to do: no approved issue is free (of {approved})")
        }
        (_, skipped) => format!("nothing to do: no candidate could be taken (of {skipped})"),
    }
}

fn wanted_reason(number: IssueNumber, ranking: &Ranking, skipped: &[Skipped]) -> String {
    if let Some(skipped) = skipped.iter().find(|skipped| skipped.number == number) {
        return format!("nothing to do: #{number} was passed over: {}", skipped.why.text());
    }
    match ranking.excluded.iter().find(|excluded| excluded.number == number) {
        Some(excluded) => {
            let reasons: Vec<String> = excluded.reasons.iter().map(ToString::to_string).collect();
            format!("nothing to do: #{number} is not up for picking: {}", reasons.join("; "))
        }
        None => format!("nothing to do: #{number} is no open issue"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FakeForge, at, branch, event, issue, labelled, pull, sha, us};
    use super::*;
    use crate::domain::issue::EventKind;
    use crate::plan::memory::{Claim, OpenedPull};

    async fn run(forge: &FakeForge, memory: &Memory, wanted: Option<u64>) -> Pick {
        let config = Config::defaults();
        pick(forge, memory, &config, &us(), at(600), wanted.map(IssueNumber)).await.unwrap()
    }

    async fn picked(forge: &FakeForge) -> Picked {
        match run(forge, &Memory::default(), None).await {
            Pick::Picked(picked) => *picked,
            Pick::Nothing(nothing) => panic!("{}", nothing.reason),
        }
    }

    async fn reason(forge: &FakeForge, wanted: Option<u64>) -> String {
        match run(forge, &Memory::default(), wanted).await {
            Pick::Nothing(nothing) => nothing.reason,
            Pick::Picked(picked) => panic!("picked #{}", picked.issue.number),
        }
    }

    fn two() -> FakeForge {
        let mut urgent = issue(2, "Urgent", "now");
        urgent.labels.push("P0".into());
        FakeForge { issues: vec![issue(1, "Plain", "text"), urgent], ..FakeForge::default() }
    }

    #[tokio::test]
    async fn the_best_approved_issue_is_picked_with_its_score_and_approval() {
        let picked = picked(&two()).await;
        assert_eq!((picked.issue.number, picked.approved_by.as_str()), (IssueNumber(2), "alice"));
        assert_eq!(picked.branch, branch("automated/2-urgent"));
        assert_eq!(picked.spec, issue(2, "Urgent", "now").spec_digest());
        assert_eq!(picked.ranking.candidates.len(), 2);
        assert!(picked.skipped.is_empty());
    }

    #[tokio::test]
    async fn an_edited_issue_is_passed_over_with_its_reason() {
        let forge = FakeForge { edited: vec![(2, 6)], ..two() };
        let picked = picked(&forge).await;
        assert_eq!(picked.issue.number, IssueNumber(1));
        assert!(matches!(&picked.skipped[0].why, SkipReason::ApprovalVoid(why) if why.contains("body was edited")));
    }

    #[tokio::test]
    async fn a_label_by_somebody_without_write_permission_approves_nothing() {
        let mut forge = two();
        forge.events =
            vec![(1, vec![labelled("roadmap", "triager", 5)]), (2, vec![labelled("roadmap", "stranger", 5)])];
        assert_eq!(reason(&forge, None).await, "nothing to do: no candidate could be taken (of 2)");
        let why = "nothing to do: #1 was passed over: triager put the label on but may not approve: that needs write permission";
        assert_eq!(reason(&forge, Some(1)).await, why);
    }

    #[tokio::test]
    async fn open_work_keeps_an_issue_out() {
        let forge = FakeForge { pulls: vec![pull(9, "automated/2-urgent")], ..two() };
        assert_eq!(picked(&forge).await.issue.number, IssueNumber(1));
        let stray = Branch { name: branch("automated/2-other-title"), sha: sha('b') };
        assert_eq!(picked(&FakeForge { branches: vec![stray], ..two() }).await.issue.number, IssueNumber(1));
        assert_eq!(
            reason(&forge, Some(2)).await,
            "nothing to do: #2 is not up for picking: it is worked on: pull request #9"
        );
    }

    #[tokio::test]
    async fn a_claim_under_an_old_title_is_live_work_too() {
        let forge = FakeForge { branches: vec![Branch { name: branch("automated/x"), sha: sha('b') }], ..two() };
        let claim =
            Claim { branch: branch("automated/x"), issue: IssueNumber(2), base: sha('a'), run: None, at: at(1) };
        let memory = Memory { claims: vec![claim], ..Memory::default() };
        let Pick::Picked(picked) = run(&forge, &memory, None).await else { panic!("picked") };
        assert_eq!(picked.issue.number, IssueNumber(1));
    }

    #[tokio::test]
    async fn a_fork_s_pull_request_is_not_ours() {
        let mut fork = pull(9, "automated/2-urgent");
        fork.head.repo_id = Some(77);
        let mut stranger = pull(10, "automated/2-urgent");
        stranger.author = Some(super::super::testing::human("mallory"));
        let forge = FakeForge { pulls: vec![fork, stranger], ..two() };
        assert_eq!(picked(&forge).await.issue.number, IssueNumber(2));
    }

    #[tokio::test]
    async fn too_many_open_pull_requests_stop_the_run() {
        let pulls = (7..10).map(|number| pull(number, &format!("automated/{number}-x"))).collect();
        let forge = FakeForge { pulls, ..two() };
        assert_eq!(
            reason(&forge, None).await,
            "nothing to do: 3 automated pull requests are open and at most 3 may be (backlog.max_open_pull_requests)"
        );
    }

    #[tokio::test]
    async fn what_a_human_closed_is_not_redone_until_approved_anew() {
        let mut closed = pull(9, "automated/2-urgent");
        closed.open = false;
        let mut forge = FakeForge { pulls: vec![closed], ..two() };
        let first = picked(&forge).await;
        assert_eq!(first.issue.number, IssueNumber(1));
        assert_eq!(
            first.skipped[0].why.text(),
            "pull request #9 for it was closed without merging; take the label roadmap off and put it on again to have it done anew"
        );
        let again = event(EventKind::Unlabeled("roadmap".into()), "alice", 40);
        forge.events = vec![(2, vec![labelled("roadmap", "alice", 5), again, labelled("roadmap", "alice", 41)])];
        assert_eq!(picked(&forge).await.issue.number, IssueNumber(2));
    }

    #[tokio::test]
    async fn a_closed_pull_request_of_a_renamed_issue_is_remembered() {
        let mut closed = pull(9, "automated/2-old-title");
        closed.open = false;
        let forge = FakeForge { pulls: vec![closed], ..two() };
        let opened = OpenedPull {
            branch: branch("automated/2-old-title"),
            base: branch("main"),
            pull: crate::domain::ids::PullNumber(9),
            issue: IssueNumber(2),
        };
        let memory = Memory { pulls: vec![opened], ..Memory::default() };
        let Pick::Picked(picked) = run(&forge, &memory, None).await else { panic!("picked") };
        assert_eq!(picked.issue.number, IssueNumber(1));
    }

    #[tokio::test]
    async fn every_failing_read_stops_the_pick() {
        for what in ["issues", "pulls", "branches", "events", "permission", "edit_history", "pulls_of_branch"] {
            let forge = FakeForge { broken: vec![what], ..two() };
            let config = Config::defaults();
            assert!(pick(&forge, &Memory::default(), &config, &us(), at(600), None).await.is_err(), "{what}");
        }
    }

    #[tokio::test]
    async fn nothing_to_do_says_why() {
        assert_eq!(reason(&FakeForge::default(), None).await, "nothing to do: no open issue is approved");
        assert_eq!(reason(&two(), Some(5)).await, "nothing to do: #5 is no open issue");
        let mut held = issue(1, "a", "b");
        held.labels.push("autonomy:hold".into());
        let forge = FakeForge { issues: vec![held], ..FakeForge::default() };
        assert_eq!(reason(&forge, None).await, "nothing to do: no approved issue is free (of 1)");
    }

    #[tokio::test]
    async fn the_approval_is_asked_for_again_before_the_commit() {
        let config = Config::defaults();
        let mut forge = two();
        let picked = picked(&forge).await;
        assert_eq!(still_approved(&forge, &picked, &config).await.unwrap(), None);
        forge.issues[1].body = "steal the keys".into();
        let changed = Some("the issue's text was changed meanwhile".to_owned());
        assert_eq!(still_approved(&forge, &picked, &config).await.unwrap(), changed);
        forge.issues[1].body = "now".into();
        forge.issues[1].labels.push("autonomy:hold".into());
        assert!(still_approved(&forge, &picked, &config).await.unwrap().unwrap().contains("autonomy:hold"));
        forge.issues[1].labels = vec!["P0".into()];
        assert!(still_approved(&forge, &picked, &config).await.unwrap().unwrap().contains("taken off"));
        forge.issues[1].open = false;
        assert!(still_approved(&forge, &picked, &config).await.unwrap().unwrap().contains("closed"));
    }
}

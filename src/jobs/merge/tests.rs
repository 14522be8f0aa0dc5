//! The gates against facts: one set in which all pass, then every way in which it must not.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::Value;

use super::facts::{Facts, LedgerFacts, Own, Read, ReviewFact};
use super::{decide, plan};
use crate::config::{ActionRule, Config, Mode, Risk};
use crate::domain::check::{BranchRules, CheckRun, CommitStatus, Conclusion, RequiredCheck, StatusState, WorkflowRun};
use crate::domain::finding::{Role, Severity};
use crate::domain::ids::{CheckRunId, CommitSha, Digest, IssueNumber, PullNumber, UserId};
use crate::domain::issue::Issue;
use crate::domain::money::Usd;
use crate::domain::pull::{ChangedFile, Commit, Comparison, FileStatus, Listed, Pull, PullSide, Review, ReviewState};
use crate::domain::user::{Identity, Permission, TokenKind, User, UserKind};
use crate::plan::memory::{Approval, Merge, OpenedPull, Push};
use crate::plan::verdict::{Coverage, GateState, ReviewResult, ReviewVerdict, Verdict};
use crate::plan::{Action, Plan};
use crate::ports::forge::Repository;

fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn user(id: u64, login: &str, kind: UserKind) -> User {
    User { id: UserId(id), login: login.to_owned(), kind }
}

fn human(review: ReviewState, id: u64, commit: char, permission: Permission) -> ReviewFact {
    let author = Some(user(id, &format!("user{id}"), UserKind::Human));
    let review = Review { author, state: review, commit: Some(sha(commit)), submitted_at: None };
    ReviewFact { review, permission: Read::Known(Some(permission)) }
}

fn run(id: u64, name: &str, suite: u64, conclusion: Option<Conclusion>) -> CheckRun {
    CheckRun {
        id: CheckRunId(id),
        name: name.to_owned(),
        suite_id: Some(suite),
        app_id: Some(15_368),
        completed: conclusion.is_some(),
        conclusion,
        external_id: None,
        started_at: None,
        completed_at: None,
    }
}

fn workflow(id: u64, path: &str, event: &str, conclusion: Option<Conclusion>) -> WorkflowRun {
    WorkflowRun {
        id,
        path: path.to_owned(),
        event: event.to_owned(),
        head_sha: sha('b'),
        attempt: 1,
        completed: conclusion.is_some(),
        conclusion,
        suite_id: Some(id),
    }
}

fn verdict_of(role: Role, config: &Config) -> ReviewVerdict {
    ReviewVerdict {
        pull: PullNumber(12),
        role,
        head: sha('b'),
        base: sha('a'),
        diff: Digest::of("diff"),
        policy: config.policy_digest.clone(),
        result: ReviewResult::Passed,
        score: 91,
        coverage: Coverage { reviewed: 10, total: 10 },
        findings: vec![Severity::Low],
        ungrounded: 0,
        model: "m".to_owned(),
        cost: Usd::ZERO,
    }
}

fn listed<T>(items: Vec<T>) -> Read<Listed<T>> {
    Read::Known(Listed { items, complete: true })
}

fn pull() -> Pull {
    let side = |branch: &str, digit| PullSide { branch: branch.parse().unwrap(), sha: sha(digit), repo_id: Some(1) };
    Pull {
        number: PullNumber(12),
        title: "feat: add login".to_owned(),
        body: "Fixes #7".to_owned(),
        open: true,
        merged: false,
        draft: false,
        locked: false,
        author: Some(user(9, "autonomy[bot]", UserKind::Bot)),
        head: side("automated/7-add-login", 'b'),
        base: side("main", 'a'),
        labels: vec!["automated".to_owned()],
        mergeable: Some(true),
        auto_merge: false,
        merge_commit: None,
        created_at: at(0),
        updated_at: at(0),
        url: "u".to_owned(),
    }
}

fn issue() -> Issue {
    Issue {
        number: IssueNumber(7),
        title: "Add login".to_owned(),
        body: "Please.".to_owned(),
        open: true,
        author: None,
        labels: vec!["roadmap".to_owned()],
        assignees: Vec::new(),
        milestone: None,
        open_blockers: None,
        locked: false,
        created_at: at(0),
        updated_at: at(0),
        url: "u".to_owned(),
    }
}

/// Facts in which every gate passes.
fn facts(config: &Config) -> Facts {
    let commit = Commit {
        sha: sha('b'),
        tree: "t".to_owned(),
        parents: vec![sha('a')],
        message: "feat: add login\n\nFixes #7".to_owned(),
        author: None,
        committed_at: at(0),
    };
    let file = ChangedFile {
        path: "src/login.rs".to_owned(),
        previous_path: None,
        status: FileStatus::Added,
        additions: 10,
        deletions: 0,
        patch: None,
        blob: None,
    };
    let opened = OpenedPull {
        branch: "automated/7-add-login".parse().unwrap(),
        base: "main".parse().unwrap(),
        pull: PullNumber(12),
        issue: IssueNumber(7),
    };
    Facts {
        repository: Repository {
            id: 1,
            default_branch: "main".parse().unwrap(),
            private: true,
            archived: false,
            has_issues: true,
            url: "u".to_owned(),
        },
        us: Identity { user: user(9, "autonomy[bot]", UserKind::Bot), token: TokenKind::App },
        pull: pull(),
        latest: Read::Known(pull()),
        base_tip: Read::Known(sha('a')),
        comparison: Read::Known(Comparison {
            ahead_by: 1,
            behind_by: 0,
            merge_base: sha('a'),
            commits: Listed { items: vec![commit], complete: true },
        }),
        files: listed(vec![file]),
        rules: Read::Known(BranchRules {
            required_checks: vec![RequiredCheck { context: "test".to_owned(), app_id: Some(15_368) }],
            rule_types: vec!["required_status_checks".to_owned()],
            strict: true,
            required_approvals: 0,
            complete: true,
        }),
        check_runs: listed(vec![run(1, "test", 5, Some(Conclusion::Success))]),
        statuses: listed(Vec::new()),
        workflow_runs: listed(vec![workflow(5, ".github/workflows/ci.yml", "pull_request", Some(Conclusion::Success))]),
        reviews: Read::Known(Vec::new()),
        issue: Read::Known(Some(issue())),
        siblings: Read::Known(Vec::new()),
        own: Own { suite: Some(99), workflow_path: Some(".github/workflows/autonomy.yml".to_owned()) },
        ledger: LedgerFacts {
            pushes: vec![Push { branch: opened.branch.clone(), sha: sha('b'), at: at(0) }],
            opened: Some(opened),
            verdicts: vec![verdict_of(Role::Cto, config), verdict_of(Role::Ciso, config)],
            approvals: vec![Approval {
                issue: IssueNumber(7),
                spec: issue().spec_digest(),
                approved_by: "ann".to_owned(),
            }],
            merged: None,
        },
    }
}

fn judge(facts: &Facts) -> Verdict {
    decide(facts, &Config::defaults(), at(600))
}

/// The state of one gate after a change, and that of the whole.
fn after(change: impl FnOnce(&mut Facts), gate: &str) -> (GateState, GateState) {
    let mut facts = facts(&Config::defaults());
    change(&mut facts);
    let verdict = judge(&facts);
    let found = verdict.gates.iter().find(|known| known.name == gate);
    (found.unwrap_or_else(|| panic!("no gate {gate}")).state, verdict.state())
}

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident: $gate:literal is $state:ident when $change:expr;)*) => {
        $($(#[$doc])* #[test]
        fn $name() {
            let (gate, whole) = after($change, $gate);
            assert_eq!(gate, GateState::$state);
            assert!(whole >= gate && whole != GateState::Passed);
        })*
    };
}

fn mutate<T>(read: &mut Read<T>) -> &mut T {
    match read {
        Read::Known(value) => value,
        Read::Unreadable(reason) => panic!("{reason}"),
    }
}

cases! {
    a_closed_pull_is_blocked: "open" is Blocked when |facts| facts.pull.open = false;
    /// bors#752: GitHub showed merged pull requests as open.
    the_ledger_s_merge_wins_over_what_github_shows: "open" is Blocked when |facts| {
        facts.ledger.merged = Some(Merge { pull: PullNumber(12), head: sha('b'), commit: None });
    };
    a_fork_with_our_branch_name_is_not_ours: "ours" is NeedsHuman when |facts| facts.pull.head.repo_id = Some(2);
    a_deleted_fork_is_not_ours: "ours" is NeedsHuman when |facts| facts.pull.head.repo_id = None;
    somebody_else_s_pull_is_not_ours: "ours" is NeedsHuman when |facts| {
        facts.pull.author = Some(user(8, "autonomy[bot]", UserKind::Bot));
    };
    a_ghost_s_pull_is_not_ours: "ours" is NeedsHuman when |facts| facts.pull.author = None;
    a_pull_that_the_ledger_does_not_know_is_not_ours: "ours" is NeedsHuman when |facts| facts.ledger.opened = None;
    a_draft_waits_for_a_person: "not-draft" is NeedsHuman when |facts| facts.pull.draft = true;
    a_locked_pull_waits_for_a_person: "not-locked" is NeedsHuman when |facts| facts.pull.locked = true;
    a_hold_on_the_pull_counts: "no-hold" is NeedsHuman when |facts| facts.pull.labels.push("Autonomy:Hold".to_owned());
    a_hold_on_the_issue_counts: "no-hold" is NeedsHuman when |facts| {
        mutate(&mut facts.issue).as_mut().unwrap().labels.push("autonomy:hold".to_owned());
    };
    /// Vinix24/vnx#1591.
    an_armed_auto_merge_is_refused: "no-auto-merge" is NeedsHuman when |facts| facts.pull.auto_merge = true;
    a_push_between_the_reads_waits: "unmoved" is Waiting when |facts| mutate(&mut facts.latest).head.sha = sha('c');
    a_hold_between_the_reads_waits: "unmoved" is Waiting when |facts| {
        mutate(&mut facts.latest).labels.push("autonomy:hold".to_owned());
    };
    the_same_commit_in_two_pulls_is_withheld: "only-pull" is NeedsHuman when |facts| {
        mutate(&mut facts.siblings).push(PullNumber(13));
    };
    /// anomalib#3774.
    an_issue_edited_after_its_approval_is_not_merged: "issue-approved" is NeedsHuman when |facts| {
        mutate(&mut facts.issue).as_mut().unwrap().body.push_str(" And delete the tests.");
    };
    a_closed_issue_is_not_merged: "issue-approved" is NeedsHuman when |facts| {
        mutate(&mut facts.issue).as_mut().unwrap().open = false;
    };
    an_approval_that_is_not_written_down_is_none: "issue-approved" is NeedsHuman when |facts| facts.ledger.approvals.clear();
    a_changed_base_branch_waits_for_a_person: "base" is NeedsHuman when |facts| {
        facts.pull.base.branch = "release".parse().unwrap();
    };
    a_base_that_moved_on_is_blocked: "up-to-date" is Blocked when |facts| mutate(&mut facts.comparison).behind_by = 2;
    /// strands-labs/robots#2586.
    mergeable_null_is_not_clean: "mergeable" is Waiting when |facts| facts.pull.mergeable = None;
    a_conflict_is_blocked: "mergeable" is Blocked when |facts| facts.pull.mergeable = Some(false);
    /// idd-skill#1371.
    rules_that_may_not_be_read_are_not_none: "rules-readable" is Waiting when |facts| {
        mutate(&mut facts.rules).complete = false;
    };
    a_merge_queue_is_left_to_people: "no-merge-queue" is NeedsHuman when |facts| {
        mutate(&mut facts.rules).rule_types.push("merge_queue".to_owned());
    };
    /// asyncapi/.github#119.
    somebody_else_s_commit_waits_for_a_person: "commits-ours" is NeedsHuman when |facts| facts.ledger.pushes.clear();
    a_cut_list_of_commits_waits_for_a_person: "commits-ours" is NeedsHuman when |facts| {
        mutate(&mut facts.comparison).commits.complete = false;
    };
    no_commits_are_blocked: "commits-ours" is Blocked when |facts| mutate(&mut facts.comparison).commits.items.clear();
    words_that_skip_ci_are_refused: "texts" is NeedsHuman when |facts| {
        mutate(&mut facts.comparison).commits.items[0].message.push_str("\n\n[skip ci]");
    };
    a_title_that_skips_ci_is_refused: "texts" is NeedsHuman when |facts| facts.pull.title.push_str(" [ci skip]");
    closing_another_issue_is_refused: "texts" is NeedsHuman when |facts| facts.pull.body.push_str("\nCloses #8");
    a_workflow_file_is_never_merged_automatically: "paths" is NeedsHuman when |facts| {
        mutate(&mut facts.files).items[0].path = ".github/workflows/ci.yml".to_owned();
    };
    a_rename_away_from_a_protected_path_counts: "paths" is NeedsHuman when |facts| {
        mutate(&mut facts.files).items[0].previous_path = Some("CODEOWNERS".to_owned());
    };
    an_empty_diff_is_blocked: "paths" is Blocked when |facts| mutate(&mut facts.files).items.clear();
    a_cut_list_of_files_waits_for_a_person: "paths" is NeedsHuman when |facts| mutate(&mut facts.files).complete = false;
    /// test-infra#30628, prow#337, prow#356.
    a_required_check_that_is_not_there_yet_waits: "required-checks" is Waiting when |facts| {
        mutate(&mut facts.check_runs).items[0].name = "lint".to_owned();
    };
    a_required_check_by_another_app_does_not_count: "required-checks" is Waiting when |facts| {
        mutate(&mut facts.check_runs).items[0].app_id = Some(7);
    };
    a_status_does_not_stand_for_a_check_that_is_tied_to_an_app: "required-checks" is Waiting when |facts| {
        mutate(&mut facts.check_runs).items.clear();
        mutate(&mut facts.statuses).items.push(CommitStatus {
            context: "test".to_owned(), state: StatusState::Success, created_at: at(0),
        });
    };
    a_failed_required_check_is_blocked: "required-checks" is Blocked when |facts| {
        mutate(&mut facts.check_runs).items[0].conclusion = Some(Conclusion::StartupFailure);
    };
    /// openshift/release#79123.
    a_skipped_required_check_does_not_pass: "required-checks" is NeedsHuman when |facts| {
        mutate(&mut facts.check_runs).items[0].conclusion = Some(Conclusion::Skipped);
    };
    the_worst_suite_counts_not_the_best: "required-checks" is Blocked when |facts| {
        mutate(&mut facts.check_runs).items.push(run(2, "test", 6, Some(Conclusion::Failure)));
    };
    a_check_of_the_same_name_in_a_status_counts_too: "checks" is Blocked when |facts| {
        mutate(&mut facts.statuses).items.push(CommitStatus {
            context: "TEST".to_owned(), state: StatusState::Error, created_at: at(0),
        });
    };
    no_checks_at_all_wait: "checks" is Waiting when |facts| mutate(&mut facts.check_runs).items.clear();
    only_our_own_checks_are_none: "checks" is Waiting when |facts| mutate(&mut facts.check_runs).items[0].suite_id = Some(99);
    a_running_check_waits: "checks" is Waiting when |facts| {
        mutate(&mut facts.check_runs).items.push(run(2, "lint", 5, None));
    };
    a_cut_list_of_checks_waits_for_a_person: "checks" is NeedsHuman when |facts| {
        mutate(&mut facts.check_runs).complete = false;
    };
    /// A second attempt in progress while the first was green.
    a_workflow_that_runs_again_waits: "workflow-runs" is Waiting when |facts| {
        mutate(&mut facts.workflow_runs).items.push(workflow(6, ".github/workflows/ci.yml", "pull_request", None));
    };
    a_workflow_that_asks_for_approval_needs_a_person: "workflow-runs" is NeedsHuman when |facts| {
        mutate(&mut facts.workflow_runs).items[0].conclusion = Some(Conclusion::ActionRequired);
    };
    a_verdict_of_another_head_is_none: "cto-verdict" is Waiting when |facts| facts.ledger.verdicts[0].head = sha('c');
    a_verdict_against_another_base_is_none: "ciso-verdict" is Waiting when |facts| facts.ledger.verdicts[1].base = sha('c');
    a_verdict_under_another_policy_is_none: "cto-verdict" is Waiting when |facts| {
        facts.ledger.verdicts[0].policy = Digest::of("other");
    };
    a_verdict_of_part_of_the_change_does_not_pass: "cto-verdict" is NeedsHuman when |facts| {
        facts.ledger.verdicts[0].coverage.reviewed = 9;
    };
    a_missing_verdict_waits: "ciso-verdict" is Waiting when |facts| facts.ledger.verdicts.truncate(1);
    a_critical_finding_is_blocked: "ciso-verdict" is Blocked when |facts| {
        facts.ledger.verdicts[1].result = ReviewResult::Blocked;
    };
    a_high_finding_needs_a_person: "ciso-verdict" is NeedsHuman when |facts| {
        facts.ledger.verdicts[1].result = ReviewResult::NeedsHuman;
    };
    an_unfinished_review_waits: "cto-verdict" is Waiting when |facts| {
        facts.ledger.verdicts[0].result = ReviewResult::Incomplete;
    };
    the_newest_verdict_counts: "cto-verdict" is Blocked when |facts| {
        let newer = ReviewVerdict { result: ReviewResult::Blocked, ..facts.ledger.verdicts[0].clone() };
        facts.ledger.verdicts.push(newer);
    };
    a_writer_s_request_for_changes_stays: "no-change-request" is NeedsHuman when |facts| {
        *mutate(&mut facts.reviews) = vec![
            human(ReviewState::ChangesRequested, 3, 'c', Permission::Write),
            human(ReviewState::Commented, 3, 'b', Permission::Write),
        ];
    };
    a_reviewer_whose_permission_is_unknown_counts: "no-change-request" is Waiting when |facts| {
        let mut review = human(ReviewState::ChangesRequested, 3, 'b', Permission::Write);
        review.permission = Read::Unreadable("403".to_owned());
        mutate(&mut facts.reviews).push(review);
    };
    missing_approvals_need_a_person: "approvals" is NeedsHuman when |facts| mutate(&mut facts.rules).required_approvals = 1;
    an_approval_of_an_older_head_does_not_count: "approvals" is NeedsHuman when |facts| {
        mutate(&mut facts.rules).required_approvals = 1;
        mutate(&mut facts.reviews).push(human(ReviewState::Approved, 3, 'c', Permission::Admin));
    };
    /// policy-bot's caveat: dismissing the later request must not revive the earlier approval.
    a_dismissal_does_not_revive_an_approval: "approvals" is NeedsHuman when |facts| {
        mutate(&mut facts.rules).required_approvals = 1;
        *mutate(&mut facts.reviews) = vec![
            human(ReviewState::Approved, 3, 'b', Permission::Write),
            human(ReviewState::Dismissed, 3, 'b', Permission::Write),
        ];
    };
    our_own_approval_does_not_count: "approvals" is NeedsHuman when |facts| {
        mutate(&mut facts.rules).required_approvals = 1;
        mutate(&mut facts.reviews).push(human(ReviewState::Approved, 9, 'b', Permission::Admin));
    };
}

#[test]
fn every_gate_passes_on_good_facts() {
    let verdict = judge(&facts(&Config::defaults()));
    assert_eq!(verdict.failed().collect::<Vec<_>>(), Vec::<&crate::plan::verdict::Gate>::new());
}

/// These must not stand in the way.
#[test]
fn harmless_facts_pass() {
    let pass = |change: fn(&mut Facts)| {
        let mut facts = facts(&Config::defaults());
        change(&mut facts);
        let verdict = judge(&facts);
        assert_eq!(verdict.failed().map(|gate| &gate.name).collect::<Vec<_>>(), Vec::<&String>::new());
    };
    // vspo-portal#1132 waited for itself; devthrottle#2887 read its own cancelled run as a failure.
    pass(|facts| {
        let own = workflow(50, ".github/workflows/autonomy.yml", "pull_request", Some(Conclusion::Cancelled));
        mutate(&mut facts.workflow_runs).items.push(own);
        let runs = &mut mutate(&mut facts.check_runs).items;
        runs.push(run(8, "decide", 99, None));
        runs.push(run(9, "decide", 50, Some(Conclusion::Cancelled)));
        let mut published = run(10, "autonomy / cto", 5, Some(Conclusion::Neutral));
        published.external_id = Some("review:cto".to_owned());
        runs.push(published);
        let own = RequiredCheck { context: "autonomy / merge".to_owned(), app_id: None };
        mutate(&mut facts.rules).required_checks.push(own);
    });
    // The pull request's own run waits for approval, but the same workflow was started on this head and passed.
    pass(|facts| {
        let runs = &mut mutate(&mut facts.workflow_runs).items;
        runs[0].conclusion = Some(Conclusion::ActionRequired);
        runs.push(workflow(6, ".github/workflows/ci.yml", "workflow_dispatch", Some(Conclusion::Success)));
    });
    // A failed run was repeated in its suite.
    pass(|facts| {
        let runs = &mut mutate(&mut facts.check_runs).items;
        runs.insert(0, run(0, "test", 5, Some(Conclusion::Failure)));
    });
    pass(|facts| {
        mutate(&mut facts.reviews).push(human(ReviewState::ChangesRequested, 4, 'b', Permission::Read));
        mutate(&mut facts.reviews).push(human(ReviewState::ChangesRequested, 3, 'b', Permission::Write));
        mutate(&mut facts.reviews).push(human(ReviewState::Approved, 3, 'b', Permission::Write));
        mutate(&mut facts.rules).required_approvals = 1;
    });
    pass(|facts| {
        facts.ledger.verdicts[0].result = ReviewResult::NeedsHuman;
        mutate(&mut facts.reviews).push(human(ReviewState::Approved, 3, 'b', Permission::Maintain));
    });
    pass(|facts| {
        mutate(&mut facts.rules).required_checks[0] = RequiredCheck { context: "Legacy".to_owned(), app_id: None };
        let status = |state, age| CommitStatus { context: "legacy".to_owned(), state, created_at: at(age) };
        mutate(&mut facts.statuses).items = vec![status(StatusState::Success, 5), status(StatusState::Failure, 1)];
    });
}

#[test]
fn without_required_checks_a_push_must_settle() {
    let mut facts = facts(&Config::defaults());
    mutate(&mut facts.rules).required_checks.clear();
    let state = |seconds| decide(&facts, &Config::defaults(), at(0) + TimeDelta::seconds(seconds)).state();
    assert_eq!(state(59), GateState::Waiting);
    assert_eq!(state(60), GateState::Passed);
}

/// Paths of every `Known` and every `complete` in the facts: what a later gate adds is covered too.
fn losses(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = format!("{at}/{key}");
                if key == "known" {
                    found.push(at.to_owned());
                }
                if key == "complete" {
                    found.push(path.clone());
                }
                losses(inner, &path, found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| losses(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn lose(facts: &Facts, path: &str) -> Option<Facts> {
    let mut json = serde_json::to_value(facts).unwrap();
    let place = json.pointer_mut(path)?;
    *place = if path.ends_with("/complete") { Value::Bool(false) } else { serde_json::json!({"unreadable": "403"}) };
    Some(serde_json::from_value(json).unwrap())
}

#[test]
fn each_missing_fact_alone_prevents_the_merge() {
    let config = Config::defaults();
    let facts = facts(&config);
    let mut paths = Vec::new();
    losses(&serde_json::to_value(&facts).unwrap(), "", &mut paths);
    assert!(paths.len() >= 15, "{paths:?}");
    for path in paths {
        let state = judge(&lose(&facts, &path).unwrap()).state();
        assert_ne!(state, GateState::Passed, "{path}");
    }
}

proptest! {
    #[test]
    fn no_set_of_missing_facts_passes(picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..6)) {
        let mut facts = facts(&Config::defaults());
        for pick in picks {
            let mut paths = Vec::new();
            losses(&serde_json::to_value(&facts).unwrap(), "", &mut paths);
            if paths.is_empty() {
                break;
            }
            facts = lose(&facts, &paths[pick.index(paths.len())]).unwrap();
        }
        prop_assert_ne!(judge(&facts).state(), GateState::Passed);
    }
}

fn planned(facts: &Facts, config: &Config) -> Plan {
    plan(&decide(facts, config, at(600)), facts, config, &"acme/web".parse().unwrap())
}

fn auto() -> Config {
    let rule = ActionRule { pattern: "pr.merge".to_owned(), risk: Risk::High, mode: Mode::Auto };
    let mut config = Config::defaults();
    config.actions = vec![rule];
    config.merge.dispatch = vec!["ci.yml".to_owned()];
    config
}

#[test]
fn a_merge_is_planned_only_when_every_gate_passed() {
    let config = auto();
    let mut facts = facts(&config);
    let names = |plan: &Plan| plan.actions.iter().map(Action::name).collect::<Vec<_>>();
    assert_eq!(names(&planned(&facts, &config)), ["check.publish", "pr.merge"]);
    facts.us.token = TokenKind::Workflow;
    assert_eq!(names(&planned(&facts, &config)), ["check.publish", "pr.merge", "workflow.dispatch"]);
    facts.pull.draft = true;
    assert_eq!(names(&planned(&facts, &config)), ["check.publish"]);
    facts.pull.open = false;
    assert_eq!(planned(&facts, &config).summary, "pull request #12 is closed: nothing to do");
    assert!(planned(&facts, &config).is_empty());
}

#[test]
fn strangers_pulls_get_no_check_of_ours() {
    let config = auto();
    let mut facts = facts(&config);
    facts.pull.author = Some(user(3, "eve", UserKind::Human));
    assert!(planned(&facts, &config).is_empty());
}

#[test]
fn the_words_of_the_merge_commit() {
    let config = auto();
    let plan = planned(&facts(&config), &config);
    let Some(Action::MergePull { title, message, verdict, .. }) = plan.actions.get(1) else { panic!("no merge") };
    assert_eq!(title, "feat: add login (#12)");
    assert_eq!(message, &format!("Reviewed-Head: {}\nFixes #7\n", sha('b')));
    assert_eq!(verdict.head, sha('b'));
}

#[test]
fn the_check_shows_what_stands_in_the_way_first() {
    let config = Config::defaults();
    let mut facts = facts(&config);
    let mut named = run(2, "x | `y` <b>@ann</b>", 6, Some(Conclusion::Failure));
    named.app_id = None;
    mutate(&mut facts.check_runs).items.push(named);
    mutate(&mut facts.files).items[0].path = ".github/CODEOWNERS".to_owned();
    facts.ledger.verdicts.truncate(1);
    let plan = planned(&facts, &config);
    let Some(Action::PublishCheck { title, summary, .. }) = plan.actions.first() else { panic!("no check") };
    assert_eq!(title, "not merged: paths, checks, ciso-verdict");
    let summary = summary.replace('\u{200b}', "(zero width)");
    insta::assert_snapshot!(summary, @r"
    Head `bbbbbbbbbb`, base `aaaaaaaaaa`.

    | | gate | expected | actual | what to do |
    |---|---|---|---|---|
    | **blocked** | checks | at least one green check, and none that is not | failed: x \| \`y\` &lt;b&gt;@(zero width)ann&lt;/b&gt; | read the log; a new head is checked anew |
    | **needs a person** | paths | a change without protected paths | .github/CODEOWNERS | such files are never merged automatically: review and merge it by hand |
    | **waiting** | ciso-verdict | a CISO review of this head that passes | none of bbbbbbbbbb | run the review again |

    <details><summary>22 of 25 gates passed</summary>

    | gate | expected | actual |
    |---|---|---|
    | open | an open pull request that is not merged | open |
    | ours | opened by us, from our own automated branch | opened for issue #7 |
    | not-draft | ready for review | ready |
    | not-locked | an unlocked conversation | unlocked |
    | no-hold | no hold, and no approval outstanding | none |
    | no-auto-merge | GitHub's own auto-merge is off | off |
    | unmoved | nothing moved while the facts were read | head is bbbbbbbbbb |
    | only-pull | no other open pull request of this commit | none |
    | issue-approved | an open issue whose approval covers its text | #7, approved by ann |
    | base | the base branch it was opened for | main |
    | up-to-date | the base branch's tip is contained | contains aaaaaaaaaa |
    | mergeable | no conflict | no conflict |
    | rules-readable | every rule of the base branch is known | 1 required check |
    | no-merge-queue | no merge queue | none |
    | commits-ours | every commit was pushed by us | 1 commit |
    | texts | no words that skip checks or close other issues | closes #7 only |
    | required-checks | every required check is green | green: test |
    | workflow-runs | every workflow run has succeeded | green: .github/workflows/ci.yml (pull\_request) |
    | settled | required checks, or a minute since the push | required checks are named |
    | cto-verdict | a CTO review of this head that passes | score 91, 1 finding |
    | no-change-request | no live request for changes | none |
    | approvals | the approvals that the branch's rules ask for | 0 of 0 |

    </details>

    The policy (rule `pr.merge`) leaves the merge to a person. `actions: { pr.merge: { mode: auto } }` in the configuration on the default branch changes that.
    ");
}

#[test]
fn the_check_of_a_verdict_that_the_policy_holds() {
    let config = Config::defaults();
    let plan = planned(&facts(&config), &config);
    assert_eq!(plan.summary, "pull request #12 at bbbbbbbbbb: every gate passed: a person may merge it");
    let Some(Action::PublishCheck { summary, .. }) = plan.actions.first() else { panic!("no check") };
    assert_eq!(
        summary.lines().last().unwrap_or_default(),
        "The policy (rule `pr.merge`) leaves the merge to a person. `actions: { pr.merge: { mode: auto } }` in the \
         configuration on the default branch changes that."
    );
}

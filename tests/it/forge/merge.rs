//! The merge, from gathered facts to the commit on the base branch, and what GitHub may answer instead.

use autonomy::config::{Config, MergeMethod};
use autonomy::domain::finding::Role;
use autonomy::domain::ids::{CommitSha, Digest, IssueNumber, PullNumber};
use autonomy::domain::money::Usd;
use autonomy::jobs::merge::{Ask, Facts, decide, gather, plan};
use autonomy::plan::Action;
use autonomy::plan::memory::{Approval, Memory, OpenedPull, Push};
use autonomy::plan::verdict::{Coverage, Gate, GateState, ReviewResult, ReviewVerdict, Verdict};
use autonomy::ports::forge::{ForgeError, ForgeRead, ForgeWrite};
use autonomy::sandbox::{Setting, login};
use serde_json::json;

use super::bench::{Bench, branch};

fn verdict(pull: u64, head: CommitSha, base: CommitSha, config: &Config) -> Verdict {
    let gate = Gate {
        name: "all".to_owned(),
        state: GateState::Passed,
        expected: "e".to_owned(),
        actual: "a".to_owned(),
        hint: String::new(),
    };
    Verdict { pull: PullNumber(pull), head, base, policy: config.policy_digest.clone(), gates: vec![gate] }
}

fn merge(bench: &Bench, pull: u64, head: &CommitSha, method: MergeMethod) -> Action {
    Action::MergePull {
        verdict: verdict(pull, head.clone(), bench.tip("main"), &bench.config),
        method,
        title: format!("feat: add a (#{pull})"),
        message: format!("Reviewed-Head: {head}\n"),
    }
}

#[tokio::test]
async fn a_pull_request_is_merged_once_at_its_head() {
    for method in [MergeMethod::Squash, MergeMethod::Merge, MergeMethod::Rebase] {
        let bench = Bench::start().await;
        let number = bench.pull().await;
        let head = bench.tip("automated/7-add-a");
        bench.github.pull(PullNumber(number)).await.unwrap();
        let effect = bench.once(merge(&bench, number, &head, method)).await;
        assert_eq!(effect.sha, Some(bench.tip("main")));
        let fact = bench.world().pull(number).unwrap();
        assert!(fact.merged && fact.merge_commit.as_deref() == effect.sha.as_ref().map(CommitSha::as_str));
        let message = bench.world().commit_message("main").unwrap();
        if method == MergeMethod::Squash {
            assert_eq!(message.trim_end(), format!("feat: add a (#{number})\n\nReviewed-Head: {head}"));
        }
        bench.assert_known();
    }
}

#[tokio::test]
async fn a_push_between_verdict_and_merge_is_a_conflict() {
    let bench = Bench::start().await;
    let number = bench.pull().await;
    let head = bench.tip("automated/7-add-a");
    bench.github.pull(PullNumber(number)).await.unwrap();
    bench.world().push(login::WRITER, "automated/7-add-a", &[("evil", Some("x"))], "later").unwrap();
    let action = bench.guarded(merge(&bench, number, &head, MergeMethod::Squash));
    let error = bench.github.perform(&action).await.unwrap_err();
    assert!(matches!(error, ForgeError::Conflict { .. }), "{error:?}");
    assert!(!bench.world().pull(number).unwrap().merged);
    // Somebody merges the newer head by hand: that is not the merge that was meant.
    bench.world().merge(login::MAINTAINER, number).unwrap();
    let found = bench.github.find(&action).await;
    assert!(matches!(found, Err(ForgeError::Conflict { .. })), "{found:?}");
    bench.assert_known();
}

/// kodiak#397: the merge had happened, the answer was a 500, and a retry merged again.
#[tokio::test]
async fn a_merge_whose_answer_was_lost_is_found_and_not_repeated() {
    let bench = Bench::start().await;
    let number = bench.pull().await;
    let head = bench.tip("automated/7-add-a");
    bench.github.pull(PullNumber(number)).await.unwrap();
    bench.faults("faults: [{on: {method: PUT, path: '/merge$'}, answer: {status: 500, after: true}}]");
    let action = bench.guarded(merge(&bench, number, &head, MergeMethod::Squash));
    assert!(bench.github.perform(&action).await.unwrap_err().outcome_unknown());
    let found = bench.github.find(&action).await.unwrap().unwrap();
    assert_eq!(found.sha, Some(bench.tip("main")));
    assert_eq!(bench.world().log("main").len(), 2);
    bench.assert_known();
}

#[tokio::test]
async fn github_s_refusals_of_a_merge_are_told_apart() {
    let bench = Bench::start().await;
    let number = bench.pull().await;
    let head = bench.tip("automated/7-add-a");
    bench.github.pull(PullNumber(number)).await.unwrap();
    let action = bench.guarded(merge(&bench, number, &head, MergeMethod::Squash));
    bench.world().set_draft(login::WRITER, number, true).unwrap();
    let refused = bench.github.perform(&action).await.unwrap_err();
    assert!(matches!(refused, ForgeError::Refused { status: 405, .. }), "{refused:?}");
    bench.world().set_draft(login::WRITER, number, false).unwrap();
    bench.faults(
        "faults: [{on: {method: PUT, path: '/merge$'}, answer: {status: 405, body: {message: 'Base branch was modified. Review and try the merge again.'}}}]",
    );
    let moved = bench.github.perform(&action).await.unwrap_err();
    assert!(matches!(moved, ForgeError::Conflict { .. }), "{moved:?}");
}

/// A pull request of ours for an approved issue, with a required check, and what the ledger remembers of it.
async fn ready() -> (Bench, u64, Memory) {
    let bench = Bench::start().await;
    let world = bench.world();
    for _ in 1..7 {
        world.create_issue(login::WRITER, "other", "", &[]).unwrap();
    }
    let issue = world.create_issue(login::MAINTAINER, "Add a", "Please add a.", &["roadmap"]).unwrap();
    assert_eq!(issue, 7);
    let rule = json!({"type": "required_status_checks", "parameters": {
        "strict_required_status_checks_policy": false, "required_status_checks": [{"context": "test"}]}});
    world.add_ruleset("checks", &["~DEFAULT_BRANCH"], vec![rule], Vec::new());
    let number = bench.pull().await;
    let (head, base) = (bench.tip("automated/7-add-a"), bench.tip("main"));
    world.check_run(head.as_str(), "test", Some("success"), 15_368);
    let review = |role| ReviewVerdict {
        pull: PullNumber(number),
        role,
        head: head.clone(),
        base: base.clone(),
        diff: Digest::of("diff"),
        policy: bench.config.policy_digest.clone(),
        result: ReviewResult::Passed,
        score: 90,
        coverage: Coverage { reviewed: 1, total: 1 },
        findings: Vec::new(),
        ungrounded: 0,
        model: "m".to_owned(),
        cost: Usd::ZERO,
    };
    let spec = bench.github.issue(IssueNumber(7)).await.unwrap().spec_digest();
    let memory = Memory {
        pushes: vec![Push { branch: branch(), sha: head.clone(), at: world.now() }],
        pulls: vec![OpenedPull {
            branch: branch(),
            base: "main".parse().unwrap(),
            pull: PullNumber(number),
            issue: IssueNumber(7),
        }],
        approvals: vec![Approval { issue: IssueNumber(7), spec, approved_by: login::MAINTAINER.to_owned() }],
        verdicts: vec![review(Role::Cto), review(Role::Ciso)],
        ..Memory::default()
    };
    (bench, number, memory)
}

async fn facts(bench: &Bench, number: u64, memory: &Memory) -> Facts {
    let identity = bench.github.identity().await.unwrap();
    let pauses = [std::time::Duration::ZERO; 3];
    let ask = Ask { pull: PullNumber(number), memory, identity: &identity, own_run: None, pauses: &pauses };
    gather(&bench.github, &ask).await.unwrap()
}

fn failed(verdict: &Verdict) -> Vec<String> {
    verdict.failed().map(|gate| format!("{}: {}", gate.name, gate.actual)).collect()
}

#[tokio::test]
async fn gathered_facts_pass_every_gate_and_the_plan_merges() {
    let (bench, number, memory) = ready().await;
    let facts = facts(&bench, number, &memory).await;
    let verdict = decide(&facts, &bench.config, bench.world().now());
    assert_eq!(failed(&verdict), Vec::<String>::new());
    let plan = plan(&verdict, &facts, &bench.config, &"acme/widgets".parse().unwrap());
    for action in plan.actions {
        bench.once(action).await;
    }
    let head = facts.pull.head.sha;
    assert!(bench.world().pull(number).unwrap().merged);
    let message = bench.world().commit_message("main").unwrap();
    assert_eq!(message.trim_end(), format!("feat: add a (#{number})\n\nReviewed-Head: {head}\nFixes #7"));
    assert!(!bench.world().issue(7).unwrap().open);
    bench.assert_known();
}

#[tokio::test]
async fn what_people_do_meanwhile_stands_in_the_way() {
    let (bench, number, memory) = ready().await;
    let world = bench.world();
    world.label(login::WRITER, number, "autonomy:hold").unwrap();
    world.edit_issue(login::WRITER, 7, None, Some("Please add a, and a backdoor.")).unwrap();
    world
        .push(login::WRITER, "automated/7-add-a", &[(".github/workflows/x.yml", Some("on: push\n"))], "x [skip ci]")
        .unwrap();
    world.set(Setting::MergeableReads(9));
    let facts = facts(&bench, number, &memory).await;
    let verdict = decide(&facts, &bench.config, world.now());
    let names: Vec<&str> = verdict.failed().map(|gate| gate.name.as_str()).collect();
    let wanted = [
        "no-hold",
        "issue-approved",
        "mergeable",
        "commits-ours",
        "texts",
        "paths",
        "required-checks",
        "checks",
        "cto-verdict",
        "ciso-verdict",
    ];
    for name in wanted {
        assert!(names.contains(&name), "{name} passed; failed: {:?}", failed(&verdict));
    }
    bench.assert_known();
}

#[tokio::test]
async fn a_fact_that_could_not_be_read_is_no_pass() {
    let (bench, number, memory) = ready().await;
    bench.world().set_access("workflow", "checks", autonomy::sandbox::Access::None).unwrap();
    let facts = facts(&bench, number, &memory).await;
    let verdict = decide(&facts, &bench.config, bench.world().now());
    assert_eq!(verdict.state(), GateState::Waiting);
    let failed = failed(&verdict);
    assert!(failed.iter().all(|gate| gate.contains("could not be read")), "{failed:?}");
}

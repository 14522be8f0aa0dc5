//! Answers that did not come: looked for afterwards, never sent twice.

use autonomy::domain::ids::IssueNumber;
use autonomy::plan::{Action, Target};
use autonomy::ports::forge::{ForgeRead, ForgeWrite};
use autonomy::ports::ledger_store::LedgerStore;
use autonomy::sandbox::login;

use super::bench::{Bench, claim, commit, open};

/// Breaks the answer to the request after its effect, and looks whether it is found.
async fn lost(bench: &Bench, on: &str, action: Action) {
    let action = bench.guarded(action);
    assert_eq!(bench.github.find(&action).await.unwrap(), None);
    bench.faults(&format!("faults: [{{on: {on}, answer: {{status: 502, after: true}}}}]"));
    let before = bench.github.requests().retries;
    let error = bench.github.perform(&action).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    assert_eq!(bench.faults.unfired(), 0);
    assert_eq!(bench.github.requests().retries, before, "a write was sent again");
    assert!(bench.github.find(&action).await.unwrap().is_some(), "{action:?} happened but is not found");
}

#[tokio::test]
async fn an_effect_whose_answer_was_lost_is_found_by_its_key() {
    let bench = Bench::start().await;
    let main = bench.tip("main");
    lost(&bench, "{method: POST, path: '/git/refs$'}", claim(main.clone())).await;
    let change = commit(main, "feat: add a", &[("a.txt", None, Some("a\n"))]);
    lost(&bench, "{method: PATCH, path: '/git/refs/'}", change).await;
    let unlabelled = match open() {
        Action::OpenPull { branch, base, title, body, draft, issue, .. } => {
            Action::OpenPull { branch, base, title, body, draft, labels: Vec::new(), issue }
        }
        other => other,
    };
    lost(&bench, "{method: POST, path: '/pulls$'}", unlabelled).await;
    let number = bench.world().create_issue(login::WRITER, "t", "b", &[]).unwrap();
    let target = Target::Issue(IssueNumber(number));
    let comment = Action::UpsertComment { target, key: "k".to_owned(), body: "b".to_owned() };
    lost(&bench, "{method: POST, path: '/comments$'}", comment).await;
    let issue = Action::CreateIssue {
        key: "f".to_owned(),
        title: "t".to_owned(),
        body: "b".to_owned(),
        labels: Vec::new(),
        severity: None,
    };
    lost(&bench, "{method: POST, path: '/issues$'}", issue).await;
    assert_eq!(bench.world().pulls().len(), 1);
    assert_eq!(bench.world().comments(number).len(), 1);
    bench.assert_known();
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_an_unknown_outcome_and_stands() {
    let bench = Bench::start().await;
    let one = bench.github.append(None, "seg/2026/11/1.jsonl", "a\n", "m").await.unwrap();
    bench.faults("faults: [{on: {body: createCommitOnBranch}, drop: after}]");
    let error = bench.github.append(Some(&one), "seg/2026/11/2.jsonl", "b\n", "m").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
    assert_eq!(bench.github.load().await.unwrap().segments.len(), 2);
}

#[tokio::test]
async fn limits_are_waited_for_and_reads_repeated() {
    let bench = Bench::start().await;
    bench.faults(
        "faults:
  - {on: {path: '/labels$'}, secondary_limit: {retry_after: 1}}
  - {on: {path: '/repos/acme/widgets$'}, drop: before}",
    );
    assert!(!bench.github.label_names().await.unwrap().is_empty());
    bench.github.repository().await.unwrap();
    let log = bench.github.requests();
    assert_eq!((log.waits, log.retries, log.total()), (1, 2, 4));
    assert!(log.rest_remaining.is_some());
}

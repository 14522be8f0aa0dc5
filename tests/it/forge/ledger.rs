//! The ledger store on a real branch.

use autonomy::ports::forge::ForgeError;
use autonomy::ports::ledger_store::LedgerStore;
use autonomy::sandbox::{login, token};

use super::bench::{Bench, github};

#[tokio::test]
async fn segments_are_appended_and_read_back() {
    let bench = Bench::start().await;
    let ledger = &bench.github;
    assert_eq!(ledger.load().await.unwrap().head, None);
    let one = ledger.append(None, "seg/2026/11/00000001-aa.jsonl", "{\"a\":1}\n", "Record 1").await.unwrap();
    assert!(bench.world().commit_parents(one.as_str()).is_empty());
    let two = ledger.append(Some(&one), "seg/2026/12/00000002-bb.jsonl", "{\"é\":2}\n", "Record 2").await.unwrap();
    assert_eq!(bench.world().commit_parents(two.as_str()), [one.as_str()]);
    let files = ledger.load().await.unwrap();
    assert_eq!(files.head, Some(two));
    let segment = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert_eq!(
        files.segments,
        [
            segment("seg/2026/11/00000001-aa.jsonl", "{\"a\":1}\n"),
            segment("seg/2026/12/00000002-bb.jsonl", "{\"é\":2}\n")
        ]
    );
    bench.assert_known();
}

#[tokio::test]
async fn the_second_of_two_appends_loses() {
    let bench = Bench::start().await;
    let other = github(&bench.sandbox, token::WORKFLOW);
    let one = bench.github.append(None, "seg/2026/11/1.jsonl", "a\n", "m").await.unwrap();
    let lost = other.append(None, "seg/2026/11/1.jsonl", "b\n", "m").await;
    assert!(matches!(lost, Err(ForgeError::Conflict { .. })), "{lost:?}");
    bench.github.append(Some(&one), "seg/2026/11/2.jsonl", "a\n", "m").await.unwrap();
    let lost = other.append(Some(&one), "seg/2026/11/3.jsonl", "b\n", "m").await;
    assert!(matches!(lost, Err(ForgeError::Conflict { .. })), "{lost:?}");
    assert_eq!(bench.github.load().await.unwrap().segments.len(), 2);
    bench.assert_known();
}

#[tokio::test]
async fn something_foreign_among_the_segments_is_an_error() {
    let bench = Bench::start().await;
    bench.github.append(None, "seg/2026/11/1.jsonl", "a\n", "m").await.unwrap();
    bench.world().push(login::WRITER, "autonomy/ledger", &[("seg/stray.txt", Some("x"))], "stray").unwrap();
    assert!(matches!(bench.github.load().await, Err(ForgeError::Malformed { .. })));
    bench.assert_known();
}

//! Whole replies against a checkout in memory: what is written, and what is said when nothing is.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::codebase::fake::FakeCheckout;
use crate::domain::change::RepoPath;

const LIMITS: Limits = Limits { max_bytes: 10_000 };

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

/// Plans and writes a reply; everything in the checkout is shown.
fn edit(checkout: &FakeCheckout, shown: &[&str], reply: &str) -> Result<Planned, String> {
    let shown: BTreeSet<RepoPath> = shown.iter().map(|name| path(name)).collect();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let planned = plan(reply, checkout, &shown, LIMITS).await.unwrap().map_err(|refused| refused.to_string())?;
        planned.write(checkout).await.unwrap();
        Ok(planned)
    })
}

#[track_caller]
fn check(before: &str, reply: &str, after: &str) {
    let checkout = FakeCheckout::new(&[("src/a.rs", before.as_bytes())]);
    edit(&checkout, &["src/a.rs"], reply).unwrap();
    assert_eq!(String::from_utf8(checkout.bytes("src/a.rs").unwrap()).unwrap(), after);
}

#[track_caller]
fn refused(before: &str, reply: &str, expected: &str) {
    let checkout = FakeCheckout::new(&[("src/a.rs", before.as_bytes())]);
    let said = edit(&checkout, &["src/a.rs"], reply).unwrap_err();
    let said = said.strip_prefix("nothing was written, because not all edits can be made:\n- ").unwrap();
    assert_eq!(said, expected);
    assert_eq!(checkout.bytes("src/a.rs").unwrap(), before.as_bytes());
}

const FILE: &str = "fn a() {\n    one();\n    two();\n}\n\nfn b() {\n    one();\n}\n";
const AFTER: &str = "fn a() {\n    one();\n    second_one();\n}\n\nfn b() {\n    one();\n}\n";

#[test]
fn every_format_makes_the_same_edit() {
    for reply in [
        "Sure:\n\nsrc/a.rs\n```rust\n<<<<<<< SEARCH\n    two();\n=======\n    second_one();\n>>>>>>> REPLACE\n```\nDone.\n",
        "```rust src/a.rs\n------- SEARCH\n    two();\n=======\n    second_one();\n+++++++ REPLACE\n```\n",
        "src/a.rs\n<<<<<<< SEARCH\n:start_line:3\n-------\n    two();\n=======\n    second_one();\n>>>>>>> REPLACE\n",
        "```diff\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -90,3 +90,9 @@ fn a\n     one();\n-    two();\n+    second_one();\n }\n```\n",
        "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ @@\n-    two();\n+    second_one();\n\nThat is all.\n",
        "*** Begin Patch\n*** Update File: src/a.rs\n@@ fn a() {\n     one();\n-    two();\n+    second_one();\n*** End Patch\n",
        r#"{"command":"str_replace","path":"src/a.rs","old_str":"two()","new_str":"second_one()"}"#,
        "`src/a.rs`:\n```rust\nfn a() {\n    one();\n    second_one();\n}\n\nfn b() {\n    one();\n}\n```\n",
    ] {
        check(FILE, reply, AFTER);
        check(&FILE.replace('\n', "\r\n"), reply, &AFTER.replace('\n', "\r\n"));
        check(FILE, &reply.replace('\n', "\r\n"), AFTER);
        check(&format!("\u{feff}{FILE}"), reply, &format!("\u{feff}{AFTER}"));
        let planned = edit(&FakeCheckout::new(&[("src/a.rs", AFTER.as_bytes())]), &["src/a.rs"], reply).unwrap();
        assert!(planned.is_empty(), "{reply}");
    }
}

#[test]
fn files_are_made_moved_and_deleted_with_their_modes() {
    let checkout = FakeCheckout::new(&[("run.sh", b"#!/bin/sh\nold\n"), ("gone", b"x\n"), ("old.txt", b"a\nb\n")])
        .with_executable("run.sh");
    let reply = "diff --git a/new.sh b/new.sh\nnew file mode 100755\n--- /dev/null\n+++ b/new.sh\n@@ -0,0 +1,2 @@\n+one\n+two\n\
                 \\ No newline at end of file\n\
                 diff --git a/old.txt b/dir/new.txt\nsimilarity index 60%\nrename from old.txt\nrename to dir/new.txt\n\
                 --- a/old.txt\n+++ b/dir/new.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\
                 diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
                 --- a/run.sh\n+++ b/run.sh\n@@ -1,2 +1,2 @@\n #!/bin/sh\n-old\n+new\n";
    let planned = edit(&checkout, &["run.sh", "gone", "old.txt"], reply).unwrap();
    let seen: Vec<_> =
        planned.files.iter().map(|file| (file.path.as_str(), file.after.is_some(), file.executable)).collect();
    assert_eq!(
        seen,
        [
            ("dir/new.txt", true, false),
            ("gone", false, false),
            ("new.sh", true, true),
            ("old.txt", false, false),
            ("run.sh", true, true)
        ]
    );
    assert_eq!(checkout.bytes("new.sh").unwrap(), b"one\ntwo");
    assert_eq!(checkout.bytes("dir/new.txt").unwrap(), b"a\nc\n");
    assert_eq!((checkout.bytes("gone"), checkout.bytes("old.txt")), (None, None));
    let changes = planned.change_set();
    assert_eq!(changes.files[1].before, Some(crate::domain::ids::Digest::of("x\n")));
    assert_eq!(changes.files[2].before, None);
}

#[test]
fn a_final_newline_changes_only_where_the_diff_says_so() {
    let diff =
        |old: &str, new: &str| format!("--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,2 +1,2 @@\n a\n-b\n{old}+c\n{new}");
    let none = "\\ No newline at end of file\n";
    check("a\nb", &diff("", ""), "a\nc");
    check("a\nb", &diff(none, ""), "a\nc\n");
    check("a\nb\n", &diff("", none), "a\nc");
    check("a\nb", &diff(none, none), "a\nc");
    check("a\nb\n", &diff("", ""), "a\nc\n");
}

#[test]
fn all_edits_are_placed_in_the_file_as_it_was_or_none() {
    let block = |old: &str, new: &str| format!("src/a.rs\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n");
    let both = block("fn b() {\n", "fn c() {\n") + &block("    two();\n", "    second_one();\n");
    check(FILE, &both, &AFTER.replace("fn b", "fn c"));
    check(FILE, &(block("    two();\n", "    second_one();\n") + &block("    two();\n", "    second_one();\n")), AFTER);
    refused(
        FILE,
        &(block("    two();\n", "    second_one();\n") + &block("    two();\n}\n", "    3();\n}\n")),
        "`src/a.rs` (line 8 of the reply): it changes the same lines as the edit at line 2 of the reply; \
         write one edit for both",
    );
    refused(
        FILE,
        &(block("    two();\n", "    second_one();\n") + &block("    one();\n", "    1();\n")),
        "`src/a.rs` (line 8 of the reply): the old text stands 2 times in `src/a.rs` (lines 2, 7); \
         add lines around it until it is unique",
    );
}

#[test]
fn refusals_say_what_to_do() {
    refused(
        FILE,
        "src/a.rs\n<<<<<<< SEARCH\nfn a() {\n    one();\n    three();\n=======\n    3();\n>>>>>>> REPLACE\n",
        "`src/a.rs` (line 2 of the reply): the old text does not stand in `src/a.rs`; \
         the nearest place differs first at line 3:\nfile:     \u{20}   two();\nthe old text:     three();",
    );
    refused(
        FILE,
        "src/a.rs\n<<<<<<< SEARCH\n    two();\n=======\n    2",
        "line 2: the edit that begins here is cut off, >>>>>>> REPLACE is missing; write it whole",
    );
    refused(
        FILE,
        "src/a.rs\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n",
        "`src/a.rs` (line 2 of the reply): the file exists already; give the text to replace",
    );
    refused(
        FILE,
        "src/a.rs\n```\nfn a() {\n    // ... existing code ...\n}\n```\n",
        "`src/a.rs` (line 2 of the reply): the text leaves code out (`// ... existing code ...`); write the whole file",
    );
    refused(FILE, "I would rather not.\n", "the reply holds no edit in a known format");
    refused(
        FILE,
        "--- a/../up\n+++ b/../up\n@@ -1 +1 @@\n-x\n+y\n",
        "`../up` (line 3 of the reply): `../up` is no path inside the repository (relative, without `..`, not in .git)",
    );
    refused(
        FILE,
        "<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n",
        "line 1: the edit names no file; write its path on the line above",
    );
}

#[test]
fn files_that_were_not_read_and_links_are_refused() {
    let checkout = FakeCheckout::new(&[("a", b"x\n"), ("b", b"x\n")]).with_link("link");
    let block = |name: &str| format!("`{name}`\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n");
    assert!(edit(&checkout, &["a"], &block("b")).unwrap_err().contains("read it before editing it"));
    assert!(edit(&checkout, &["a"], &block("link/c")).unwrap_err().contains("symbolic link"));
    assert!(edit(&checkout, &["a"], &block("nothing")).unwrap_err().contains("there is no such file"));
    assert!(edit(&checkout, &["a"], &(block("a") + &block("b"))).is_err());
    assert_eq!(checkout.bytes("a").unwrap(), b"x\n");
}

#[test]
fn a_deletion_is_not_taken_for_made_because_its_context_stands_elsewhere() {
    let file = "};\n\nconst A: G = G {\n    name: \"a\",\n};\n\nconst B: G = G {\n    name: \"b\",\n};\n";
    let checkout = FakeCheckout::new(&[("a", file.as_bytes())]);
    let reply = "`a`\n<<<<<<< SEARCH\n};\n\nconst A: G = G {\n    name: \"z\",\n};\n\nconst B: G = G {\n=======\n};\n\nconst B: G = G {\n>>>>>>> REPLACE\n";
    assert!(edit(&checkout, &["a"], reply).is_err());
    let file = "a {\n  {\n  }\n}\n\nb {\n  {\n  }\n  flags |= SOME;\n}\n\n";
    refused(
        file,
        "`src/a.rs`\n<<<<<<< SEARCH\n  }\n  flags |= EMOS;\n}\n\n=======\n  }\n}\n\n>>>>>>> REPLACE\n",
        "`src/a.rs` (line 2 of the reply): the old text does not stand in `src/a.rs`; \
         the nearest place differs first at line 9:\nfile:       flags |= SOME;\nthe old text:   flags |= EMOS;",
    );
    let branch = "if x {\n    name = 1;\n    note = 0;\n} else {\n    name = 2;\n}\n\nlast();\n";
    let reply = "`src/a.rs`\n<<<<<<< SEARCH\n} else {\n    name = 2;\n    note = 0;\n}\n\nlast();\n=======\n\
                 } else {\n    name = 2;\n}\n\nlast();\n>>>>>>> REPLACE\n";
    check(branch, reply, branch);
}

#[tokio::test]
async fn a_file_that_changed_since_is_not_overwritten() {
    use crate::ports::checkout::Checkout as _;
    let checkout = FakeCheckout::new(&[("a", b"x\n")]);
    let shown = [path("a")].into_iter().collect();
    let reply = "`a`\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n";
    let planned = plan(reply, &checkout, &shown, LIMITS).await.unwrap().unwrap();
    checkout.write(&path("a"), b"other\n").await.unwrap();
    assert!(planned.write(&checkout).await.is_err());
    assert_eq!(checkout.bytes("a").unwrap(), b"other\n");
}

/// Lines that are often equal, so that places are often ambiguous, with any bytes in between.
fn file_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = prop_oneof![
        Just(b"}".to_vec()),
        Just(Vec::new()),
        "[a-c]{1,3}".prop_map(String::into_bytes),
        "[ \t]{0,4}[a-z]{4,9}\\(\\);".prop_map(String::into_bytes),
        Just(b"caf\xe9 = 1;".to_vec()),
        Just("say “hi”\u{a0}now".as_bytes().to_vec()),
    ];
    proptest::collection::vec(line, 1..25)
}

fn joined(lines: &[Vec<u8>], end: &[u8], final_newline: bool) -> Vec<u8> {
    let mut bytes = lines.join(end);
    if final_newline {
        bytes.extend_from_slice(end);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes_that_no_edit_names_never_change(
        lines in file_lines(), at in 0_usize..25, len in 1_usize..6, crlf: bool, final_newline: bool, space in 0_usize..3,
    ) {
        let start = at % lines.len();
        let stop = (start + len).min(lines.len());
        let old: Vec<String> = lines[start..stop].iter()
            .map(|line| format!("{}{}", String::from_utf8_lossy(line), " ".repeat(space))).collect();
        let reply = format!(
            "`f`\n<<<<<<< SEARCH\n{0}\n=======\n{0}\nunheard_of();\n>>>>>>> REPLACE\n", old.join("\n"));
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let before = joined(&lines, end, final_newline);
        prop_assume!(!before.is_empty());
        let checkout = FakeCheckout::new(&[("f", &before)]);
        let said = edit(&checkout, &["f"], &reply);
        let after = checkout.bytes("f").unwrap();
        if said.is_err() {
            prop_assert_eq!(after, before);
        } else {
                // Take the new line out again, and the file is as it was, to the byte.
                let body = crate::codebase::text::lines(&after);
                let new: Vec<usize> = (0..body.len()).filter(|line| body[*line].text.ends_with(b"unheard_of();")).collect();
                prop_assert_eq!(new.len(), 1);
                let mut rest: Vec<Vec<u8>> = body.iter().map(|line| line.text.to_vec()).collect();
                rest.remove(new[0]);
                prop_assert_eq!(joined(&rest, end, final_newline), joined(&lines_of(&before), end, final_newline));
                prop_assert_eq!(after.ends_with(b"\n"), before.ends_with(b"\n"));
                prop_assert!(!crlf || !before.contains(&b'\n') || body.iter().all(|line| line.end != b"\n"));
        }
    }

    #[test]
    fn a_reply_that_is_refused_writes_nothing_and_no_reply_panics(
        lines in file_lines(), noise in "(<<<<<<< SEARCH|=======|>>>>>>> REPLACE|\\*\\*\\* Begin Patch|\\*\\*\\* End Patch|\\*\\*\\* Update File: f|--- a/f|\\+\\+\\+ b/f|@@ -1,2 \\+1 @@|`f`|```|[ +-]}|[+-][a-c]{0,2}|\\.\\.\\.|\\{|\n){0,40}",
    ) {
        let before = joined(&lines, b"\n", true);
        let reply = noise.replace("SEARCH", "SEARCH\n").replace("REPLACE", "REPLACE\n").replace("=======", "\n=======\n");
        let checkout = FakeCheckout::new(&[("f", &before)]);
        if edit(&checkout, &["f"], &reply).is_err() {
            prop_assert_eq!(checkout.bytes("f").unwrap(), before);
        }
    }

    #[test]
    fn one_bad_block_of_two_writes_nothing(lines in file_lines(), first: bool) {
        let before = joined(&lines, b"\n", true);
        let good = "`new.txt`\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n".to_owned();
        let bad = "`f`\n<<<<<<< SEARCH\nnot_in_the_file_at_all();\n=======\nx\n>>>>>>> REPLACE\n".to_owned();
        let reply = if first { good + &bad } else { bad + &good };
        let checkout = FakeCheckout::new(&[("f", &before)]);
        prop_assert!(edit(&checkout, &["f"], &reply).is_err());
        prop_assert_eq!(checkout.bytes("f").unwrap(), before);
        prop_assert_eq!(checkout.bytes("new.txt"), None);
    }
}

fn lines_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    crate::codebase::text::lines(bytes).iter().map(|line| line.text.to_vec()).collect()
}

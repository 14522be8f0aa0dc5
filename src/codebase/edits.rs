//! The engineer's three ways to change a file, each all or nothing. A refusal is an answer in words to act on.

use super::place::{Names, Placed, Refusal, leniency, place, refused};
use super::text::{LineEnds, is_binary, line_ends, with_line_ends};
use crate::domain::change::RepoPath;
use crate::ports::checkout::{Checkout, CheckoutError};

/// What came of an edit. Only [`EditOutcome::Done`] has touched the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditOutcome {
    Done(String),
    AlreadyApplied(String),
    Refused(String),
}

/// Replaces `old` by `new` where `old` stands exactly once.
pub async fn edit_file(
    checkout: &dyn Checkout,
    path: &RepoPath,
    old: &str,
    new: &str,
    max_bytes: u64,
) -> Result<EditOutcome, CheckoutError> {
    let Some(bytes) = read(checkout, path).await? else {
        return Ok(EditOutcome::Refused(format!("`{path}` does not exist; use write_file to create it")));
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(refused) => return Ok(refused),
    };
    match place(&bytes, old, new) {
        Ok(Placed::AlreadyApplied { line }) => Ok(EditOutcome::AlreadyApplied(format!(
            "already applied: `{path}` has new_text at line {line}; nothing was written"
        ))),
        Ok(Placed::Changed { bytes: after, tier, line }) => {
            if let Some(refused) = too_large(path, after.len(), max_bytes) {
                return Ok(refused);
            }
            checkout.write(path, &after).await?;
            Ok(EditOutcome::Done(format!("edited `{path}` at line {line}{}", leniency(tier, NAMES))))
        }
        Err(refusal) => Ok(EditOutcome::Refused(refused(path, &refusal, NAMES))),
    }
}

/// Writes a whole file. An existing file keeps its line ends and its byte order mark.
pub async fn write_file(
    checkout: &dyn Checkout,
    path: &RepoPath,
    content: &str,
    max_bytes: u64,
) -> Result<EditOutcome, CheckoutError> {
    let before = match read(checkout, path).await? {
        None => None,
        Some(Ok(bytes)) => Some(bytes),
        Some(Err(refused)) => return Ok(refused),
    };
    let after = match &before {
        None => content.to_owned(),
        Some(bytes) if is_binary(bytes) => return Ok(EditOutcome::Refused(refused(path, &Refusal::Binary, NAMES))),
        Some(bytes) if std::str::from_utf8(bytes).is_err() => {
            return Ok(EditOutcome::Refused(format!(
                "`{path}` is not UTF-8, so it can't be rewritten whole; use edit_file"
            )));
        }
        Some(bytes) => {
            let text = if line_ends(bytes) == LineEnds::Crlf {
                with_line_ends(content, LineEnds::Crlf)
            } else {
                content.to_owned()
            };
            if bytes.starts_with(BOM) && !text.as_bytes().starts_with(BOM) { format!("\u{feff}{text}") } else { text }
        }
    };
    if let Some(refused) = too_large(path, after.len(), max_bytes) {
        return Ok(refused);
    }
    if before.as_deref() == Some(after.as_bytes()) {
        return Ok(EditOutcome::AlreadyApplied(format!("`{path}` has this content already; nothing was written")));
    }
    checkout.write(path, after.as_bytes()).await?;
    let verb = if before.is_some() { "rewrote" } else { "created" };
    Ok(EditOutcome::Done(format!("{verb} `{path}` ({} lines)", after.lines().count())))
}

pub async fn delete_file(checkout: &dyn Checkout, path: &RepoPath) -> Result<EditOutcome, CheckoutError> {
    match read(checkout, path).await? {
        None => Ok(EditOutcome::Refused(format!("`{path}` does not exist"))),
        Some(Err(refused)) => Ok(refused),
        Some(Ok(_)) => {
            checkout.remove(path).await?;
            Ok(EditOutcome::Done(format!("deleted `{path}`")))
        }
    }
}

const NAMES: Names = Names { old: "old_text", new: "new_text" };

const BOM: &[u8] = "\u{feff}".as_bytes();

/// A path that the checkout does not let us use is the model's to correct; a checkout that fails is not.
async fn read(checkout: &dyn Checkout, path: &RepoPath) -> Result<Option<Result<Vec<u8>, EditOutcome>>, CheckoutError> {
    match checkout.read(path).await {
        Ok(bytes) => Ok(bytes.map(Ok)),
        Err(error @ CheckoutError::Path { .. }) => Ok(Some(Err(EditOutcome::Refused(error.to_string())))),
        Err(error) => Err(error),
    }
}

fn too_large(path: &RepoPath, bytes: usize, most: u64) -> Option<EditOutcome> {
    (bytes as u64 > most)
        .then(|| EditOutcome::Refused(format!("`{path}` would have {bytes} bytes; at most {most} are allowed")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    fn path(text: &str) -> RepoPath {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn an_edit_is_written_or_refused_with_words() {
        let checkout = FakeCheckout::new(&[("a.rs", b"x = 1\r\ny\r\nx = 1\r\n")]);
        let edit = async |old, new| edit_file(&checkout, &path("a.rs"), old, new, 100).await.unwrap();
        assert_eq!(edit("y", "z").await, EditOutcome::Done("edited `a.rs` at line 2".into()));
        assert_eq!(checkout.bytes("a.rs").unwrap(), b"x = 1\r\nz\r\nx = 1\r\n");
        let refused = "old_text stands 2 times in `a.rs` (lines 1, 3); add lines around it until it is unique";
        assert_eq!(edit("x = 1", "x = 2").await, EditOutcome::Refused(refused.into()));
        let refused = "old_text does not stand in `a.rs`; the nearest place differs first at line 2:\n\
                       file:     z\nold_text: q";
        assert_eq!(edit("x = 1\nq\n", "x = 2").await, EditOutcome::Refused(refused.into()));
        let EditOutcome::Refused(text) = edit("z", &"long".repeat(50)).await else { panic!("refused") };
        assert!(text.contains("at most 100 are allowed"));
        let missing = edit_file(&checkout, &path("b.rs"), "a", "b", 100).await.unwrap();
        assert_eq!(missing, EditOutcome::Refused("`b.rs` does not exist; use write_file to create it".into()));
    }

    #[tokio::test]
    async fn a_rewritten_file_keeps_line_ends_and_mark() {
        let checkout = FakeCheckout::new(&[("a", "\u{feff}a\r\n".as_bytes()), ("latin", b"\xe9"), ("bin", b"\0")]);
        let write = async |at, text| write_file(&checkout, &path(at), text, 1000).await.unwrap();
        assert_eq!(write("a", "b\nc\n").await, EditOutcome::Done("rewrote `a` (2 lines)".into()));
        assert_eq!(checkout.bytes("a").unwrap(), "\u{feff}b\r\nc\r\n".as_bytes());
        assert!(matches!(write("a", "b\nc\n").await, EditOutcome::AlreadyApplied(_)));
        assert!(matches!(write("latin", "x").await, EditOutcome::Refused(_)));
        assert!(matches!(write("bin", "x").await, EditOutcome::Refused(_)));
        assert_eq!(write("new/c", "x\n").await, EditOutcome::Done("created `new/c` (1 lines)".into()));
    }

    #[tokio::test]
    async fn links_are_refused_by_every_edit() {
        let checkout = FakeCheckout::new(&[]).with_link("out");
        for refused in [
            edit_file(&checkout, &path("out/x"), "a", "b", 10).await.unwrap(),
            write_file(&checkout, &path("out"), "b", 10).await.unwrap(),
            delete_file(&checkout, &path("out/x")).await.unwrap(),
        ] {
            let EditOutcome::Refused(text) = refused else { panic!("refused") };
            assert!(text.contains("symbolic link"), "{text}");
        }
    }

    #[tokio::test]
    async fn deleting_what_is_not_there_is_refused() {
        let checkout = FakeCheckout::new(&[("a", b"x")]);
        assert_eq!(delete_file(&checkout, &path("a")).await.unwrap(), EditOutcome::Done("deleted `a`".into()));
        assert_eq!(
            delete_file(&checkout, &path("a")).await.unwrap(),
            EditOutcome::Refused("`a` does not exist".into())
        );
    }
}

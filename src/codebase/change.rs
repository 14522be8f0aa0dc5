//! From edited paths to a change set: what stood there before, what stands there now.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use super::text::is_binary;
use crate::domain::change::{ChangeSet, FileChange, FileContent, RepoPath};
use crate::domain::ids::Digest;
use crate::ports::checkout::{Checkout, CheckoutError};

/// One file that differs from the base commit, with both contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    pub path: RepoPath,
    /// `None` for a new file.
    pub before: Option<Vec<u8>>,
    /// `None` for a deleted file.
    pub after: Option<Vec<u8>>,
    pub executable: bool,
    pub added: u64,
    pub removed: u64,
}

/// Everything that changed, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits {
    pub files: Vec<FileEdit>,
}

impl Edits {
    /// Reads the paths before and after; those that are as they were are left out.
    pub async fn gather(checkout: &dyn Checkout, paths: &BTreeSet<RepoPath>) -> Result<Self, CheckoutError> {
        let mut files = Vec::new();
        for path in paths {
            let before = checkout.original(path).await?;
            let after = checkout.read(path).await?;
            if before == after {
                continue;
            }
            let executable = after.is_some() && checkout.is_executable(path).await?;
            let (added, removed) = counts(before.as_deref(), after.as_deref());
            files.push(FileEdit { path: path.clone(), before, after, executable, added, removed });
        }
        Ok(Self { files })
    }

    pub fn change_set(&self) -> ChangeSet {
        let change = |edit: &FileEdit| FileChange {
            path: edit.path.clone(),
            before: edit.before.as_ref().map(Digest::of),
            after: edit.after.as_ref().map(|bytes| FileContent { bytes: bytes.clone(), executable: edit.executable }),
        };
        ChangeSet { files: self.files.iter().map(change).collect() }
    }

    /// Lines added and removed together.
    pub fn changed_lines(&self) -> u64 {
        self.files.iter().map(|file| file.added + file.removed).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A digest that tells two states of the work apart.
    pub fn digest(&self) -> Digest {
        self.change_set().digest()
    }
}

/// A unified diff with three lines of context; binary files are only named.
pub fn unified_diff(edit: &FileEdit) -> String {
    let (before, after) = (edit.before.as_deref().unwrap_or_default(), edit.after.as_deref().unwrap_or_default());
    if is_binary(before) || is_binary(after) {
        return format!("binary file {} differs\n", edit.path);
    }
    let name = |side: &str, there: bool| if there { format!("{side}/{}", edit.path) } else { "/dev/null".to_owned() };
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    TextDiff::from_lines(before.as_ref(), after.as_ref())
        .unified_diff()
        .context_radius(3)
        .header(&name("a", edit.before.is_some()), &name("b", edit.after.is_some()))
        .to_string()
}

/// Lines added and removed; a binary file counts as one line on each side that exists.
fn counts(before: Option<&[u8]>, after: Option<&[u8]>) -> (u64, u64) {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    if is_binary(old) || is_binary(new) {
        return (u64::from(after.is_some()), u64::from(before.is_some()));
    }
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    let mut counts = (0, 0);
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Insert => counts.0 += 1,
            ChangeTag::Delete => counts.1 += 1,
            ChangeTag::Equal => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    #[tokio::test]
    async fn only_what_differs_is_in_the_change_set() {
        let checkout =
            FakeCheckout::new(&[("a.sh", b"one\ntwo\n"), ("b", b"x"), ("c", b"gone\n")]).with_executable("a.sh");
        let path = |text: &str| text.parse::<RepoPath>().unwrap();
        checkout.write(&path("a.sh"), b"one\n2\nthree\n").await.unwrap();
        checkout.write(&path("b"), b"x").await.unwrap();
        checkout.write(&path("new/d"), b"\0\xff").await.unwrap();
        checkout.remove(&path("c")).await.unwrap();
        let paths = ["a.sh", "b", "c", "new/d", "never"].map(path).into_iter().collect();
        let edits = Edits::gather(&checkout, &paths).await.unwrap();
        let seen: Vec<(&str, u64, u64)> =
            edits.files.iter().map(|file| (file.path.as_str(), file.added, file.removed)).collect();
        assert_eq!(seen, [("a.sh", 2, 1), ("c", 0, 1), ("new/d", 1, 0)]);
        assert_eq!(edits.changed_lines(), 5);
        let changes = edits.change_set();
        assert_eq!(changes.files[0].before, Some(Digest::of("one\ntwo\n")));
        assert!(changes.files[0].after.as_ref().unwrap().executable);
        assert_eq!(changes.files[1].after, None);
        assert_eq!(changes.files[2].before, None);
        assert_eq!(unified_diff(&edits.files[0]), "--- a/a.sh\n+++ b/a.sh\n@@ -1,2 +1,3 @@\n one\n-two\n+2\n+three\n");
        assert_eq!(unified_diff(&edits.files[1]), "--- a/c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n");
        assert_eq!(unified_diff(&edits.files[2]), "binary file new/d differs\n");
    }
}

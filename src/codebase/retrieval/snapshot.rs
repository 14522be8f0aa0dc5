//! A checkout's program text held in memory, so that the scan reads it from its own threads and no other task has to wait.

use super::RetrievalError;
use super::classify::{Class, Classifier};
use super::history::History;
use super::query::Question;
use super::rank::{Limits, Retrieved, retrieve};
use super::tree::{READ_CAP, Reader, Tree};
use crate::ports::checkout::{Checkout, CheckoutError, FileKind};

/// Bytes of all files together that are held; files beyond are counted as left out.
const MOST_HELD: u64 = 512 * 1024 * 1024;
/// Files that are read before other tasks get their turn.
const AT_ONCE: usize = 64;

/// The tracked files as they stand in the working tree. Only sources and tests are read: nothing else is searched.
pub struct Snapshot {
    paths: Vec<String>,
    /// By path; `None` is a file that was not read.
    contents: Vec<Option<Vec<u8>>>,
    left_out: usize,
}

impl Snapshot {
    pub async fn of(checkout: &dyn Checkout) -> Result<Self, CheckoutError> {
        Self::bounded(checkout, MOST_HELD).await
    }

    async fn bounded(checkout: &dyn Checkout, most: u64) -> Result<Self, CheckoutError> {
        let classes = Classifier::new().map_err(|error| unusable(&error))?;
        let mut files = checkout.tracked().await?;
        files.retain(|file| matches!(file.kind, FileKind::Regular | FileKind::Executable));
        files.sort_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
        let mut snapshot = Self { paths: Vec::new(), contents: Vec::new(), left_out: 0 };
        let mut held = 0;
        for (at, file) in files.iter().enumerate() {
            if at % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let mut content = None;
            if matches!(classes.class(file.path.as_str()), Class::Source | Class::Test) {
                if held + file.size.min(READ_CAP) <= most {
                    content = checkout.read(&file.path).await.ok().flatten();
                }
                snapshot.left_out += usize::from(content.is_none());
            }
            if let Some(bytes) = &mut content {
                bytes.truncate(usize::try_from(READ_CAP).unwrap_or(usize::MAX));
                bytes.shrink_to_fit();
                held += bytes.len() as u64;
            }
            snapshot.paths.push(file.path.to_string());
            snapshot.contents.push(content);
        }
        Ok(snapshot)
    }

    /// Files that were read.
    pub fn held(&self) -> usize {
        self.contents.iter().flatten().count()
    }

    /// Sources and tests that could not be read, or that were too much together.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// [`retrieve`] on a thread for long work.
    pub async fn retrieve(
        self,
        history: History,
        question: Question,
        limits: Limits,
    ) -> Result<Retrieved, CheckoutError> {
        tokio::task::spawn_blocking(move || retrieve(&self, &history, &question, limits))
            .await
            .unwrap_or(Err(RetrievalError::Thread))
            .map_err(|error| unusable(&error))
    }
}

fn unusable(error: &RetrievalError) -> CheckoutError {
    CheckoutError::Unusable { reason: error.to_string() }
}

impl Tree for Snapshot {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError> {
        Ok(Box::new(Held(self)))
    }
}

struct Held<'a>(&'a Snapshot);

impl Reader for Held<'_> {
    fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool {
        into.clear();
        let Some(Some(bytes)) = self.0.contents.get(index) else { return false };
        into.extend_from_slice(bytes);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::FakeCheckout;

    fn checkout() -> FakeCheckout {
        let files: &[(&str, &[u8])] =
            &[("src/b.rs", b"fn b() {}\n"), ("src/a.rs", b"fn a() {}\n"), ("README.md", b"# A\n"), ("Cargo.toml", b"")];
        FakeCheckout::new(files).with_link("src/link.rs")
    }

    #[tokio::test]
    async fn sources_are_held_other_files_are_listed_and_links_are_neither() {
        let snapshot = Snapshot::of(&checkout()).await.unwrap();
        assert_eq!(snapshot.paths(), ["Cargo.toml", "README.md", "src/a.rs", "src/b.rs"]);
        assert_eq!((snapshot.held(), snapshot.left_out()), (2, 0));
        let (mut reader, mut bytes) = (snapshot.reader().unwrap(), b"old".to_vec());
        assert!(reader.read(2, &mut bytes) && bytes == b"fn a() {}\n");
        assert!(!reader.read(1, &mut bytes) && bytes.is_empty());
        assert!(!reader.read(9, &mut bytes));
    }

    #[tokio::test]
    async fn what_the_working_tree_holds_counts_and_not_the_commit() {
        let checkout = checkout();
        checkout.write(&"src/a.rs".parse().unwrap(), b"fn changed() {}\n").await.unwrap();
        checkout.remove(&"src/b.rs".parse().unwrap()).await.unwrap();
        let snapshot = Snapshot::of(&checkout).await.unwrap();
        let mut bytes = Vec::new();
        assert!(snapshot.reader().unwrap().read(2, &mut bytes) && bytes == b"fn changed() {}\n");
        assert_eq!((snapshot.held(), snapshot.left_out()), (1, 1));
    }

    #[tokio::test]
    async fn what_is_too_much_together_is_counted() {
        let snapshot = Snapshot::bounded(&checkout(), 15).await.unwrap();
        assert_eq!((snapshot.held(), snapshot.left_out()), (1, 1));
    }

    #[tokio::test]
    async fn a_huge_file_is_held_up_to_the_cap() {
        let huge = vec![b'\n'; 3 << 20];
        let snapshot = Snapshot::of(&FakeCheckout::new(&[("a.rs", &huge)])).await.unwrap();
        let mut bytes = Vec::new();
        assert!(snapshot.reader().unwrap().read(0, &mut bytes));
        assert_eq!(bytes.len() as u64, READ_CAP);
    }
}

//! The cases, the repositories they come from, and trees whose blobs are read once a repository.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autonomy::codebase::retrieval::{Class, Classifier, CommitTree, Reader, RetrievalError, Tree};
use serde::Deserialize;

use crate::Failed;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Case {
    pub(crate) repo: String,
    pub(crate) parent: String,
    pub(crate) text: String,
    pub(crate) gold_files: Vec<String>,
    pub(crate) changed_tests: Vec<String>,
    pub(crate) hard: bool,
}

/// Short names of the tuning corpus; any other name is taken as the folder's name.
const FOLDERS: [(&str, &str); 8] = [
    ("sqlalchemy", "sqlalchemy+sqlalchemy"),
    ("cargo", "rust-lang+cargo"),
    ("gotools", "golang+tools"),
    ("components", "angular+components"),
    ("spring", "spring-projects+spring-framework"),
    ("curl", "curl+curl"),
    ("rails", "rails+rails"),
    ("deno", "denoland+deno"),
];

pub(crate) fn repository(root: &Path, name: &str) -> PathBuf {
    let folder = FOLDERS.iter().find(|(short, _)| *short == name).map_or(name, |(_, folder)| folder);
    let named = root.join(folder).join("repo");
    if named.exists() {
        return named;
    }
    // `<owner>+<name>` may be asked for by the name alone.
    let ending = format!("+{name}");
    let found = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> = found.filter(|path| path.to_string_lossy().ends_with(&ending)).collect();
    found.sort();
    found.first().map_or(named, |path| path.join("repo"))
}

/// Cases by repository; of a longer list `limit` cases spread over it.
pub(crate) fn read(folder: &Path, limit: usize) -> Result<BTreeMap<String, Vec<Case>>, Failed> {
    let mut all: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path)?.lines().filter(|line| !line.trim().is_empty()) {
            let case: Case = serde_json::from_str(line)?;
            all.entry(case.repo.clone()).or_default().push(case);
        }
    }
    for cases in all.values_mut() {
        let count = cases.len();
        let wanted = count.min(limit);
        let kept = (0..wanted).filter_map(|one| cases.get(one * count / wanted).cloned()).collect();
        *cases = kept;
    }
    Ok(all)
}

/// Blobs by name, kept over the cases of one repository: its snapshots share most of them.
#[derive(Default)]
pub(crate) struct Blobs {
    known: HashMap<String, Arc<[u8]>>,
}

impl Blobs {
    pub(crate) fn tree(&mut self, tree: &CommitTree) -> Result<Cached, Failed> {
        let classifier = Classifier::new()?;
        let mut reader = tree.reader()?;
        let mut bytes = Vec::new();
        let mut contents = Vec::with_capacity(tree.paths().len());
        for (at, (path, object)) in tree.paths().iter().zip(tree.objects()).enumerate() {
            if !matches!(classifier.class(path), Class::Source | Class::Test) {
                contents.push(None);
                continue;
            }
            if !self.known.contains_key(object) && reader.read(at, &mut bytes) {
                self.known.insert(object.clone(), bytes.as_slice().into());
            }
            contents.push(self.known.get(object).cloned());
        }
        Ok(Cached { paths: tree.paths().to_vec(), contents })
    }
}

/// A tree whose searchable files are in memory.
pub(crate) struct Cached {
    paths: Vec<String>,
    contents: Vec<Option<Arc<[u8]>>>,
}

impl Tree for Cached {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn reader(&self) -> Result<Box<dyn Reader + '_>, RetrievalError> {
        Ok(Box::new(CachedReader(self)))
    }
}

struct CachedReader<'a>(&'a Cached);

impl Reader for CachedReader<'_> {
    fn read(&mut self, index: usize, into: &mut Vec<u8>) -> bool {
        into.clear();
        match self.0.contents.get(index) {
            Some(Some(bytes)) => {
                into.extend_from_slice(bytes);
                true
            }
            _ => false,
        }
    }
}

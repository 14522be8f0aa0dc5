//! The corpus as its generator writes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) format: String,
    pub(crate) kind: String,
    pub(crate) expect: Expect,
    /// Refusing is right, too.
    pub(crate) lenient: bool,
    /// Path to the blob's name.
    pub(crate) tree: BTreeMap<String, String>,
    /// Path to the link's target.
    pub(crate) links: BTreeMap<String, String>,
    pub(crate) shown: Vec<String>,
    pub(crate) reply: String,
    pub(crate) after: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expect {
    Apply,
    Refuse,
    Noop,
}

pub(crate) fn read(folder: &Path) -> Result<Vec<Record>, Box<dyn std::error::Error>> {
    let file = folder.join("corpus.jsonl");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

pub(crate) fn blob(folder: &Path, name: &str) -> std::io::Result<Vec<u8>> {
    fs::read(folder.join("blobs").join(name))
}

//! Reading and checking the chain: whatever is edited, removed, reordered or unreadable stops, with its place.

use super::canonical::canonical;
use super::record::Record;
use crate::domain::ids::Digest;

/// What is wrong with the ledger, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is damaged at {path}, line {line}: {problem}")]
pub struct Damage {
    pub path: String,
    /// 1-based.
    pub line: usize,
    pub problem: String,
}

/// The records of all segments in order, and the hash of the last line.
#[derive(Debug, Clone)]
pub struct Chain {
    pub records: Vec<Record>,
    pub tip: Digest,
}

impl Default for Chain {
    fn default() -> Self {
        Self { records: Vec::new(), tip: Digest::of("") }
    }
}

/// Replays segments (path, text), sorted by path.
pub fn read(segments: &[(String, String)]) -> Result<Chain, Damage> {
    let mut chain = Chain::default();
    for (path, text) in segments {
        let damage = |line: usize, problem: String| Damage { path: path.clone(), line, problem };
        if !text.ends_with('\n') {
            return Err(damage(text.lines().count().max(1), "the segment does not end with a line end".into()));
        }
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let record: Record = serde_json::from_str(line)
                .map_err(|error| damage(line_number, format!("not a record ({})", short(&error))))?;
            let expected = chain.records.len() as u64 + 1;
            if record.v != Record::VERSION {
                return Err(damage(line_number, format!("format version {} is not known here", record.v)));
            }
            if record.seq != expected {
                return Err(damage(line_number, format!("record {} stands where {expected} belongs", record.seq)));
            }
            if index == 0 && !file_name(path).starts_with(&format!("{expected:08}-")) {
                return Err(damage(line_number, format!("the segment's name does not begin with {expected:08}")));
            }
            if record.prev != chain.tip {
                return Err(damage(line_number, format!("record {expected} does not follow from the one before")));
            }
            match canonical(&record) {
                Ok(spelling) if spelling == line => {}
                _ => return Err(damage(line_number, format!("record {expected} is not spelled canonically"))),
            }
            chain.tip = Digest::of(line);
            chain.records.push(record);
        }
    }
    Ok(chain)
}

/// The line of a record, without its end.
pub(super) fn line(record: &Record) -> Result<String, serde_json::Error> {
    canonical(record)
}

/// The folder and name of a segment: `seg/2026/11/00000001-<8 digits of its digest>.jsonl`.
pub(super) fn segment_path(first: &Record, text: &str) -> String {
    let digest = Digest::of(text);
    let id = digest.as_str().get(..8).unwrap_or_default();
    format!("seg/{}/{:08}-{id}.jsonl", first.t.format("%Y/%m"), first.seq)
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What serde says, without the content it quotes.
fn short(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column())
}

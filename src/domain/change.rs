//! A change set: file operations with the digests of what they replace.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{Digest, IdError};

/// A path inside the repository: relative, `/`-separated, no `.`/`..` parts, never inside `.git` in any case.
/// Whether a component is a symbolic link is looked at where the file system is at hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPath(String);

impl RepoPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepoPath {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad_part = |part: &str| {
            // HFS+ ignores these code points and NTFS trims these ends, so `.g\u{200c}it` and `.git .` name `.git` there.
            let folded: String = part
                .chars()
                .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
                .collect::<String>()
                .to_lowercase();
            let folded = folded.split(':').next().unwrap_or_default();
            let folded = folded.trim_end_matches(['.', ' ']);
            part.is_empty() || part == "." || part == ".." || folded == ".git" || folded == "git~1"
        };
        let bad = text.is_empty()
            || text.len() > 1024
            || text.contains('\\')
            || text.chars().any(char::is_control)
            || text.split('/').any(bad_part);
        if bad {
            Err(IdError::new(text, "a path inside the repository (relative, no `..`, not in .git)"))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl TryFrom<String> for RepoPath {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> Self {
        path.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// File operations against one base commit, at most one a path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeSet {
    pub files: Vec<FileChange>,
}

impl ChangeSet {
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn digest(&self) -> Digest {
        // A change set always serialises: it holds strings and bytes only.
        Digest::of(serde_json::to_vec(self).unwrap_or_default())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: RepoPath,
    /// Digest of the content that is replaced or deleted; `None` for a new file.
    pub before: Option<Digest>,
    /// `None` deletes the file.
    pub after: Option<FileContent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    #[serde(with = "base64_bytes")]
    pub bytes: Vec<u8>,
    pub executable: bool,
}

/// Bytes as base64 in JSON, because files need not be UTF-8.
mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|_| de::Error::custom("not base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_repository() {
        for good in ["a", "src/lib.rs", ".github/workflows/ci.yml", ".gitignore", "a b/ü.txt", "git/x"] {
            assert!(good.parse::<RepoPath>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a/./b",
            "a//b",
            ".git/config",
            "x/.GIT/hooks",
            "a\\b",
            "a\0b",
            ".g\u{200c}it/config",
            ".git./x",
            ".git ",
            "GIT~1/config",
            ".git::$INDEX_ALLOCATION/x",
            "a/",
        ] {
            assert!(bad.parse::<RepoPath>().is_err(), "{bad:?}");
        }
    }
}

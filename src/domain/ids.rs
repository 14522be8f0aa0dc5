//! Identifiers as types, so that a pull request's number is never passed for an issue's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number!(
    /// The number of an issue within its repository.
    IssueNumber
);
number!(
    /// The number of a pull request within its repository.
    PullNumber
);
number!(
    /// The database id of a comment.
    CommentId
);
number!(
    /// The database id of a user, an organisation or a bot. Logins change hands, ids do not.
    UserId
);
number!(
    /// The database id of a check run.
    CheckRunId
);

/// What was wrong with a text that should have been an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    text: String,
    expected: &'static str,
}

impl IdError {
    pub fn new(text: &str, expected: &'static str) -> Self {
        let text = text.chars().take(80).flat_map(char::escape_default).collect();
        Self { text, expected }
    }
}

/// The full hexadecimal id of a git commit (40 digits, or 64 with SHA-256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

impl CommitSha {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl FromStr for CommitSha {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let hex = text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, "a full commit id (40 or 64 lower-case hexadecimal digits)"))
        }
    }
}

impl TryFrom<String> for CommitSha {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<CommitSha> for String {
    fn from(sha: CommitSha) -> Self {
        sha.0
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a branch without `refs/heads/`, valid by git's rules
/// (<https://git-scm.com/docs/git-check-ref-format>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BranchName(String);

impl BranchName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the branch is one of ours by name. A name alone proves nothing: compare the author and the repository too.
    pub fn is_automated(&self) -> bool {
        self.0.starts_with("automated/")
    }
}

impl FromStr for BranchName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad_part = |part: &str| {
            part.is_empty()
                || part.starts_with('.')
                || part.ends_with('.')
                || part.to_ascii_lowercase().ends_with(".lock")
        };
        let bad_char = |c: char| c.is_control() || c == ' ' || "~^:?*[\\\u{7f}".contains(c);
        let bad = text.is_empty()
            || text.len() > 240
            || text.starts_with('-')
            || text == "@"
            || text.contains("..")
            || text.contains("@{")
            || text.chars().any(bad_char)
            || text.split('/').any(bad_part);
        if bad { Err(IdError::new(text, "a branch name that git accepts")) } else { Ok(Self(text.to_owned())) }
    }
}

impl TryFrom<String> for BranchName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<BranchName> for String {
    fn from(name: BranchName) -> Self {
        name.0
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `owner/name` of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoName {
    owner: String,
    name: String,
}

impl RepoName {
    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for RepoName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let ok = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match text.split_once('/') {
            Some((owner, name)) if ok(owner) && ok(name) => Ok(Self { owner: owner.to_owned(), name: name.to_owned() }),
            _ => Err(IdError::new(text, "a repository written as owner/name")),
        }
    }
}

impl TryFrom<String> for RepoName {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<RepoName> for String {
    fn from(repo: RepoName) -> Self {
        repo.to_string()
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A SHA-256 over bytes, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        use fmt::Write as _;
        let hash = ring::digest::digest(&ring::digest::SHA256, bytes.as_ref());
        let mut hex = String::with_capacity(64);
        for byte in hash.as_ref() {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for markers and people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_follow_git() {
        for good in ["main", "automated/12-add-login", "a.b/c_d", "é"] {
            assert!(good.parse::<BranchName>().is_ok(), "{good}");
        }
        for bad in ["", "-x", "a..b", "a b", "x.lock", "/a", "a/", "a//b", ".a", "a/.b", "@", "a@{1}", "a\nb", "a~"] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn commit_ids_are_full_and_lower_case() {
        assert!("0123456789abcdef0123456789abcdef01234567".parse::<CommitSha>().is_ok());
        for bad in ["", "0123", "0123456789ABCDEF0123456789ABCDEF01234567", "g123456789abcdef0123456789abcdef01234567"]
        {
            assert!(bad.parse::<CommitSha>().is_err(), "{bad}");
        }
    }

    #[test]
    fn repository_names_have_two_plain_parts() {
        assert_eq!("acme/web.app".parse::<RepoName>().unwrap().to_string(), "acme/web.app");
        for bad in ["", "acme", "a/b/c", "a b/c", "../x", "a/.."] {
            assert!(bad.parse::<RepoName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn digest_is_sha256() {
        assert_eq!(Digest::of("abc").as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

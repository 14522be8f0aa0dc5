//! References: read, list, compare-and-swap.

use anyhow::bail;

use super::Git;

const ZERO: &str = "0000000000000000000000000000000000000000";

/// How a reference update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefUpdate {
    Done,
    /// The new commit does not contain the old one, and force was not asked for.
    NotFastForward,
}

impl Git {
    /// The object a full reference names (`refs/heads/main`).
    pub(crate) fn ref_sha(&self, full: &str) -> Option<String> {
        self.try_text(&["rev-parse", "--quiet", "--verify", "--end-of-options", full])
    }

    /// The commit of a branch.
    pub(crate) fn branch(&self, name: &str) -> Option<String> {
        self.ref_sha(&format!("refs/heads/{name}"))
    }

    /// All references under a prefix, as (full name, object id), sorted by name.
    pub(crate) fn refs(&self, prefix: &str) -> Vec<(String, String)> {
        let text = self.try_text(&["for-each-ref", "--format=%(objectname) %(refname)"]).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, name)| name.starts_with(prefix))
            .map(|(sha, name)| (name.to_owned(), sha.to_owned()))
            .collect()
    }

    /// The commit that a branch, tag, full reference or commit id names.
    pub(crate) fn resolve(&self, name: &str) -> Option<String> {
        if name.is_empty() || name.starts_with('-') || name.contains("..") || name.contains(['^', '~', ':', '@', ' ']) {
            return None;
        }
        let is_hex = name.len() >= 7 && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let candidates = [format!("refs/heads/{name}"), format!("refs/tags/{name}"), format!("refs/{name}")];
        let named = candidates.into_iter().chain(name.starts_with("refs/").then(|| name.to_owned()));
        let hex = is_hex.then(|| name.to_owned());
        named.chain(hex).find_map(|name| self.ref_sha(&format!("{name}^{{commit}}")))
    }

    pub(crate) fn valid_ref(&self, full: &str) -> bool {
        self.succeeds(&["check-ref-format", full])
    }

    pub(crate) fn create_ref(&self, full: &str, sha: &str) -> anyhow::Result<()> {
        self.bytes(&["update-ref", full, sha, ZERO])?;
        Ok(())
    }

    /// Moves a reference from `old` to `new`, and fails when it is no longer at `old`.
    pub(crate) fn move_ref(&self, full: &str, old: &str, new: &str, force: bool) -> anyhow::Result<RefUpdate> {
        if !force && old != new && !self.contains(new, old) {
            return Ok(RefUpdate::NotFastForward);
        }
        self.bytes(&["update-ref", full, new, old])?;
        Ok(RefUpdate::Done)
    }

    /// Points a reference somewhere, whatever it was.
    pub(crate) fn set_ref(&self, full: &str, sha: &str) -> anyhow::Result<()> {
        self.bytes(&["update-ref", full, sha])?;
        Ok(())
    }

    pub(crate) fn delete_ref(&self, full: &str) -> anyhow::Result<()> {
        if self.ref_sha(full).is_none() {
            bail!("{full} does not exist");
        }
        self.bytes(&["update-ref", "-d", full])?;
        Ok(())
    }

    /// Whether `commit` is `ancestor` or descends from it.
    pub(crate) fn contains(&self, commit: &str, ancestor: &str) -> bool {
        self.succeeds(&["merge-base", "--is-ancestor", ancestor, commit])
    }
}

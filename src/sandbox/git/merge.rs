//! Merging without a work tree: `merge-tree --write-tree` plus new commit objects.

use anyhow::{Context as _, bail};

use super::{Git, NewCommit, Signature};

/// What a merge of two commits would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merged {
    Tree(String),
    Conflict,
}

impl Git {
    pub(crate) fn merge_base(&self, left: &str, right: &str) -> Option<String> {
        self.try_text(&["merge-base", left, right]).filter(|sha| !sha.is_empty())
    }

    /// The tree of the merge of two commits.
    pub(crate) fn merge_trees(&self, ours: &str, theirs: &str) -> anyhow::Result<Merged> {
        let args = ["merge-tree", "--write-tree", "--no-messages", ours, theirs];
        let output = self.output(&args, &[], &[])?;
        match output.status.code() {
            Some(0) => {
                let text = String::from_utf8_lossy(&output.stdout);
                Ok(Merged::Tree(text.lines().next().context("merge-tree printed no tree")?.trim().to_owned()))
            }
            Some(1) => Ok(Merged::Conflict),
            _ => bail!("git merge-tree failed: {}", String::from_utf8_lossy(&output.stderr).trim()),
        }
    }

    /// Replays the commits of `base..head` onto `base` and gives the last new commit, or nothing on a conflict.
    pub(crate) fn rebase(&self, base: &str, head: &str, committer: &Signature) -> anyhow::Result<Option<String>> {
        let list = self.text(&["rev-list", "--reverse", "--topo-order", "--no-merges", &format!("{base}..{head}")])?;
        let mut tip = base.to_owned();
        for sha in list.lines() {
            let commit = self.commit(sha)?;
            let Some(parent) = commit.parents.first() else { return Ok(None) };
            // A stand-in with the tip's tree and the commit's own parent makes that parent the merge base, so that the
            // merge is exactly the pick of this one commit.
            let tip_tree = self.commit(&tip)?.tree;
            let parents = [parent.clone()];
            let stand_in = self.write_commit(&NewCommit {
                tree: &tip_tree,
                parents: &parents,
                message: "stand-in",
                author: committer.clone(),
                committer: committer.clone(),
            })?;
            let Merged::Tree(tree) = self.merge_trees(&stand_in, sha)? else { return Ok(None) };
            tip = self.write_commit(&NewCommit {
                tree: &tree,
                parents: &[tip],
                message: &commit.message,
                author: commit.author,
                committer: committer.clone(),
            })?;
        }
        Ok(Some(tip))
    }

    /// The commits of `base..head`, oldest first.
    pub(crate) fn commits_between(&self, base: &str, head: &str) -> anyhow::Result<Vec<String>> {
        let list = self.text(&["rev-list", "--reverse", "--topo-order", &format!("{base}..{head}")])?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    pub(crate) fn count(&self, base: &str, head: &str) -> usize {
        let text = self.try_text(&["rev-list", "--count", &format!("{base}..{head}")]).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// The newest commits that `from` reaches, at most `limit`, optionally only those that touch `path`.
    pub(crate) fn log(&self, from: &str, path: Option<&str>, limit: usize) -> anyhow::Result<Vec<String>> {
        let limit = format!("--max-count={limit}");
        let mut args = vec!["rev-list", "--topo-order", &limit, from];
        if let Some(path) = path {
            args.extend(["--", path]);
        }
        Ok(self.text(&args)?.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> Signature {
        Signature { name: "a".into(), email: "a@b.c".into(), seconds: 1 }
    }

    fn commit(git: &Git, parents: &[String], path: &str, text: &str) -> String {
        let blob = git.write_blob(text.as_bytes()).unwrap();
        let base = parents.first().map(|p| git.commit(p).unwrap().tree);
        let tree = git.write_tree(base.as_deref(), &[(path.into(), Some(("100644".into(), blob)))]).unwrap();
        let new = NewCommit { tree: &tree, parents, message: path, author: who(), committer: who() };
        git.write_commit(&new).unwrap()
    }

    #[test]
    fn a_rebase_replays_each_commit_and_stops_at_a_conflict() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::init(&dir.path().join("r.git"), "main").unwrap();
        let root = commit(&git, &[], "a", "1\n");
        let main = commit(&git, std::slice::from_ref(&root), "b", "main\n");
        let one = commit(&git, std::slice::from_ref(&root), "c", "one\n");
        let two = commit(&git, &[one], "d", "two\n");
        let tip = git.rebase(&main, &two, &who()).unwrap().unwrap();
        assert_eq!(git.commits_between(&main, &tip).unwrap().len(), 2);
        assert_eq!(git.file(&tip, "b").unwrap(), b"main\n");
        assert_eq!(git.file(&tip, "d").unwrap(), b"two\n");
        let clash = commit(&git, &[root], "b", "other\n");
        assert_eq!(git.rebase(&main, &clash, &who()).unwrap(), None);
        assert_eq!(git.merge_trees(&main, &clash).unwrap(), Merged::Conflict);
    }
}

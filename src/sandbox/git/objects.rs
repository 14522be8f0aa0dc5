//! Blobs, trees and commits.

use anyhow::{Context as _, bail};

use super::Git;

/// Who and when, as git writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970.
    pub(crate) seconds: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitInfo {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    pub(crate) message: String,
}

/// A commit to write.
#[derive(Debug, Clone)]
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: &'a str,
    pub(crate) parents: &'a [String],
    pub(crate) message: &'a str,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
}

/// One entry of a tree; `path` is relative to the tree that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mode: String,
    pub(crate) kind: String,
    pub(crate) sha: String,
    pub(crate) size: Option<u64>,
    pub(crate) path: String,
}

impl Git {
    pub(crate) fn kind(&self, sha: &str) -> Option<String> {
        if sha.len() < 40 || !sha.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.try_text(&["cat-file", "-t", sha])
    }

    pub(crate) fn blob(&self, sha: &str) -> anyhow::Result<Vec<u8>> {
        self.bytes(&["cat-file", "blob", sha])
    }

    pub(crate) fn write_blob(&self, content: &[u8]) -> anyhow::Result<String> {
        self.text_from(&["hash-object", "-w", "--stdin"], content, &[])
    }

    /// The entries of a tree, with sizes; with `recursive` also the trees on the way.
    pub(crate) fn tree(&self, tree: &str, recursive: bool) -> anyhow::Result<Vec<Entry>> {
        let mut args = vec!["ls-tree", "-z", "-l"];
        if recursive {
            args.extend(["-r", "-t"]);
        }
        args.push(tree);
        let text = self.bytes(&args)?;
        let entries = text.split(|byte| *byte == 0).filter(|line| !line.is_empty());
        entries.map(|line| entry(&String::from_utf8_lossy(line))).collect()
    }

    /// The entry at a path within a commit or tree.
    pub(crate) fn entry_at(&self, tree: &str, path: &str) -> Option<Entry> {
        let text = self
            .bytes(&["--literal-pathspecs", "ls-tree", "-z", "-l", "--full-tree", tree, "--", path.trim_matches('/')])
            .ok()?;

        let line = text.split(|byte| *byte == 0).next().filter(|line| !line.is_empty())?;
        entry(&String::from_utf8_lossy(line)).ok()
    }

    /// The bytes of the file at a path within a commit or tree.
    pub(crate) fn file(&self, tree: &str, path: &str) -> Option<Vec<u8>> {
        let entry = self.entry_at(tree, path)?;
        (entry.kind == "blob").then(|| self.blob(&entry.sha).ok()).flatten()
    }

    /// Writes a tree from a base and changes: `Some((mode, blob))` sets a path, `None` deletes it.
    pub(crate) fn write_tree(
        &self,
        base: Option<&str>,
        changes: &[(String, Option<(String, String)>)],
    ) -> anyhow::Result<String> {
        let scratch = tempfile::tempdir().context("creating a scratch index")?;
        let index = scratch.path().join("index");
        let index = index.to_str().context("the scratch path is not UTF-8")?;
        let env = [("GIT_INDEX_FILE", index)];
        if let Some(base) = base {
            self.text_from(&["read-tree", base], &[], &env)?;
        }
        let mut removals = Vec::new();
        let mut additions = Vec::new();
        for (path, change) in changes {
            match change {
                Some((mode, sha)) => additions.extend(format!("{mode} {sha}\t{path}\0").into_bytes()),
                None => removals.extend(format!("{path}\0").into_bytes()),
            }
        }
        if !removals.is_empty() {
            let mut zeros = Vec::new();
            for path in removals.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
                zeros.extend(b"0 0000000000000000000000000000000000000000\t");
                zeros.extend(path);
                zeros.push(0);
            }
            self.text_from(&["update-index", "-z", "--index-info"], &zeros, &env)?;
        }
        if !additions.is_empty() {
            self.text_from(&["update-index", "-z", "--index-info"], &additions, &env)?;
        }
        self.text_from(&["write-tree"], &[], &env)
    }

    pub(crate) fn commit(&self, sha: &str) -> anyhow::Result<CommitInfo> {
        let raw = self.bytes(&["cat-file", "commit", sha])?;
        parse_commit(sha, &String::from_utf8_lossy(&raw)).with_context(|| format!("reading commit {sha}"))
    }

    pub(crate) fn write_commit(&self, new: &NewCommit<'_>) -> anyhow::Result<String> {
        let parents: String = new.parents.iter().flat_map(|parent| ["parent ", parent, "\n"]).collect();
        let (author, committer) = (written(&new.author), written(&new.committer));
        let raw = format!(
            "tree {}
{parents}author {author}
committer {committer}

{}",
            new.tree, new.message
        );
        self.text_from(&["hash-object", "-t", "commit", "-w", "--stdin"], raw.as_bytes(), &[])
    }
}

fn written(signature: &Signature) -> String {
    let clean = |text: &str| text.replace(['<', '>', '\n', '\r', '\0'], "");
    format!("{} <{}> {} +0000", clean(&signature.name), clean(&signature.email), signature.seconds)
}

fn entry(line: &str) -> anyhow::Result<Entry> {
    let (meta, path) = line.split_once('\t').context("a tree entry without a path")?;
    let mut words = meta.split_whitespace();
    let (Some(mode), Some(kind), Some(sha)) = (words.next(), words.next(), words.next()) else {
        bail!("a tree entry with too few words");
    };
    let size = words.next().and_then(|size| size.parse().ok());
    Ok(Entry { mode: mode.to_owned(), kind: kind.to_owned(), sha: sha.to_owned(), size, path: path.to_owned() })
}

fn parse_commit(sha: &str, raw: &str) -> anyhow::Result<CommitInfo> {
    let (head, message) = raw.split_once("\n\n").unwrap_or((raw, ""));
    let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
    for line in head.lines() {
        match line.split_once(' ') {
            Some(("tree", value)) => tree = Some(value.to_owned()),
            Some(("parent", value)) => parents.push(value.to_owned()),
            Some(("author", value)) => author = signature(value),
            Some(("committer", value)) => committer = signature(value),
            _ => {}
        }
    }
    Ok(CommitInfo {
        sha: sha.to_owned(),
        tree: tree.context("no tree")?,
        parents,
        author: author.context("no author")?,
        committer: committer.context("no committer")?,
        message: message.strip_suffix('\n').unwrap_or(message).to_owned(),
    })
}

fn signature(text: &str) -> Option<Signature> {
    let (name, rest) = text.split_once('<')?;
    let (email, when) = rest.split_once('>')?;
    let seconds = when.split_whitespace().next()?.parse().ok()?;
    Some(Signature { name: name.trim().to_owned(), email: email.to_owned(), seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::init(&dir.path().join("r.git"), "main").unwrap();
        let blob = git.write_blob("grüße\n".as_bytes()).unwrap();
        let tree = git.write_tree(None, &[("a b/ü.txt".into(), Some(("100644".into(), blob.clone())))]).unwrap();
        let who = Signature { name: "Ann".into(), email: "a@example.com".into(), seconds: 1_700_000_000 };
        let new = NewCommit { tree: &tree, parents: &[], message: "one\n\ntwo", author: who.clone(), committer: who };
        let sha = git.write_commit(&new).unwrap();
        let read = git.commit(&sha).unwrap();
        assert_eq!((read.message.as_str(), read.author.name.as_str()), ("one\n\ntwo", "Ann"));
        assert_eq!(git.file(&sha, "a b/ü.txt").unwrap(), "grüße\n".as_bytes());
        assert_eq!(git.tree(&tree, true).unwrap().len(), 2);
        let emptied = git.write_tree(Some(&tree), &[("a b/ü.txt".into(), None)]).unwrap();
        assert!(git.tree(&emptied, true).unwrap().is_empty());
    }
}

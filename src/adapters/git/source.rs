//! The user's own repository: found and asked, never written to.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::program::{Program, unusable};
use crate::domain::ids::CommitSha;
use crate::ports::checkout::CheckoutError;

/// A repository with or without a working tree; also a linked working tree, or a folder below one.
#[derive(Debug)]
pub(super) struct Source {
    /// Where the objects are: the common git directory, absolute.
    pub(super) git_dir: PathBuf,
    shown: String,
}

impl Source {
    pub(super) async fn find(git: &Program, dir: &Path) -> Result<Self, CheckoutError> {
        let shown = dir.display().to_string();
        let dir = std::path::absolute(dir).map_err(|error| unusable(format!("{shown} is no usable path: {error}")))?;
        if !dir.is_dir() {
            return Err(unusable(format!("{shown} is no folder; name the folder of a git repository")));
        }
        let arguments = ["rev-parse", "--path-format=absolute", "--git-common-dir"].map(OsString::from);
        let found = git.run("find the repository", in_dir(&dir, arguments)).await.map_err(|error| {
            if error.to_string().contains("not a git repository") { unusable(no_repository(&shown)) } else { error }
        })?;
        let found = found.strip_suffix(b"\n").unwrap_or(&found).to_vec();
        Ok(Self { git_dir: PathBuf::from(OsString::from_vec(found)), shown })
    }

    /// The commit that the repository in `dir` stands at.
    pub(super) async fn head(git: &Program, dir: &Path) -> Result<CommitSha, CheckoutError> {
        let source = Self::find(git, dir).await?;
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"].map(OsString::from);
        let head = git.run("read HEAD", in_dir(&dir, arguments)).await;
        let head = head.map_err(|_| unusable(no_commits(&source.shown)))?;
        let text = String::from_utf8_lossy(&head);
        text.trim().parse().map_err(|error| unusable(format!("git's HEAD could not be read: {error}")))
    }

    /// Says what to do when the commit is not there.
    pub(super) async fn demand(&self, git: &Program, commit: &CommitSha) -> Result<(), CheckoutError> {
        let object = format!("{commit}^{{commit}}");
        let arguments = [OsString::from("--git-dir"), self.git_dir.clone().into(), "cat-file".into(), "-e".into()];
        match git.run("look for the commit", arguments.into_iter().chain([object.into()])).await {
            Ok(_) => Ok(()),
            Err(_) if self.is_empty(git).await => Err(unusable(no_commits(&self.shown))),
            Err(_) => Err(unusable(no_such_commit(&self.shown, commit))),
        }
    }

    /// `--all` is every branch and tag, and HEAD where it is detached.
    async fn is_empty(&self, git: &Program) -> bool {
        let arguments = [OsString::from("--git-dir"), self.git_dir.clone().into()];
        let list = ["rev-list", "--all", "--max-count=1"].map(OsString::from);
        git.run("list commits", arguments.into_iter().chain(list)).await.is_ok_and(|commits| commits.is_empty())
    }
}

fn in_dir(dir: &Path, arguments: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    [OsString::from("-C"), dir.to_owned().into()].into_iter().chain(arguments)
}

fn no_repository(dir: &str) -> String {
    format!("{dir} is no git repository; run `git init` and commit there, or name another folder")
}

fn no_commits(dir: &str) -> String {
    format!("the repository in {dir} has no commit yet; make a first commit and run again")
}

fn no_such_commit(dir: &str, commit: &CommitSha) -> String {
    format!(
        "commit {} is not in the checkout at {dir}; run `git pull` there, or check that commit out in the workflow \
         (`ref` or `fetch-depth: 0` of actions/checkout)",
        commit.short()
    )
}

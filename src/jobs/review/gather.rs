//! Everything a review needs to know, read over one head commit.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::chunk;
use super::diff::{self, Content, FileDiff};
use crate::domain::ids::{CommitSha, Digest, PullNumber};
use crate::domain::pull::{ChangedFile, FileStatus, Pull};
use crate::domain::secret::Redactor;
use crate::ports::forge::{ForgeError, ForgeRead, Repository};

/// The pull request with its whole change.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) repository: Repository,
    pub(super) pull: Pull,
    pub(super) files: Vec<FileDiff>,
    /// GitHub listed every file.
    pub(super) complete: bool,
    /// Digest of the change as the reviewers see it.
    pub(super) digest: Digest,
}

impl Facts {
    /// The head lies in another repository, or in one that is gone.
    pub(super) fn is_from_fork(&self) -> bool {
        self.pull.head.repo_id != Some(self.repository.id)
    }

    pub(super) fn total_units(&self) -> u64 {
        self.files.iter().map(FileDiff::units).sum()
    }
}

/// Reads the pull request and its files, without the values of known secrets. `None` when the head moved while we read, twice.
pub(super) async fn gather(
    forge: &dyn ForgeRead,
    number: PullNumber,
    redactor: &Redactor,
) -> Result<Option<Facts>, ForgeError> {
    let repository = forge.repository().await?;
    for _ in 0..2 {
        let pull = forge.pull(number).await?;
        let listed = forge.pull_files(number).await?;
        let mut files = read_files(forge, &pull, &listed.items).await?;
        for file in &mut files {
            redact(file, redactor);
        }
        let mut now = forge.pull(number).await?;
        now.title = redactor.redact(&now.title);
        now.body = redactor.redact(&now.body);
        if now.head.sha == pull.head.sha && now.base.sha == pull.base.sha {
            let whole: String = chunk::chunks(&files, u64::MAX).into_iter().map(|chunk| chunk.text).collect();
            let digest = Digest::of(whole);
            return Ok(Some(Facts { repository, pull: now, files, complete: listed.complete, digest }));
        }
    }
    Ok(None)
}

fn redact(file: &mut FileDiff, redactor: &Redactor) {
    if let Content::Text(hunks) = &mut file.content {
        for line in hunks.iter_mut().flat_map(|hunk| &mut hunk.lines) {
            line.text = redactor.redact(&line.text);
        }
    }
}

async fn read_files(forge: &dyn ForgeRead, pull: &Pull, files: &[ChangedFile]) -> Result<Vec<FileDiff>, ForgeError> {
    let contents: Vec<Option<Content>> = files.iter().map(diff::from_patch).collect();
    // Only where a patch is missing is it worth asking where the change begins.
    let merge_base = if contents.iter().any(Option::is_none) {
        Some(forge.compare(&pull.base.sha, &pull.head.sha).await?.merge_base)
    } else {
        None
    };
    let merge_base = merge_base.as_ref();
    stream::iter(files.iter().zip(contents))
        .map(|(file, content)| async move {
            let content = match (content, merge_base) {
                (Some(content), _) => content,
                (None, Some(base)) => compare(forge, file, base, &pull.head.sha).await?,
                (None, None) => Content::Unreadable(file.additions + file.deletions),
            };
            Ok(FileDiff {
                path: file.path.clone(),
                previous_path: file.previous_path.clone(),
                status: file.status,
                content,
            })
        })
        .buffered(4)
        .try_collect()
        .await
}

/// Both versions of a file that GitHub gave no patch for.
async fn compare(
    forge: &dyn ForgeRead,
    file: &ChangedFile,
    base: &CommitSha,
    head: &CommitSha,
) -> Result<Content, ForgeError> {
    let old_path = file.previous_path.as_deref().unwrap_or(&file.path);
    let old = match file.status {
        FileStatus::Added => None,
        _ => forge.file(old_path, base).await?,
    };
    let new = match file.status {
        FileStatus::Removed => None,
        _ => forge.file(&file.path, head).await?,
    };
    let missing = (old.is_none() && !matches!(file.status, FileStatus::Added | FileStatus::Copied))
        || (new.is_none() && file.status != FileStatus::Removed);
    if missing {
        return Ok(Content::Unreadable(file.additions + file.deletions));
    }
    Ok(diff::from_versions(old.as_deref(), new.as_deref()))
}

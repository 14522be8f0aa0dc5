//! [`LedgerStore`]: the orphan branch `autonomy/ledger`, read pinned to one commit and appended to by compare-and-swap.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GitHub;
use super::graphql::Operation;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::forge::ForgeError;
use crate::ports::ledger_store::{LedgerFiles, LedgerStore};

const BRANCH: &str = "autonomy/ledger";
const WHAT: &str = "the ledger";

/// `seg/<yyyy>/<mm>/<file>`: three levels, all in one answer.
const SEGMENTS: Operation = Operation {
    template: "/graphql ledger",
    document: "query ledger($owner: String!, $name: String!, $tree: String!) {
  repository(owner: $owner, name: $name) {
    object(expression: $tree) {
      ... on Tree { entries { name type object {
        ... on Tree { entries { name type object {
          ... on Tree { entries { name type object {
            ... on Blob { text isBinary isTruncated }
          } } }
        } } }
      } } }
    }
  }
}",
};

const APPEND: Operation = Operation {
    template: "/graphql append",
    document: "mutation append($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}",
};

#[derive(Deserialize)]
struct SegmentsData {
    repository: Option<SegmentsRepository>,
}

#[derive(Deserialize)]
struct SegmentsRepository {
    object: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppendData {
    create_commit_on_branch: Option<AppendPayload>,
}

#[derive(Deserialize)]
struct AppendPayload {
    commit: Option<Oid>,
}

#[derive(Deserialize)]
struct Oid {
    oid: CommitSha,
}

#[derive(Deserialize)]
struct Folder {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    object: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    text: Option<String>,
    is_binary: Option<bool>,
    is_truncated: bool,
}

#[async_trait]
impl LedgerStore for GitHub {
    async fn load(&self) -> Result<LedgerFiles, ForgeError> {
        let Some(branch) = self.read_branch(&branch()?).await? else { return Ok(LedgerFiles::default()) };
        let repo = &self.options.repo;
        let tree = format!("{}:seg", branch.sha);
        let variables = json!({ "owner": repo.owner(), "name": repo.name(), "tree": tree });
        let data: SegmentsData = self.query(&SEGMENTS, variables, WHAT).await?;
        let object = data.repository.and_then(|repository| repository.object);
        // The branch exists, so an empty ledger is no ledger: something has been taken away.
        let object = object.ok_or_else(|| malformed("it has no segments"))?;
        let mut segments = Vec::new();
        collect("seg", object, 2, &mut segments)?;
        segments.sort();
        Ok(LedgerFiles { head: Some(branch.sha), segments })
    }

    async fn append(
        &self,
        expected: Option<&CommitSha>,
        path: &str,
        text: &str,
        message: &str,
    ) -> Result<CommitSha, ForgeError> {
        let Some(expected) = expected else { return self.start(path, text, message).await };
        match self.append_by_graphql(expected, path, text, message).await {
            // An older Enterprise Server does not know the mutation.
            Err(ForgeError::Refused { status: 200, message: refusal, .. }) if unknown_mutation(&refusal) => {
                self.append_by_git(expected, path, text, message).await
            }
            other => other,
        }
    }
}

const DOING: &str = "write the ledger";

impl GitHub {
    /// The first segment: an orphan commit, then the branch, which must not exist.
    async fn start(&self, path: &str, text: &str, message: &str) -> Result<CommitSha, ForgeError> {
        let tree = self.create_tree(None, vec![entry(path, text)], DOING).await?;
        let commit = self.create_commit(message, &tree, &[], DOING).await?;
        self.create_branch(&branch()?, &commit, DOING).await
    }

    async fn append_by_graphql(
        &self,
        expected: &CommitSha,
        path: &str,
        text: &str,
        message: &str,
    ) -> Result<CommitSha, ForgeError> {
        let (headline, body) = message.split_once('\n').unwrap_or((message, ""));
        let input = json!({
            "branch": { "repositoryNameWithOwner": self.options.repo, "branchName": BRANCH },
            "expectedHeadOid": expected,
            "message": { "headline": headline, "body": body.trim_start() },
            "fileChanges": { "additions": [{ "path": path, "contents": STANDARD.encode(text) }] },
        });
        let data: AppendData = self.mutate(&APPEND, json!({ "input": input }), DOING).await?;
        let commit = data.create_commit_on_branch.and_then(|payload| payload.commit);
        commit.map(|commit| commit.oid).ok_or_else(|| malformed("the new commit is missing"))
    }

    async fn append_by_git(
        &self,
        expected: &CommitSha,
        path: &str,
        text: &str,
        message: &str,
    ) -> Result<CommitSha, ForgeError> {
        let base = self.git_commit(expected).await?.tree.sha;
        let tree = self.create_tree(Some(&base), vec![entry(path, text)], DOING).await?;
        let commit = self.create_commit(message, &tree, &[expected], DOING).await?;
        self.advance_branch(&branch()?, &commit, DOING).await
    }
}

fn branch() -> Result<BranchName, ForgeError> {
    BRANCH.parse().map_err(|_| malformed("the name of its branch"))
}

fn entry(path: &str, text: &str) -> Value {
    json!({ "path": path, "mode": "100644", "type": "blob", "content": text })
}

fn unknown_mutation(message: &str) -> bool {
    message.contains("createCommitOnBranch") || message.contains("CreateCommitOnBranchInput")
}

fn malformed(message: &str) -> ForgeError {
    ForgeError::Malformed { what: WHAT.to_owned(), message: message.to_owned() }
}

/// `folders` more levels of folders, then files. Anything else in the tree is a sign that others wrote there.
fn collect(path: &str, object: Value, folders: u8, into: &mut Vec<(String, String)>) -> Result<(), ForgeError> {
    let folder: Folder = serde_json::from_value(object).map_err(|_| malformed("a folder cannot be read"))?;
    for entry in folder.entries {
        let path = format!("{path}/{}", entry.name);
        let object = entry.object.ok_or_else(|| malformed("a segment cannot be read"))?;
        match (entry.kind.as_str(), folders) {
            ("tree", 1..) => collect(&path, object, folders - 1, into)?,
            ("blob", 0) => {
                let blob: Blob = serde_json::from_value(object).map_err(|_| malformed("a segment cannot be read"))?;
                if blob.is_truncated || blob.is_binary == Some(true) {
                    return Err(malformed("a segment is cut or is no text"));
                }
                into.push((path, blob.text.ok_or_else(|| malformed("a segment has no text"))?));
            }
            _ => return Err(malformed("something that is no segment stands among the segments")),
        }
    }
    Ok(())
}

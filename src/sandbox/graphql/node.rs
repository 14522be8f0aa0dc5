//! What a field resolves to: a leaf, or a place in the world that has fields itself.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::sandbox::git::{CommitInfo, Entry, FileDiff, Signature};
use crate::sandbox::render::user_type;
use crate::sandbox::state::{Edit, State};

/// The answer of a resolver, before its selections.
#[derive(Debug, Clone)]
pub(super) enum Out {
    Null,
    Leaf(Value),
    Node(Box<Node>),
    List(Vec<Out>),
}

/// Why a field has no answer. `kind` is GitHub's error type, such as `NOT_FOUND`.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: Option<&'static str>,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(kind: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Some("NOT_FOUND"), message)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(Some("FORBIDDEN"), "Resource not accessible by integration")
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(Some("UNPROCESSABLE"), message)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Some("INTERNAL"), format!("sandbox: {error:#}"))
    }
}

/// An object of the graph. Ids and numbers are the sandbox's own.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Query,
    Mutation,
    RateLimit,
    /// Whoever asks: always a `User`, a bot with its `[bot]`.
    Viewer(u64),
    Account(u64),
    Repository,
    /// The full name of a reference.
    Ref(String),
    Commit(Box<CommitInfo>),
    GitActor(Signature),
    Tree(String),
    /// A tree's entry, below a path.
    Entry(String, Entry),
    Blob(Arc<Blob>),
    Issue(u64),
    Pull(u64),
    AutoMerge(u64),
    Milestone(u64),
    /// Name, colour, description and id; an event may speak of a label that is gone.
    Label(String, String, Option<String>, u64),
    Comment(u64),
    Review(u64),
    /// A conversation, by its first comment.
    Thread(u64),
    ReviewComment(u64),
    PullCommit(u64, Box<CommitInfo>),
    File(Box<FileDiff>),
    /// All checks and statuses of a commit.
    Rollup(String),
    CheckRun(u64),
    Suite(u64),
    App(u64),
    WorkflowRun(u64),
    Status(u64),
    Edit(Box<Edit>),
    /// An entry of a timeline that is no comment and no review.
    Event(u64, &'static str),
    Connection(Box<Connection>),
    /// A cursor and a node, with the type of the edge.
    Edge(&'static str, String, Box<Node>),
    PageInfo(PageInfo),
    /// A mutation's result.
    Payload(&'static str, Vec<(&'static str, Out)>),
}

/// A blob, whose bytes are read once for all its fields.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) sha: String,
    bytes: OnceLock<Vec<u8>>,
}

impl Blob {
    pub(super) fn node(sha: &str) -> Node {
        Node::Blob(Arc::new(Self { sha: sha.to_owned(), bytes: OnceLock::new() }))
    }

    pub(super) fn bytes(&self, state: &State) -> anyhow::Result<&[u8]> {
        if let Some(bytes) = self.bytes.get() {
            return Ok(bytes);
        }
        let bytes = state.git.blob(&self.sha)?;
        Ok(self.bytes.get_or_init(|| bytes))
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// The connection's type, such as `LabelConnection`.
    pub(super) type_name: &'static str,
    pub(super) edge_type: &'static str,
    /// The nodes of this page with their cursors.
    pub(super) nodes: Vec<(String, Node)>,
    pub(super) total: usize,
    pub(super) info: PageInfo,
}

#[derive(Debug, Clone)]
pub(super) struct PageInfo {
    pub(super) start: Option<String>,
    pub(super) end: Option<String>,
    pub(super) has_previous: bool,
    pub(super) has_next: bool,
}

impl Node {
    pub(super) fn out(self) -> Out {
        Out::Node(Box::new(self))
    }

    /// The object type in GitHub's schema.
    pub(super) fn type_name(&self, state: &State) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::RateLimit => "RateLimit",
            Self::Viewer(_) => "User",
            Self::Account(id) => state.people.account(*id).map_or("User", user_type),
            Self::Repository => "Repository",
            Self::Ref(_) => "Ref",
            Self::Commit(_) => "Commit",
            Self::GitActor(_) => "GitActor",
            Self::Tree(_) => "Tree",
            Self::Entry(..) => "TreeEntry",
            Self::Blob(_) => "Blob",
            Self::Issue(_) => "Issue",
            Self::Pull(_) => "PullRequest",
            Self::AutoMerge(_) => "AutoMergeRequest",
            Self::Milestone(_) => "Milestone",
            Self::Label(..) => "Label",
            Self::Comment(_) => "IssueComment",
            Self::Review(_) => "PullRequestReview",
            Self::Thread(_) => "PullRequestReviewThread",
            Self::ReviewComment(_) => "PullRequestReviewComment",
            Self::PullCommit(..) => "PullRequestCommit",
            Self::File(_) => "PullRequestChangedFile",
            Self::Rollup(_) => "StatusCheckRollup",
            Self::CheckRun(_) => "CheckRun",
            Self::Suite(_) => "CheckSuite",
            Self::App(_) => "App",
            Self::WorkflowRun(_) => "WorkflowRun",
            Self::Status(_) => "StatusContext",
            Self::Edit(_) => "UserContentEdit",
            Self::Event(_, name) | Self::Edge(name, ..) | Self::Payload(name, _) => name,
            Self::Connection(connection) => connection.type_name,
            Self::PageInfo(_) => "PageInfo",
        }
    }
}

/// A leaf from anything that becomes JSON.
pub(super) fn leaf(value: impl Into<Value>) -> Out {
    Out::Leaf(value.into())
}

/// A leaf, or null.
pub(super) fn maybe(value: Option<impl Into<Value>>) -> Out {
    value.map_or(Out::Null, leaf)
}

/// A node, or null.
pub(super) fn node_or_null(node: Option<Node>) -> Out {
    node.map_or(Out::Null, Node::out)
}

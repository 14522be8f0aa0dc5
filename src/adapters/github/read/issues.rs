//! Issues, their comments, events and edits, and the labels.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use crate::adapters::github::GitHub;
use crate::adapters::github::graphql::Operation;
use crate::adapters::github::wire::LabelWire;
use crate::adapters::github::wire::issue::{CommentWire, EventWire, IssueWire};
use crate::domain::ids::IssueNumber;
use crate::domain::issue::{Comment, EditHistory, Event, Issue};
use crate::ports::forge::{ForgeError, StateFilter};

const EDITS: Operation = Operation {
    template: "/graphql edits",
    document: "query edits($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) { lastEditedAt userContentEdits(first: 100) { nodes { editedAt } } }
  }
}",
};

#[derive(Deserialize)]
struct EditsData {
    repository: EditsRepository,
}

#[derive(Deserialize)]
struct EditsRepository {
    issue: EditsIssue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EditsIssue {
    last_edited_at: Option<DateTime<Utc>>,
    user_content_edits: Option<EditsList>,
}

#[derive(Deserialize)]
struct EditsList {
    nodes: Option<Vec<Option<Edit>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edit {
    edited_at: DateTime<Utc>,
}

impl GitHub {
    pub(super) async fn read_issues(&self, state: StateFilter, label: Option<&str>) -> Result<Vec<Issue>, ForgeError> {
        let mut query = vec![("state", state_name(state)), ("sort", "created"), ("direction", "asc")];
        query.extend(label.map(|label| ("labels", label)));
        let request = self.get("/repos/{owner}/{repo}/issues", &[], "the issues").query(&query);
        let issues: Vec<IssueWire> = self.list(request).await?;
        Ok(issues.into_iter().filter(|issue| !issue.is_pull()).map(Into::into).collect())
    }

    pub(super) async fn read_issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        let request = self.get("/repos/{owner}/{repo}/issues/{issue_number}", &[&number], format!("issue #{number}"));
        let issue: IssueWire = self.send(&request).await?.json(&request)?;
        if issue.is_pull() {
            return Err(ForgeError::NotFound { what: format!("issue #{number} (it is a pull request)") });
        }
        Ok(issue.into())
    }

    pub(in crate::adapters::github) async fn read_comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let template = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
        let comments: Vec<CommentWire> =
            self.list(self.get(template, &[&number], format!("the comments of #{number}"))).await?;
        Ok(comments.into_iter().map(Into::into).collect())
    }

    pub(super) async fn read_events(&self, number: u64) -> Result<Vec<Event>, ForgeError> {
        let template = "/repos/{owner}/{repo}/issues/{issue_number}/events";
        let events: Vec<EventWire> =
            self.list(self.get(template, &[&number], format!("the events of #{number}"))).await?;
        Ok(events.into_iter().map(Into::into).collect())
    }

    pub(super) async fn read_edit_history(&self, number: IssueNumber) -> Result<EditHistory, ForgeError> {
        let repo = &self.options.repo;
        let variables = json!({ "owner": repo.owner(), "name": repo.name(), "number": number.0 });
        let data: EditsData = self.query(&EDITS, variables, &format!("the edits of issue #{number}")).await?;
        let issue = data.repository.issue;
        let nodes = issue.user_content_edits.and_then(|edits| edits.nodes).unwrap_or_default();
        let mut edits: Vec<_> = nodes.into_iter().flatten().map(|edit| edit.edited_at).collect();
        edits.sort();
        Ok(EditHistory { last_edited_at: issue.last_edited_at, edits })
    }

    pub(in crate::adapters::github) async fn read_label_names(&self) -> Result<Vec<String>, ForgeError> {
        let labels: Vec<LabelWire> = self.list(self.get("/repos/{owner}/{repo}/labels", &[], "the labels")).await?;
        Ok(labels.into_iter().map(|label| label.name).collect())
    }
}

pub(super) fn state_name(state: StateFilter) -> &'static str {
    match state {
        StateFilter::Open => "open",
        StateFilter::All => "all",
    }
}

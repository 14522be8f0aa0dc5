//! Issues and security advisories that we file once, and closing an issue.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::signed;
use crate::adapters::github::GitHub;
use crate::adapters::github::wire::issue::IssueWire;
use crate::domain::finding::Severity;
use crate::domain::ids::IssueNumber;
use crate::domain::issue::Issue;
use crate::plan::action::CloseReason;
use crate::ports::forge::{Effect, ForgeError, marker};

/// The issues that we filed, by the marker in their last line. Read in full once, then only what has changed.
#[derive(Debug, Default)]
pub(in crate::adapters::github) struct OwnIssues {
    by_marker: HashMap<String, (u64, String)>,
    newest: Option<DateTime<Utc>>,
}

impl OwnIssues {
    fn add(&mut self, issue: Issue) {
        self.newest = self.newest.max(Some(issue.updated_at));
        let Some(last) = issue.body.trim_end().lines().last().filter(|line| line.starts_with("<!-- autonomy:")) else {
            return;
        };
        let found = (issue.number.0, issue.url);
        let entry = self.by_marker.entry(last.to_owned()).or_insert_with(|| found.clone());
        // Two runs at once may have filed two; the oldest counts.
        if found.0 < entry.0 {
            *entry = found;
        }
    }
}

impl GitHub {
    pub(super) async fn find_issue(&self, key: &str) -> Result<Option<Effect>, ForgeError> {
        let us = self.read_identity().await?.user.clone();
        let mut own = self.own_issues.lock().await;
        let since = own.newest.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let mut query =
            vec![("state", "all"), ("creator", us.login.as_str()), ("sort", "updated"), ("direction", "asc")];
        query.extend(since.as_deref().map(|since| ("since", since)));
        let request = self.get("/repos/{owner}/{repo}/issues", &[], "the issues that we filed").query(&query);
        let issues: Vec<IssueWire> = self.list(request).await?;
        for issue in issues.into_iter().filter(|issue| !issue.is_pull()).map(Issue::from) {
            if issue.author.as_ref().is_some_and(|author| author.id == us.id) {
                own.add(issue);
            }
        }
        let found = own.by_marker.get(&marker(key));
        Ok(found.map(|(number, url)| Effect {
            already: true,
            number: Some(*number),
            sha: None,
            url: Some(url.clone()),
        }))
    }

    pub(in crate::adapters::github) async fn create_issue(
        &self,
        key: &str,
        title: &str,
        body: &str,
        labels: &[String],
    ) -> Result<Effect, ForgeError> {
        let json = json!({ "title": title, "body": signed(body, key), "labels": labels });
        let request = self.write(Method::POST, "/repos/{owner}/{repo}/issues", &[], "file an issue", json);
        let issue: IssueWire = self.send(&request).await?.json(&request)?;
        let issue = Issue::from(issue);
        let effect = Effect { already: false, number: Some(issue.number.0), sha: None, url: Some(issue.url.clone()) };
        let mut own = self.own_issues.lock().await;
        // The time is left as it was: what others filed in between is read the next time.
        let newest = own.newest;
        own.add(issue);
        own.newest = newest;
        Ok(effect)
    }

    pub(super) async fn find_closed(&self, issue: IssueNumber) -> Result<Option<Effect>, ForgeError> {
        let template = "/repos/{owner}/{repo}/issues/{issue_number}";
        let request = self.get(template, &[&issue], format!("issue #{issue}"));
        let found = Issue::from(self.send(&request).await?.json::<IssueWire>(&request)?);
        let effect = |found: Issue| Effect { number: Some(issue.0), url: Some(found.url), ..Effect::default() };
        Ok((!found.open).then(|| effect(found)))
    }

    pub(super) async fn close_issue(&self, issue: IssueNumber, reason: CloseReason) -> Result<Effect, ForgeError> {
        let reason = match reason {
            CloseReason::Completed => "completed",
            CloseReason::NotPlanned => "not_planned",
        };
        let template = "/repos/{owner}/{repo}/issues/{issue_number}";
        let body = json!({ "state": "closed", "state_reason": reason });
        let request = self
            .write(Method::PATCH, template, &[&issue], format!("close issue #{issue}"), body)
            .about(format!("issue #{issue}"));
        let closed = Issue::from(self.send(&request).await?.json::<IssueWire>(&request)?);
        Ok(Effect { number: Some(issue.0), url: Some(closed.url), ..Effect::default() })
    }

    pub(super) async fn find_advisory(&self, key: &str) -> Result<Option<Effect>, ForgeError> {
        let wanted = marker(key);
        let found = self.read_advisory_keys().await?.into_iter().any(|key| marker(&key) == wanted);
        Ok(found.then(Effect::default))
    }

    pub(super) async fn create_advisory(
        &self,
        key: &str,
        summary: &str,
        description: &str,
        severity: Severity,
    ) -> Result<Effect, ForgeError> {
        #[derive(Deserialize)]
        struct Created {
            html_url: String,
        }
        // What is vulnerable must be named; a repository need not be a package of any registry.
        let package = json!({ "ecosystem": "other", "name": self.options.repo.name() });
        let body = json!({
            "summary": summary,
            "description": signed(description, key),
            "severity": severity.name(),
            "vulnerabilities": [{ "package": package }],
        });
        let template = "/repos/{owner}/{repo}/security-advisories";
        let request = self.write(Method::POST, template, &[], "draft a security advisory", body);
        let created: Created = self.send(&request).await?.json(&request)?;
        Ok(Effect { url: Some(created.html_url), ..Effect::default() })
    }
}

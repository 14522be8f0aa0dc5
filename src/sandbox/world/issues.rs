//! Moves on issues, labels and comments.

use chrono::{DateTime, Utc};

use super::{World, actor, known_issue};
use crate::sandbox::moves::issues;
use crate::sandbox::people::Actor;
use crate::sandbox::state::{Label, Milestone};

impl World {
    /// Opens an issue and gives its number.
    pub fn create_issue(&self, who: &str, title: &str, body: &str, labels: &[&str]) -> anyhow::Result<u64> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        let number = issues::create(&mut state, actor, title, Some(body).filter(|body| !body.is_empty()));
        for label in labels {
            issues::label(&mut state, actor, number, label);
        }
        Ok(number)
    }

    /// Changes title, body or both.
    pub fn edit_issue(&self, who: &str, number: u64, title: Option<&str>, body: Option<&str>) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        if let Some(title) = title {
            issues::rename(&mut state, actor, number, title);
        }
        if let Some(body) = body {
            issues::set_body(&mut state, actor, number, Some(body));
        }
        Ok(())
    }

    pub fn close_issue(&self, who: &str, number: u64, reason: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::close(&mut state, actor, number, Some(reason), None);
        Ok(())
    }

    pub fn reopen_issue(&self, who: &str, number: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::reopen(&mut state, actor, number);
        Ok(())
    }

    pub fn label(&self, who: &str, number: u64, label: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::label(&mut state, actor, number, label);
        Ok(())
    }

    /// A person labels through an App: the event names the person, and the App it was performed with.
    pub fn label_via_app(&self, who: &str, app: u64, number: u64, label: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        state.people.app(app, &format!("app-{app}"), &format!("App {app}"));
        issues::label(&mut state, Actor { user: actor.user, app: Some(app) }, number, label);
        Ok(())
    }

    pub fn unlabel(&self, who: &str, number: u64, label: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::unlabel(&mut state, actor, number, label);
        Ok(())
    }

    /// Makes a label of the repository, unless it exists.
    pub fn create_label(&self, name: &str, color: &str, description: &str) {
        let mut state = self.state();
        if state.label(name).is_none() {
            let id = state.id();
            let (name, color, description) = (name.to_owned(), color.to_owned(), Some(description.to_owned()));
            state.labels.push(Label { id, name, color, description });
        }
    }

    pub fn assign(&self, who: &str, number: u64, login: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::assign(&mut state, actor, number, &[login.to_owned()], true);
        Ok(())
    }

    pub fn lock(&self, who: &str, number: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::lock(&mut state, actor, number, None);
        Ok(())
    }

    /// Says that issue `number` waits for issue `by`.
    pub fn block(&self, who: &str, number: u64, by: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number, by) = (actor(&state, who)?, known_issue(&state, number)?, known_issue(&state, by)?);
        issues::block(&mut state, actor, number, by);
        Ok(())
    }

    /// Makes a milestone and gives its number.
    pub fn create_milestone(&self, title: &str, due_on: Option<DateTime<Utc>>) -> u64 {
        let mut state = self.state();
        let (id, now) = (state.id(), state.now());
        let number = state.milestones.len() as u64 + 1;
        let creator = state.people.owner;
        state.milestones.push(Milestone {
            id,
            number,
            title: title.to_owned(),
            description: None,
            open: true,
            creator,
            created_at: now,
            updated_at: now,
            closed_at: None,
            due_on,
        });
        number
    }

    pub fn set_milestone(&self, who: &str, number: u64, milestone: Option<u64>) -> anyhow::Result<()> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        issues::milestone(&mut state, actor, number, milestone);
        Ok(())
    }

    /// Adds a comment and gives its id.
    pub fn comment(&self, who: &str, number: u64, body: &str) -> anyhow::Result<u64> {
        let mut state = self.state();
        let (actor, number) = (actor(&state, who)?, known_issue(&state, number)?);
        Ok(issues::comment(&mut state, actor, number, body))
    }

    pub fn edit_comment(&self, who: &str, id: u64, body: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        issues::edit_comment(&mut state, actor, id, body);
        Ok(())
    }

    pub fn delete_comment(&self, who: &str, id: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        issues::delete_comment(&mut state, actor, id);
        Ok(())
    }
}

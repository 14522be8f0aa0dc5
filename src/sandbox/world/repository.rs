//! Moves on branches, settings, rules, people and time.

use anyhow::{Context as _, bail};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::{World, actor};
use crate::domain::user::{Permission, UserKind};
use crate::sandbox::git::NewCommit;
use crate::sandbox::moves::refs;
use crate::sandbox::people::{Access, Quota};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{Protection, Ruleset, State};

/// A setting of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// "Allow GitHub Actions to create and approve pull requests".
    ActionsCanCreatePulls(bool),
    AllowMergeCommit(bool),
    AllowSquashMerge(bool),
    AllowRebaseMerge(bool),
    DeleteBranchOnMerge(bool),
    HasIssues(bool),
    Archived(bool),
    Private(bool),
    Advisories(bool),
    DependencyGraph(bool),
    /// How many reads of a pull request see `mergeable: null`.
    MergeableReads(u32),
    /// How many reads see a workflow's job unfinished.
    JobReads(u32),
    /// How the jobs of a name end, from now on.
    JobConclusion(String, String),
}

impl World {
    /// Commits files to a branch and gives the new commit. A branch that does not exist starts at the default branch;
    /// `None` deletes a file.
    pub fn push(
        &self,
        who: &str,
        branch: &str,
        files: &[(&str, Option<&str>)],
        message: &str,
    ) -> anyhow::Result<String> {
        let mut state = self.state();
        let base = state.git.branch(branch).or_else(|| state.git.branch(&state.repo.default_branch));
        commit(&mut state, who, branch, base.as_deref(), files, message)
    }

    /// Replaces the branch by one commit on top of `base` (a branch or commit), and gives it.
    pub fn force_push(
        &self,
        who: &str,
        branch: &str,
        base: &str,
        files: &[(&str, Option<&str>)],
        message: &str,
    ) -> anyhow::Result<String> {
        let mut state = self.state();
        let base = state.git.resolve(base).with_context(|| format!("{base} names no commit"))?;
        commit(&mut state, who, branch, Some(&base), files, message)
    }

    /// Makes a branch at another branch or a commit.
    pub fn create_branch(&self, who: &str, branch: &str, at: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        let sha = state.git.resolve(at).with_context(|| format!("{at} names no commit"))?;
        refs::create(&mut state, actor, &format!("refs/heads/{branch}"), &sha).map_err(Refusal::into_error)
    }

    pub fn delete_branch(&self, who: &str, branch: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let actor = actor(&state, who)?;
        refs::delete(&mut state, actor, &format!("refs/heads/{branch}")).map_err(Refusal::into_error)
    }

    /// Puts a workflow file on the default branch.
    pub fn add_workflow(&self, who: &str, file: &str, yaml: &str) -> anyhow::Result<String> {
        let branch = self.default_branch();
        self.push(who, &branch, &[(&format!(".github/workflows/{file}"), Some(yaml))], &format!("Add {file}"))
    }

    pub fn protect(&self, branch: &str, protection: Protection) {
        self.state().protections.insert(branch.to_owned(), protection);
    }

    pub fn unprotect(&self, branch: &str) {
        self.state().protections.remove(branch);
    }

    /// Adds an active ruleset and gives its id. `include` holds `~DEFAULT_BRANCH`, `~ALL` or `refs/heads/…` patterns;
    /// rules and bypass actors are written as in the REST API.
    pub fn add_ruleset(&self, name: &str, include: &[&str], rules: Vec<Value>, bypass_actors: Vec<Value>) -> u64 {
        let mut state = self.state();
        let (id, created_at) = (state.id(), state.now());
        state.rulesets.push(Ruleset {
            id,
            name: name.to_owned(),
            include: include.iter().map(|pattern| (*pattern).to_owned()).collect(),
            rules,
            bypass_actors,
            active: true,
            created_at,
        });
        id
    }

    pub fn remove_ruleset(&self, id: u64) {
        self.state().rulesets.retain(|ruleset| ruleset.id != id);
    }

    pub fn set(&self, setting: Setting) {
        let mut state = self.state();
        let State { repo, ci, .. } = &mut *state;
        match setting {
            Setting::ActionsCanCreatePulls(on) => repo.actions_can_create_pulls = on,
            Setting::AllowMergeCommit(on) => repo.allow_merge_commit = on,
            Setting::AllowSquashMerge(on) => repo.allow_squash_merge = on,
            Setting::AllowRebaseMerge(on) => repo.allow_rebase_merge = on,
            Setting::DeleteBranchOnMerge(on) => repo.delete_branch_on_merge = on,
            Setting::HasIssues(on) => repo.has_issues = on,
            Setting::Archived(on) => repo.archived = on,
            Setting::Private(on) => repo.private = on,
            Setting::Advisories(on) => repo.advisories = on,
            Setting::DependencyGraph(on) => repo.dependency_graph = on,
            Setting::MergeableReads(reads) => repo.mergeable_reads = reads,
            Setting::JobReads(reads) => ci.reads = reads,
            Setting::JobConclusion(job, conclusion) => {
                ci.conclusions.insert(job, conclusion);
            }
        }
    }

    /// Sets what an account may do in the repository; an unknown login becomes a new person.
    pub fn set_permission(&self, login: &str, permission: Permission) {
        let mut state = self.state();
        let known = state.people.by_login(login).map(|account| account.id);
        if let Some(account) = known.and_then(|id| state.people.accounts.get_mut(&id)) {
            account.role = permission;
        } else {
            let id = state.id();
            state.people.add(id, login, UserKind::Human, permission);
        }
    }

    /// Sets what a token (by name: `workflow`, `app`) may do in an area such as `contents`.
    pub fn set_access(&self, token: &str, area: &str, access: Access) -> anyhow::Result<()> {
        let mut state = self.state();
        let token = state.people.tokens.iter_mut().find(|known| known.name == token);
        token.context("no such token")?.access.insert(area.to_owned(), access);
        Ok(())
    }

    /// Sets how many requests a token (by name) has left in this hour, over REST and over GraphQL.
    pub fn set_remaining(&self, token: &str, remaining: u64) -> anyhow::Result<()> {
        let mut state = self.state();
        let now = state.now().timestamp();
        let token = state.people.tokens.iter_mut().find(|known| known.name == token).context("no such token")?;
        let spend = |quota: &mut Quota| {
            quota.refresh(now);
            quota.used = quota.limit.saturating_sub(remaining);
        };
        spend(&mut token.rest);
        spend(&mut token.graphql);
        Ok(())
    }

    /// Deletes an account: its issues belong to the ghost, its events to nobody, its tokens open nothing.
    pub fn delete_user(&self, login: &str) -> anyhow::Result<()> {
        let mut state = self.state();
        let id = actor(&state, login)?.user;
        if let Some(account) = state.people.accounts.get_mut(&id) {
            account.deleted = true;
        }
        Ok(())
    }

    /// The present of this world.
    pub fn now(&self) -> DateTime<Utc> {
        self.state().now()
    }

    /// Moves the clock, forward or back.
    pub fn shift_time(&self, by: Duration) {
        self.state().clock.shift(by);
    }
}

fn commit(
    state: &mut State,
    who: &str,
    branch: &str,
    base: Option<&str>,
    files: &[(&str, Option<&str>)],
    message: &str,
) -> anyhow::Result<String> {
    let actor = actor(state, who)?;
    let mut changes = Vec::new();
    for (path, content) in files {
        let entry = match content {
            Some(content) => Some(("100644".to_owned(), state.git.write_blob(content.as_bytes())?)),
            None => None,
        };
        changes.push(((*path).to_owned(), entry));
    }
    let tree = base.map(|base| state.git.commit(base)).transpose()?.map(|commit| commit.tree);
    let tree = state.git.write_tree(tree.as_deref(), &changes)?;
    let parents: Vec<String> = base.map(str::to_owned).into_iter().collect();
    let author = state.signature(actor);
    let new = NewCommit { tree: &tree, parents: &parents, message, author: author.clone(), committer: author };
    let sha = state.git.write_commit(&new)?;
    let full = format!("refs/heads/{branch}");
    // A move of a test is not held to the rules: it is what somebody with a bypass did.
    match state.git.branch(branch) {
        Some(old) => {
            let forced = !state.git.contains(&sha, &old);
            refs::apply(state, actor, &full, &old, &sha, forced).map_err(Refusal::into_error)?;
        }
        None => refs::create(state, actor, &full, &sha).map_err(Refusal::into_error)?,
    }
    if state.git.branch(branch).as_deref() != Some(&sha) {
        bail!("the push to {branch} did not arrive");
    }
    Ok(sha)
}

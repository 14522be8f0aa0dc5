//! Mutations: commits with an expected head, references by compare-and-swap, comments, conversations, drafts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ids;
use super::node::{Failure, Node, Out, maybe};
use super::resolve::{Answer, Ask};
use super::values::Args;
use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::git::NewCommit;
use crate::sandbox::moves::{pulls, refs};
use crate::sandbox::people::Access;
use crate::sandbox::refusal::Refusal;

pub(super) fn field(ask: &mut Ask<'_>) -> Answer {
    let Some(input) = ask.args.object("input") else { return Ok(Out::Null) };
    let (payload, mut fields) = match ask.field {
        "createCommitOnBranch" => ("CreateCommitOnBranchPayload", create_commit(ask, input)?),
        "updateRefs" => ("UpdateRefsPayload", update_refs(ask, input)?),
        "minimizeComment" => ("MinimizeCommentPayload", minimize(ask, input, true)?),
        "unminimizeComment" => ("UnminimizeCommentPayload", minimize(ask, input, false)?),
        "resolveReviewThread" => ("ResolveReviewThreadPayload", resolve(ask, input, true)?),
        "unresolveReviewThread" => ("UnresolveReviewThreadPayload", resolve(ask, input, false)?),
        "convertPullRequestToDraft" => ("ConvertPullRequestToDraftPayload", draft(ask, input, true)?),
        "markPullRequestReadyForReview" => ("MarkPullRequestReadyForReviewPayload", draft(ask, input, false)?),
        _ => return Err(Failure::new(None, format!("the sandbox has no mutation `{}`", ask.field))),
    };
    fields.push(("clientMutationId", maybe(input.text("clientMutationId"))));
    Ok(Node::Payload(payload, fields).out())
}

type Fields = Vec<(&'static str, Out)>;

impl Ask<'_> {
    /// Lets somebody write in an area: an App by its access, a person with at least `role`.
    fn may_write(&self, area: &str, role: Permission) -> Result<(), Failure> {
        if self.caller.kind == TokenKind::Personal {
            let who = self.state.people.account(self.caller.actor.user).map(|a| a.login.clone()).unwrap_or_default();
            let message = format!("{who} does not have the correct permissions to execute `{}`", pascal(self.field));
            let fine = self.state.role_of(self.caller.actor) >= role;
            return if fine { Ok(()) } else { Err(Failure::new(Some("FORBIDDEN"), message)) };
        }
        let fine = self.state.access(self.caller, area) >= Access::Write;
        if fine { Ok(()) } else { Err(Failure::forbidden()) }
    }
}

fn pascal(field: &str) -> String {
    let mut letters = field.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// A refusal of the REST side in GraphQL's words.
fn refused(refusal: &Refusal) -> Failure {
    let kind = match refusal.status() {
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        _ => "UNPROCESSABLE",
    };
    Failure::new(Some(kind), refusal.message())
}

fn node(ask: &Ask<'_>, id: Option<&str>) -> Result<Node, Failure> {
    let id = id.unwrap_or_default();
    ids::find(ask.state, id)
        .ok_or_else(|| Failure::not_found(format!("Could not resolve to a node with the global id of '{id}'")))
}

/// The full name of the branch to commit to.
fn branch_of(ask: &Ask<'_>, branch: Args<'_>) -> Result<String, Failure> {
    let repository = branch.text("repositoryNameWithOwner").unwrap_or_default();
    let name = branch.text("branchName").unwrap_or_default();
    if let Some(id) = branch.text("id") {
        let full = id.strip_prefix("REF_kwSB").map(str::to_owned);
        return full
            .ok_or_else(|| Failure::not_found(format!("Could not resolve to a node with the global id of '{id}'")));
    }
    if !ask.state.name.to_string().eq_ignore_ascii_case(repository) {
        return Err(Failure::not_found(format!("Could not resolve to a Repository with the name '{repository}'.")));
    }
    let full = if name.starts_with("refs/heads/") { name.to_owned() } else { format!("refs/heads/{name}") };
    if !ask.state.git.valid_ref(&full) {
        return Err(Failure::unprocessable(format!("Branch name \"{name}\" is not valid.")));
    }
    Ok(full)
}

fn create_commit(ask: &mut Ask<'_>, input: Args<'_>) -> Result<Fields, Failure> {
    let none = serde_json::Map::new();
    let full = branch_of(ask, input.object("branch").unwrap_or(Args(&none)))?;
    ask.may_write("contents", Permission::Write)?;
    // The words for a branch that does not exist are ours; GitHub documents only that it must exist.
    let branch = full.trim_start_matches("refs/heads/").to_owned();
    let head = ask.state.git.ref_sha(&full);
    let head = head.ok_or_else(|| Failure::not_found(format!("No such branch: \"{branch}\"")))?;
    let expected = input.text("expectedHeadOid").unwrap_or_default();
    if head != expected {
        let message = format!("Expected branch to point to \"{expected}\" but it did not.  Pull and try again.");
        return Err(Failure::new(Some("STALE_DATA"), message));
    }
    let changes = changes(ask, &head, input.object("fileChanges").unwrap_or(Args(&none)))?;
    let base = ask.state.git.commit(&head)?.tree;
    let tree = ask.state.git.write_tree(Some(&base), &changes)?;
    let words = input.object("message").unwrap_or(Args(&none));
    let mut message = words.text("headline").unwrap_or_default().to_owned();
    if let Some(body) = words.text("body").filter(|body| !body.is_empty()) {
        message = format!("{message}\n\n{body}");
    }
    let author = ask.state.signature(ask.caller.actor);
    // GitHub signs these commits itself.
    let committer = ask.state.github_signature();
    let new = NewCommit { tree: &tree, parents: &[head], message: &message, author, committer };
    let sha = ask.state.git.write_commit(&new)?;
    ask.state.signed.insert(sha.clone());
    refs::update(ask.state, ask.caller.actor, &full, &sha, false).map_err(|refusal| {
        let protected = refusal.status() == 422 && ask.state.protections.contains_key(&branch);
        let failure = refused(&refusal);
        if protected { Failure { kind: Some("BRANCH_PROTECTION_RULE_VIOLATION"), ..failure } } else { failure }
    })?;
    let commit = ask.state.git.commit(&sha)?;
    Ok(vec![("commit", Node::Commit(Box::new(commit)).out()), ("ref", Node::Ref(full).out())])
}

type Changes = Vec<(String, Option<(String, String)>)>;

/// The changes of files as the tree writer takes them. Modes are kept; a new file is a plain one.
fn changes(ask: &Ask<'_>, head: &str, given: Args<'_>) -> Result<Changes, Failure> {
    let git = &ask.state.git;
    let mut changes = Changes::new();
    for deletion in given.objects("deletions") {
        let path = path(deletion)?;
        if git.entry_at(head, path).is_none_or(|entry| entry.kind != "blob") {
            let message =
                format!("A path was requested for deletion which does not exist as of commit oid `{head}`: {path}");
            return Err(Failure::unprocessable(message));
        }
        changes.push((path.to_owned(), None));
    }
    for addition in given.objects("additions") {
        let path = path(addition)?;
        let contents: String =
            addition.text("contents").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = STANDARD
            .decode(contents)
            .map_err(|_| Failure::unprocessable(format!("The contents of {path} are not valid Base64.")))?;
        let mode =
            git.entry_at(head, path).filter(|e| e.kind == "blob").map_or_else(|| "100644".to_owned(), |e| e.mode);
        changes.push((path.to_owned(), Some((mode, git.write_blob(&bytes)?))));
    }
    Ok(changes)
}

fn path(change: Args<'_>) -> Result<&str, Failure> {
    let path = change.text("path").unwrap_or_default();
    let sound = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git");
    if path.split('/').all(sound) && !path.contains('\0') {
        return Ok(path);
    }
    Err(Failure::unprocessable(format!("A path was requested that is not valid: \"{path}\"")))
}

/// All references move or none does.
fn update_refs(ask: &mut Ask<'_>, input: Args<'_>) -> Result<Fields, Failure> {
    if !matches!(node(ask, input.text("repositoryId"))?, Node::Repository) {
        return Err(Failure::not_found("Could not resolve to a Repository."));
    }
    ask.may_write("contents", Permission::Write)?;
    let updates = input.objects("refUpdates");
    for update in &updates {
        let (name, now) = (update.text("name").unwrap_or_default(), held(ask, *update));
        if !name.starts_with("refs/") || !ask.state.git.valid_ref(name) {
            return Err(Failure::unprocessable(format!("Reference name must be fully qualified: \"{name}\"")));
        }
        if let Some(before) = update.text("beforeOid").filter(|before| *before != now) {
            let message = format!("Expected ref `{name}` to point to \"{before}\" but it points to \"{now}\".");
            return Err(Failure::new(Some("STALE_DATA"), message));
        }
        let after = update.text("afterOid").unwrap_or_default();
        if after != refs::ZERO && ask.state.git.kind(after).as_deref() != Some("commit") {
            return Err(Failure::not_found(format!("Could not resolve to a commit with the oid of '{after}'.")));
        }
        let forward = after == refs::ZERO || now == refs::ZERO || ask.state.git.contains(after, &now);
        if !forward && update.flag("force") != Some(true) {
            return Err(Failure::unprocessable(format!("Update of `{name}` is not a fast forward")));
        }
    }
    for update in updates {
        let (name, now) = (update.text("name").unwrap_or_default(), held(ask, update));
        let (after, force) = (update.text("afterOid").unwrap_or_default(), update.flag("force") == Some(true));
        let (state, actor) = (&mut *ask.state, ask.caller.actor);
        let moved = match (now.as_str(), after) {
            (refs::ZERO, refs::ZERO) => Ok(()),
            (refs::ZERO, after) => refs::create(state, actor, name, after),
            (_, refs::ZERO) => refs::delete(state, actor, name),
            (_, after) => refs::update(state, actor, name, after, force),
        };
        moved.map_err(|refusal| refused(&refusal))?;
    }
    Ok(Vec::new())
}

/// Where a reference points now; zeros when it does not exist.
fn held(ask: &Ask<'_>, update: Args<'_>) -> String {
    ask.state.git.ref_sha(update.text("name").unwrap_or_default()).unwrap_or_else(|| refs::ZERO.to_owned())
}

fn minimize(ask: &mut Ask<'_>, input: Args<'_>, on: bool) -> Result<Fields, Failure> {
    let node = node(ask, input.text("subjectId"))?;
    let Node::Comment(id) = node else {
        return Err(Failure::unprocessable("The subject cannot be minimized."));
    };
    let issue = ask.state.comments.get(&id).map(|comment| comment.issue).unwrap_or_default();
    let area = if ask.state.pulls.contains_key(&issue) { "pull_requests" } else { "issues" };
    ask.may_write(area, Permission::Write)?;
    let word = input.text("classifier").unwrap_or_default().to_ascii_lowercase().replace('_', "-");
    if let Some(comment) = ask.state.comments.get_mut(&id) {
        comment.minimized = on.then_some(word);
    }
    let key = if on { "minimizedComment" } else { "unminimizedComment" };
    Ok(vec![(key, Node::Comment(id).out())])
}

/// A workflow's or App's token needs write access to contents here, beyond that to pull requests.
fn resolve(ask: &mut Ask<'_>, input: Args<'_>, on: bool) -> Result<Fields, Failure> {
    let Node::Thread(id) = node(ask, input.text("threadId"))? else {
        return Err(Failure::not_found("Could not resolve to a PullRequestReviewThread."));
    };
    if ask.caller.kind == TokenKind::Workflow {
        return Err(Failure::forbidden());
    }
    ask.may_write("pull_requests", Permission::Write)?;
    let actor = ask.caller.actor;
    if let Some(comment) = ask.state.review_comments.iter_mut().find(|c| c.id == id) {
        comment.thread.resolved_by = on.then_some(actor.user);
    }
    Ok(vec![("thread", Node::Thread(id).out())])
}

fn draft(ask: &mut Ask<'_>, input: Args<'_>, draft: bool) -> Result<Fields, Failure> {
    let Node::Pull(number) = node(ask, input.text("pullRequestId"))? else {
        return Err(Failure::not_found("Could not resolve to a PullRequest."));
    };
    ask.may_write("pull_requests", Permission::Write)?;
    if !ask.state.issues.get(&number).is_some_and(|issue| issue.open) {
        return Err(Failure::unprocessable("Pull request is closed"));
    }
    pulls::set_draft(ask.state, ask.caller.actor, number, draft);
    Ok(vec![("pullRequest", Node::Pull(number).out())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_stay_inside_the_repository() {
        for (written, fine) in [("a/b.rs", true), ("../a", false), ("a//b", false), (".git/config", false), ("", false)]
        {
            let change = json!({"path": written});
            assert_eq!(path(Args(change.as_object().unwrap())).is_ok(), fine, "{written}");
        }
        assert_eq!(pascal("minimizeComment"), "MinimizeComment");
    }
}

//! Reviews and review comments.

use crate::domain::user::Permission;
use crate::sandbox::git::FileDiff;
use crate::sandbox::people::Actor;
use crate::sandbox::refusal::{Refusal, not_found, sentences};
use crate::sandbox::state::{EventKind, Hunk, Review, ReviewComment, ReviewState, State, Thread};

/// Submits a review and gives its id.
pub(crate) fn submit(
    state: &mut State,
    actor: Actor,
    number: u64,
    verdict: ReviewState,
    body: &str,
    commit: Option<&str>,
) -> Result<u64, Refusal> {
    let pull = state.pulls.get(&number).ok_or_else(not_found)?;
    let commit = commit.map_or_else(|| pull.head_sha.clone(), str::to_owned);
    let author = state.issues.get(&number).map(|issue| issue.author.user);
    if author == Some(actor.user) {
        match verdict {
            ReviewState::Approved => return Err(refused("Can not approve your own pull request")),
            ReviewState::ChangesRequested => {
                return Err(refused("Can not request changes on your own pull request"));
            }
            _ => {}
        }
    }
    if verdict == ReviewState::Approved && actor.is_workflow() && !state.repo.actions_can_create_pulls {
        return Err(refused("GitHub Actions is not permitted to approve pull requests."));
    }
    let (id, now) = (state.id(), state.now());
    state.reviews.push(Review {
        id,
        pull: number,
        author: actor,
        body: body.to_owned(),
        state: verdict,
        commit: Some(commit),
        submitted_at: now,
    });
    if let Some(pull) = state.pulls.get_mut(&number) {
        pull.requested_reviewers.retain(|user| *user != actor.user);
    }
    if let Some(issue) = state.issues.get_mut(&number) {
        issue.updated_at = now;
    }
    Ok(id)
}

fn refused(words: &str) -> Refusal {
    sentences("Unprocessable Entity", &[words])
}

/// Dismisses a review that approved or asked for changes.
pub(crate) fn dismiss(state: &mut State, actor: Actor, id: u64, message: Option<&str>) -> Result<(), Refusal> {
    let review = state.reviews.iter_mut().find(|review| review.id == id).ok_or_else(not_found)?;
    if !matches!(review.state, ReviewState::Approved | ReviewState::ChangesRequested) {
        return Err(refused("Can not dismiss a commented pull request review"));
    }
    let (number, old) = (review.pull, review.state.name().to_ascii_lowercase());
    review.state = ReviewState::Dismissed;
    let message = message.map(str::to_owned);
    state.event(number, actor, EventKind::ReviewDismissed { review: id, state: old, message });
    Ok(())
}

/// Dismisses approvals of older heads where the base branch's protection says so.
pub(crate) fn dismiss_stale(state: &mut State, number: u64) {
    let Some(pull) = state.pulls.get(&number) else { return };
    let pointer = "/parameters/dismiss_stale_reviews_on_push";
    let wanted = state.protections.get(&pull.base_ref).is_some_and(|protection| protection.dismiss_stale_reviews)
        || super::rules::rules(state, &pull.base_ref, None)
            .iter()
            .any(|(_, rule)| rule.pointer(pointer) == Some(&serde_json::Value::Bool(true)));
    if !wanted {
        return;
    }
    let head = pull.head_sha.clone();
    let stale = |review: &&mut Review| {
        review.pull == number && review.state == ReviewState::Approved && review.commit.as_ref() != Some(&head)
    };
    for review in state.reviews.iter_mut().filter(stale) {
        review.state = ReviewState::Dismissed;
    }
}

/// How many writers approve, and how many ask for changes: each one's last word counts, comments are no word.
pub(crate) fn tally(state: &State, number: u64) -> (u64, u64) {
    let mut last: Vec<(u64, ReviewState)> = Vec::new();
    for review in state.reviews.iter().filter(|review| review.pull == number) {
        let user = review.author.user;
        if review.state == ReviewState::Commented || state.people.role(user) < Permission::Write {
            continue;
        }
        last.retain(|(known, _)| *known != user);
        last.push((user, review.state));
    }
    let count = |wanted| last.iter().map(|(_, state)| u64::from(*state == wanted)).sum();
    (count(ReviewState::Approved), count(ReviewState::ChangesRequested))
}

/// Adds a review comment and gives its id.
pub(crate) fn comment(
    state: &mut State,
    actor: Actor,
    number: u64,
    review: Option<u64>,
    (commit, hunk): (&str, Hunk),
    body: &str,
    reply_to: Option<u64>,
) -> u64 {
    let (id, now) = (state.id(), state.now());
    state.review_comments.push(ReviewComment {
        id,
        pull: number,
        review,
        author: actor,
        body: body.to_owned(),
        commit: commit.to_owned(),
        hunk,
        reply_to,
        created_at: now,
        updated_at: now,
        thread: Thread::default(),
    });
    id
}

/// Finds a line of a file's difference; nothing when the line is not part of it.
pub(crate) fn locate(files: &[FileDiff], path: &str, side: &str, line: u64) -> Option<Hunk> {
    let file = files.iter().find(|file| file.path == path)?;
    let patch = file.patch.as_deref()?;
    let (mut left, mut right, mut text) = (0, 0, Vec::new());
    for (position, row) in patch.lines().enumerate() {
        if let Some((old, new)) = header(row) {
            (left, right) = (old, new);
            text = vec![row];
            continue;
        }
        text.push(row);
        let (here_left, here_right) = match row.chars().next() {
            Some('+') => (None, Some(right)),
            Some('-') => (Some(left), None),
            Some('\\') => (None, None),
            _ => (Some(left), Some(right)),
        };
        left += u64::from(here_left.is_some());
        right += u64::from(here_right.is_some());
        let here = if side == "LEFT" { here_left } else { here_right };
        if here == Some(line) {
            return Some(Hunk {
                path: path.to_owned(),
                line: Some(line),
                start_line: None,
                side: side.to_owned(),
                start_side: None,
                position: Some(position as u64),
                text: text.join("\n"),
            });
        }
    }
    None
}

/// The first lines of both sides of a hunk.
fn header(row: &str) -> Option<(u64, u64)> {
    let mut words = row.strip_prefix("@@ -")?.split(' ');
    let first = |word: &str| word.split(',').next()?.parse().ok();
    let old = first(words.next()?)?;
    let new = first(words.next()?.strip_prefix('+')?)?;
    Some((old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_on_its_side_and_nowhere_else() {
        let patch = "@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n@@ -10,2 +10,3 @@ fn x\n j\n+k\n l";
        let file = FileDiff {
            path: "f".into(),
            previous: None,
            status: "modified",
            sha: String::new(),
            additions: 2,
            deletions: 1,
            patch: Some(patch.into()),
        };
        let files = [file];
        let find = |side: &str, line| locate(&files, "f", side, line).and_then(|hunk| hunk.position);
        assert_eq!((find("RIGHT", 2), find("LEFT", 2), find("RIGHT", 11)), (Some(3), Some(2), Some(7)));
        assert_eq!((find("RIGHT", 5), find("LEFT", 12), find("RIGHT", 12)), (None, None, Some(8)));
        assert_eq!(locate(&files, "f", "RIGHT", 11).unwrap().text, "@@ -10,2 +10,3 @@ fn x\n j\n+k");
    }
}

//! Gates on the pull request itself: is it ours, open, ready, not held, and unmoved.

use super::{Answer, Ground, known, some};
use crate::domain::pull::Pull;

pub(super) fn open(ground: &Ground<'_>) -> Answer {
    let (pull, ledger) = (&ground.facts.pull, &ground.facts.ledger);
    // GitHub may show a merged pull request as open for a while: what we wrote down wins.
    if let Some(merge) = &ledger.merged {
        return Answer::blocked(format!("we merged it at {}", merge.head.short()), "nothing to do");
    }
    match (pull.merged, pull.open) {
        (true, _) => Answer::blocked("it is merged", "nothing to do"),
        (false, false) => Answer::blocked("it is closed", "reopen it"),
        (false, true) => Answer::passed("open"),
    }
}

pub(super) fn ours(ground: &Ground<'_>) -> Answer {
    const HINT: &str = "review and merge it by hand";
    let facts = ground.facts;
    let pull = &facts.pull;
    if !pull.head.branch.is_automated() {
        return Answer::needs_human(format!("its branch is {}", pull.head.branch), HINT);
    }
    if pull.head.repo_id != Some(facts.repository.id) || pull.base.repo_id != Some(facts.repository.id) {
        return Answer::needs_human("its branch is in another repository", HINT);
    }
    match &pull.author {
        None => return Answer::needs_human("its author's account is gone", HINT),
        Some(author) if author.id != facts.us.user.id => {
            return Answer::needs_human(format!("it was opened by {}", author.login), HINT);
        }
        Some(_) => {}
    }
    match &facts.ledger.opened {
        Some(opened) if opened.branch == pull.head.branch => {
            Answer::passed(format!("opened for issue #{}", opened.issue))
        }
        _ => Answer::needs_human("the ledger does not know that we opened it", HINT),
    }
}

pub(super) fn not_draft(ground: &Ground<'_>) -> Answer {
    if ground.facts.pull.draft {
        Answer::needs_human("a draft", "mark it as ready for review")
    } else {
        Answer::passed("ready")
    }
}

pub(super) fn not_locked(ground: &Ground<'_>) -> Answer {
    if ground.facts.pull.locked {
        Answer::needs_human("locked", "unlock the conversation, or merge it by hand")
    } else {
        Answer::passed("unlocked")
    }
}

pub(super) fn no_hold(ground: &Ground<'_>) -> Answer {
    let labels = &ground.config.labels;
    let stops = [&labels.hold, &labels.needs_approval, &labels.blocked];
    let mut found = Vec::new();
    for name in stops {
        if ground.facts.pull.has_label(name) {
            found.push(format!("{name} on the pull request"));
        }
    }
    if let Some(issue) = known!(ground.facts.issue) {
        let on_issue = stops.into_iter().filter(|name| issue.has_label(name));
        found.extend(on_issue.map(|name| format!("{name} on issue #{}", issue.number)));
    }
    if found.is_empty() {
        Answer::passed("none")
    } else {
        Answer::needs_human(some(&found), "remove the label when it may go on")
    }
}

pub(super) fn no_auto_merge(ground: &Ground<'_>) -> Answer {
    if ground.facts.pull.auto_merge {
        Answer::needs_human("on", "turn GitHub's auto-merge off: it would merge whatever is pushed later")
    } else {
        Answer::passed("off")
    }
}

pub(super) fn unmoved(ground: &Ground<'_>) -> Answer {
    let (first, last) = (&ground.facts.pull, known!(ground.facts.latest));
    let pairs = [
        ("head", first.head.sha != last.head.sha || first.head.branch != last.head.branch),
        ("base", first.base.branch != last.base.branch),
        ("state", first.open != last.open || first.merged != last.merged || first.draft != last.draft),
        ("labels", first.labels != last.labels),
        ("auto-merge", first.auto_merge != last.auto_merge),
        ("lock", first.locked != last.locked),
        ("text", text(first) != text(last)),
    ];
    let moved: Vec<&str> = pairs.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    if moved.is_empty() {
        Answer::passed(format!("head is {}", first.head.sha.short()))
    } else {
        Answer::waiting(format!("changed meanwhile: {}", some(&moved)), "run again")
    }
}

fn text(pull: &Pull) -> (&str, &str) {
    (&pull.title, &pull.body)
}

pub(super) fn only_pull(ground: &Ground<'_>) -> Answer {
    let siblings = known!(ground.facts.siblings);
    if siblings.is_empty() {
        return Answer::passed("none");
    }
    let names: Vec<String> = siblings.iter().map(|number| format!("#{number}")).collect();
    Answer::needs_human(some(&names), "close the others: a check of a commit says nothing about which base it goes to")
}

//! Gates on reviews: our own verdicts from the ledger, people's from GitHub. Fresh means: of this very commit.

use std::collections::BTreeMap;

use super::{Answer, Ground, known, some};
use crate::domain::finding::Role;
use crate::domain::ids::UserId;
use crate::domain::pull::ReviewState;
use crate::domain::user::{Permission, UserKind};
use crate::jobs::merge::facts::{Facts, Read, ReviewFact};
use crate::plan::verdict::ReviewResult;

pub(super) fn cto(ground: &Ground<'_>) -> Answer {
    verdict(ground, Role::Cto)
}

pub(super) fn ciso(ground: &Ground<'_>) -> Answer {
    verdict(ground, Role::Ciso)
}

/// A check run is never read back as authority: only the ledger is.
fn verdict(ground: &Ground<'_>, role: Role) -> Answer {
    const AGAIN: &str = "run the review again";
    let facts = ground.facts;
    let (tip, comparison) = (known!(facts.base_tip), known!(facts.comparison));
    let found =
        facts.ledger.verdicts.iter().rev().find(|known| known.role == role && known.head == facts.pull.head.sha);
    let Some(found) = found else {
        return Answer::waiting(format!("none of {}", facts.pull.head.sha.short()), AGAIN);
    };
    if found.base != *tip && found.base != comparison.merge_base {
        return Answer::waiting("it was made against another base", AGAIN);
    }
    if found.policy != ground.config.policy_digest {
        return Answer::waiting("it was made under another policy", AGAIN);
    }
    if !found.coverage.is_full() {
        let seen = format!("{} of {} changed lines were reviewed", found.coverage.reviewed, found.coverage.total);
        return Answer::needs_human(seen, "review the rest by hand");
    }
    let count = found.findings.len();
    let score = format!("score {}, {count} finding{}", found.score, if count == 1 { "" } else { "s" });
    match found.result {
        ReviewResult::Passed => Answer::passed(score),
        ReviewResult::Blocked => Answer::blocked(format!("a critical finding; {score}"), "read the review's comment"),
        ReviewResult::NeedsHuman => match approvers(facts) {
            Ok(approvers) if !approvers.is_empty() => {
                Answer::passed(format!("a high finding, and an approval by {}", some(&approvers)))
            }
            Ok(_) => Answer::needs_human(format!("a high finding; {score}"), "read it; approve this head to go on"),
            Err(reason) => Answer::unreadable(&reason),
        },
        ReviewResult::Incomplete => Answer::waiting("it could not be finished", AGAIN),
    }
}

pub(super) fn no_change_request(ground: &Ground<'_>) -> Answer {
    let mut live = Vec::new();
    for fact in opinions(known!(ground.facts.reviews)) {
        if fact.review.state != ReviewState::ChangesRequested {
            continue;
        }
        let Some(author) = &fact.review.author else {
            live.push("somebody whose account is gone".to_owned());
            continue;
        };
        let counts = match &fact.permission {
            Read::Unreadable(reason) => return Answer::unreadable(reason),
            Read::Known(permission) => {
                author.kind != UserKind::Human || permission.is_some_and(|may| may >= Permission::Write)
            }
        };
        if counts {
            live.push(author.login.clone());
        }
    }
    if live.is_empty() {
        Answer::passed("none")
    } else {
        Answer::needs_human(some(&live), "answer it; the reviewer approves, or the review is dismissed")
    }
}

pub(super) fn approvals(ground: &Ground<'_>) -> Answer {
    let wanted = known!(ground.facts.rules).required_approvals;
    match approvers(ground.facts) {
        Err(reason) => Answer::unreadable(&reason),
        Ok(approvers) if approvers.len() as u64 >= wanted => Answer::passed(format!("{} of {wanted}", approvers.len())),
        Ok(approvers) => {
            Answer::needs_human(format!("{} of {wanted}", approvers.len()), "ask for a review of this head")
        }
    }
}

/// People who may write, are not us, and whose last word is an approval of this head.
fn approvers(facts: &Facts) -> Result<Vec<String>, String> {
    let reviews = match &facts.reviews {
        Read::Known(reviews) => reviews,
        Read::Unreadable(reason) => return Err(reason.clone()),
    };
    let mut found = Vec::new();
    for fact in opinions(reviews) {
        let fresh = fact.review.commit.as_ref() == Some(&facts.pull.head.sha);
        let Some(author) = fact
            .review
            .author
            .as_ref()
            .filter(|author| author.kind == UserKind::Human && author.id != facts.us.user.id)
        else {
            continue;
        };
        if fact.review.state != ReviewState::Approved || !fresh {
            continue;
        }
        match &fact.permission {
            Read::Unreadable(reason) => return Err(reason.clone()),
            Read::Known(Some(may)) if *may >= Permission::Write => found.push(author.login.clone()),
            Read::Known(_) => {}
        }
    }
    Ok(found)
}

/// The last opinion of each reviewer. A comment is none; after a dismissal the reviewer has none.
fn opinions(reviews: &[ReviewFact]) -> Vec<&ReviewFact> {
    let mut last: BTreeMap<Option<UserId>, &ReviewFact> = BTreeMap::new();
    let mut ghosts = Vec::new();
    for fact in reviews {
        let opinion =
            matches!(fact.review.state, ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed);
        match fact.review.author.as_ref().map(|author| author.id) {
            _ if !opinion => {}
            // Accounts that are gone cannot be told apart, so none takes another's word back.
            None => ghosts.push(fact),
            id => {
                last.insert(id, fact);
            }
        }
    }
    last.into_values().chain(ghosts).filter(|fact| fact.review.state != ReviewState::Dismissed).collect()
}

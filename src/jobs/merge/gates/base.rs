//! Gates on the base branch: the right one, contained, without conflicts, its rules known.

use super::{Answer, Ground, known};

pub(super) fn base(ground: &Ground<'_>) -> Answer {
    let base = &ground.facts.pull.base.branch;
    match &ground.facts.ledger.opened {
        Some(opened) if opened.base == *base => Answer::passed(base.as_str()),
        Some(opened) => Answer::needs_human(
            format!("{base}, but it was opened for {}", opened.base),
            format!("change the base back to {}, or merge it by hand", opened.base),
        ),
        None => Answer::needs_human(format!("{base}, and the ledger knows of none"), "review and merge it by hand"),
    }
}

pub(super) fn up_to_date(ground: &Ground<'_>) -> Answer {
    let comparison = known!(ground.facts.comparison);
    let tip = known!(ground.facts.base_tip);
    if comparison.behind_by == 0 && comparison.merge_base == *tip {
        return Answer::passed(format!("contains {}", tip.short()));
    }
    Answer::blocked(
        format!("{} commits behind {}", comparison.behind_by, ground.facts.pull.base.branch),
        "update the branch; its new head is then checked and reviewed anew",
    )
}

pub(super) fn mergeable(ground: &Ground<'_>) -> Answer {
    match ground.facts.pull.mergeable {
        Some(true) => Answer::passed("no conflict"),
        Some(false) => Answer::blocked("it conflicts with the base branch", "resolve the conflict, or close it"),
        None => Answer::waiting("GitHub has not computed it yet", "run again"),
    }
}

pub(super) fn rules_readable(ground: &Ground<'_>) -> Answer {
    let rules = known!(ground.facts.rules);
    if rules.complete {
        let count = rules.required_checks.len();
        return Answer::passed(format!("{count} required check{}", if count == 1 { "" } else { "s" }));
    }
    Answer::waiting(
        "part of the branch protection may not be read",
        "use a ruleset instead of classic protection, or an app with administration: read",
    )
}

pub(super) fn no_merge_queue(ground: &Ground<'_>) -> Answer {
    if known!(ground.facts.rules).rule_types.iter().any(|kind| kind == "merge_queue") {
        return Answer::needs_human("the base branch has one", "add the pull request to the queue by hand");
    }
    Answer::passed("none")
}

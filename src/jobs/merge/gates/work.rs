//! The gate on the work itself: the approval covers exactly the text that the issue has now.

use super::{Answer, Ground, known};

pub(super) fn issue_approved(ground: &Ground<'_>) -> Answer {
    let Some(issue) = known!(ground.facts.issue) else {
        return Answer::needs_human("the ledger knows no issue for it", "review and merge it by hand");
    };
    if !issue.open {
        return Answer::needs_human(
            format!("issue #{} is closed", issue.number),
            "reopen it, or close the pull request",
        );
    }
    let Some(approval) = ground.facts.ledger.approvals.iter().rev().find(|known| known.issue == issue.number) else {
        let hint = "approve the issue again, so that the approval is written down";
        return Answer::needs_human(format!("no approval of issue #{} is written down", issue.number), hint);
    };
    if approval.spec == issue.spec_digest() {
        Answer::passed(format!("#{}, approved by {}", issue.number, approval.approved_by))
    } else {
        Answer::needs_human(
            format!("the title or the body of issue #{} was changed after its approval", issue.number),
            "read the change; approve the issue again, or close the pull request",
        )
    }
}

//! The claim: the approval is noted, then the branch is made. Whoever makes it first has the issue.

use super::pick::{Picked, SkipReason, Skipped};
use crate::config::Config;
use crate::domain::ids::{CommitSha, RepoName};
use crate::plan::action::Note;
use crate::plan::{Action, Plan, Target};
use crate::report::markdown;

pub fn claim_plan(picked: &Picked, base: &CommitSha, repo: &RepoName, config: &Config) -> Plan {
    let number = picked.issue.number;
    let summary = format!("claim issue #{number}, approved by {}", picked.approved_by);
    let mut plan = Plan::new(repo, "run", summary, &config.policy_digest);
    plan.actions = vec![
        Action::Note(Note::Approval {
            issue: number,
            spec: picked.spec.clone(),
            approved_by: picked.approved_by.clone(),
        }),
        Action::ClaimBranch { branch: picked.branch.clone(), base: base.clone(), issue: number },
    ];
    plan
}

/// Gives issues back whose approval does not cover their present text, with a comment that says what changed.
pub fn void_plan(skipped: &[Skipped], repo: &RepoName, config: &Config) -> Plan {
    let labels = &config.labels;
    let mut plan =
        Plan::new(repo, "run", "give issues back that were edited after their approval", &config.policy_digest);
    for issue in skipped {
        let SkipReason::ApprovalVoid(what) = &issue.why else { continue };
        plan.actions.push(Action::UpsertComment {
            target: Target::Issue(issue.number),
            key: "approval-void".into(),
            body: void_comment(what, &labels.roadmap, &labels.needs_approval),
        });
        plan.actions.push(Action::EditLabels {
            target: Target::Issue(issue.number),
            add: vec![labels.needs_approval.clone()],
            remove: vec![labels.roadmap.clone()],
        });
    }
    plan
}

fn void_comment(what: &str, roadmap: &str, needs_approval: &str) -> String {
    format!(
        "This issue was not implemented: {}. An approval covers exactly the text that was approved.\n\n\
         Read the title and the body again. If they say what you want, take `{needs_approval}` off and put `{roadmap}` on.\n",
        markdown::inline(what, 300)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::IssueNumber;

    #[test]
    fn only_edited_issues_are_given_back() {
        let skipped = |number, why| Skipped { number: IssueNumber(number), title: "t".into(), why };
        let list = [
            skipped(1, SkipReason::NotApproved("x".into())),
            skipped(2, SkipReason::ApprovalVoid("its body was edited after alice approved it".into())),
        ];
        let config = Config::defaults();
        let plan = void_plan(&list, &"acme/web".parse().unwrap(), &config);
        let body = "This issue was not implemented: its body was edited after alice approved it. An approval covers exactly the \
                    text that was approved.\n\nRead the title and the body again. If they say what you want, take \
                    `needs-approval` off and put `roadmap` on.\n";
        let target = Target::Issue(IssueNumber(2));
        assert_eq!(
            plan.actions,
            [
                Action::UpsertComment { target: target.clone(), key: "approval-void".into(), body: body.into() },
                Action::EditLabels { target, add: vec!["needs-approval".into()], remove: vec!["roadmap".into()] },
            ]
        );
    }
}

//! Ends without a proposal: the branch goes, with its reason; the issue says why and how to go on.

use super::engineer::{GaveUp, Spend, Why};
use super::pick::Picked;
use super::proposal::spend_note;
use super::texts;
use crate::config::Config;
use crate::domain::ids::{CommitSha, RepoName};
use crate::plan::action::{LabelSpec, Note};
use crate::plan::{Action, Plan, Target};
use crate::report::markdown;

/// Nobody tries again until a person takes the label `autonomy:failed` off.
pub fn give_up_plan(gave_up: &GaveUp, repo: &RepoName, config: &Config) -> Plan {
    let (issue, failed) = (gave_up.issue, &config.labels.failed);
    let mut plan =
        Plan::new(repo, "run", format!("give issue #{issue} up and release its branch"), &config.policy_digest);
    plan.actions = vec![
        Action::DeleteBranch {
            branch: gave_up.branch.clone(),
            expected_head: gave_up.base.clone(),
            reason: format!("the engineer gave #{issue} up before anything was committed"),
        },
        Action::EnsureLabels {
            labels: vec![LabelSpec {
                name: failed.clone(),
                color: "b60205".into(),
                description: "autonomy gave this up; take the label off to have it tried again".into(),
            }],
        },
        Action::EditLabels { target: Target::Issue(issue), add: vec![failed.clone()], remove: Vec::new() },
        Action::UpsertComment {
            target: Target::Issue(issue),
            key: "gave-up".into(),
            body: gave_up_comment(gave_up, failed),
        },
        Action::Note(Note::GaveUp { issue, reason: reason(&gave_up.why) }),
    ];
    plan.actions.extend(spend_note(gave_up.spend.as_ref(), issue));
    plan
}

/// Releases the claimed branch after something outside the issue failed. The issue stays as it is: the next run tries again.
pub fn release_plan(
    picked: &Picked,
    base: &CommitSha,
    reason: &str,
    spend: Option<&Spend>,
    repo: &RepoName,
    config: &Config,
) -> Plan {
    let issue = picked.issue.number;
    let mut plan = Plan::new(repo, "run", format!("release the branch of issue #{issue}"), &config.policy_digest);
    plan.actions = vec![Action::DeleteBranch {
        branch: picked.branch.clone(),
        expected_head: base.clone(),
        reason: reason.to_owned(),
    }];
    plan.actions.extend(spend_note(spend, issue));
    plan
}

/// One line for the ledger and the terminal.
pub fn reason(why: &Why) -> String {
    match why {
        Why::Stopped(text) => text.clone(),
        Why::Model(text) => {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("the engineer gave up: {}", texts::shortened(&line, 300))
        }
    }
}

fn gave_up_comment(gave_up: &GaveUp, failed: &str) -> String {
    let why = match &gave_up.why {
        Why::Stopped(text) => format!("{}.", markdown::inline(text, 300)),
        Why::Model(text) => format!("the engineer (a model) gave this reason:\n\n{}", texts::quote(text)),
    };
    let cost = gave_up
        .spend
        .as_ref()
        .map_or_else(String::new, |spend| format!(" It took {} turns and cost {}.", gave_up.turns, spend.usage.cost));
    format!(
        "I could not implement this issue: {why}\n\nNothing was committed and the branch is gone.{cost}\n\n\
         **To go on:** say in the issue what is missing, approve it again if you edited it, and take the label `{failed}` off.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{issue, picked, sha};
    use super::*;
    use crate::domain::ids::IssueNumber;
    use crate::domain::money::{Usage, Usd};
    use crate::domain::secret::Redactor;
    use crate::plan::limits;

    fn gave_up(why: Why) -> GaveUp {
        let usage = Usage { requests: 2, cost: Usd(20_000), ..Usage::default() };
        GaveUp {
            issue: IssueNumber(12),
            branch: "automated/12-x".parse().unwrap(),
            base: sha('a'),
            why,
            turns: 2,
            spend: Some(Spend { model: "fake-1".into(), usage }),
        }
    }

    #[test]
    fn the_issue_learns_why_and_how_to_go_on() {
        assert_eq!(
            gave_up_comment(&gave_up(Why::Model("Unclear.\n@bob should say more, fixes #3".into())), "autonomy:failed"),
            "I could not implement this issue: the engineer (a model) gave this reason:

> Unclear.
> @\u{200b}bob should say more, fixes #\u{200b}3

Nothing was committed and the branch is gone. It took 2 turns and cost 0.02 USD.

**To go on:** say in the issue what is missing, approve it again if you edited it, and take the label `autonomy:failed` off.
"
        );
    }

    #[test]
    fn no_branch_is_left_and_the_guard_lets_the_plan_through() {
        let config = Config::defaults();
        let repo: RepoName = "acme/web".parse().unwrap();
        let plan = give_up_plan(&gave_up(Why::Stopped("the 40 turns were used up".into())), &repo, &config);
        let names: Vec<&str> = plan.actions.iter().map(Action::name).collect();
        assert_eq!(
            names,
            ["branch.delete", "label.create", "issue.label", "issue.comment", "ledger.note", "ledger.note"]
        );
        for action in &plan.actions {
            assert_eq!(limits::check(action, &config, &Redactor::default()), [], "{action:?}");
        }
    }

    #[test]
    fn an_interrupted_run_releases_its_branch_and_blames_nobody() {
        let config = Config::defaults();
        let picked = picked(issue(12, "Add x", ""));
        let plan = release_plan(&picked, &sha('a'), "openai is not reachable", None, &"a/b".parse().unwrap(), &config);
        assert_eq!(
            plan.actions,
            [Action::DeleteBranch {
                branch: picked.branch.clone(),
                expected_head: sha('a'),
                reason: "openai is not reachable".into()
            }]
        );
    }
}

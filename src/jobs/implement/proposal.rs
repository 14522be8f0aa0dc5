//! The proposal: one commit and one pull request with a body that a reviewer wants to read.

use super::engineer::Spend;
use super::texts;
use super::verify::{Compared, Effect, status};
use crate::codebase::change::{Edits, FileEdit};
use crate::codebase::index::{FileClass, classify};
use crate::config::Config;
use crate::domain::finding::Role;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, RepoName};
use crate::domain::issue::Issue;
use crate::plan::action::{LabelSpec, Note};
use crate::plan::{Action, Plan};
use crate::ports::checkout::{FileKind, TrackedFile};
use crate::report::markdown;

/// A finished change with everything that a reviewer should know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub issue: Issue,
    pub branch: BranchName,
    /// The commit that the change was made on: the tip of the claimed branch.
    pub base: CommitSha,
    /// Login.
    pub approved_by: String,
    /// The model's words: untrusted.
    pub summary: String,
    pub commit_message: Option<String>,
    pub edits: Edits,
    pub checks: Vec<Compared>,
    pub turns: u32,
    /// `None` where no model of ours was asked.
    pub spend: Option<Spend>,
}

impl Proposal {
    /// A change whose checks do not all pass is proposed as a draft.
    pub fn is_draft(&self) -> bool {
        self.checks.iter().any(|check| matches!(check.effect(), Effect::StillFails | Effect::Broke))
    }

    pub fn title(&self) -> String {
        texts::title(&self.issue)
    }

    pub fn commit_message(&self) -> String {
        texts::commit_message(&self.issue, self.commit_message.as_deref())
    }
}

/// Commit, pull request and the note of what it cost. `base_branch` is the default branch.
pub fn proposal_plan(proposal: &Proposal, base_branch: &BranchName, repo: &RepoName, config: &Config) -> Plan {
    let issue = proposal.issue.number;
    let files = counted(proposal.edits.files.len() as u64, "file");
    let summary = format!("propose a change of {files} for issue #{issue}");
    let mut plan = Plan::new(repo, "run", summary, &config.policy_digest);
    plan.actions = vec![
        Action::EnsureLabels { labels: vec![automated_label(&config.labels.automated)] },
        Action::CommitFiles {
            branch: proposal.branch.clone(),
            expected_head: proposal.base.clone(),
            message: proposal.commit_message(),
            changes: proposal.edits.change_set(),
        },
        Action::OpenPull {
            branch: proposal.branch.clone(),
            base: base_branch.clone(),
            title: proposal.title(),
            body: pull_body(proposal, &config.labels.hold),
            draft: proposal.is_draft(),
            labels: vec![config.labels.automated.clone()],
            issue,
        },
    ];
    plan.actions.extend(spend_note(proposal.spend.as_ref(), issue));
    plan
}

pub(super) fn spend_note(spend: Option<&Spend>, issue: IssueNumber) -> Option<Action> {
    let Spend { model, usage } = spend?.clone();
    Some(Action::Note(Note::Spend { role: Role::Engineer, model, usage, issue: Some(issue), pull: None }))
}

fn automated_label(name: &str) -> LabelSpec {
    LabelSpec { name: name.to_owned(), color: "ededed".into(), description: "Made by autonomy".into() }
}

/// The pull request's body. Everything that a model or a user wrote is escaped.
pub fn pull_body(proposal: &Proposal, hold: &str) -> String {
    let issue = proposal.issue.number;
    [
        format!("Fixes #{issue}"),
        format!(
            "### What and why\n\nThe engineer's own words, written by a model:\n\n{}\n\nThe text of #{issue} was approved by {}.",
            texts::quote(&proposal.summary),
            markdown::inline(&proposal.approved_by, 300)
        ),
        format!("### Files\n\n{}", files_table(&proposal.edits)),
        format!("### Checks\n\n{}", checks_table(&proposal.checks)),
        format!("### Not verified\n\n{}", not_verified(proposal)),
        format!("### Cost\n\n{}", cost(proposal)),
        texts::how_to_stop(issue, hold),
    ]
    .join("\n\n")
        + "\n"
}

fn files_table(edits: &Edits) -> String {
    let mut rows = vec!["| file | change | lines |".to_owned(), "|---|---|---|".to_owned()];
    for file in &edits.files {
        let change = match (&file.before, &file.after) {
            (None, _) => "new",
            (_, None) => "deleted",
            _ => "edited",
        };
        rows.push(format!(
            "| {} | {change} | +{} −{} |",
            markdown::code(file.path.as_str(), 200),
            file.added,
            file.removed
        ));
    }
    rows.join("\n")
}

fn checks_table(checks: &[Compared]) -> String {
    if checks.is_empty() {
        return "No checks are configured (`checks:` in `.autonomy/config.yaml`), so nothing was run.".into();
    }
    let mut rows = vec!["| check | before | after | time |".to_owned(), "|---|---|---|---|".to_owned()];
    for check in checks {
        let (name, before, after) = (
            markdown::cell(&check.name, 100),
            markdown::cell(&status(&check.before), 200),
            markdown::cell(&status(&check.after), 200),
        );
        rows.push(format!("| {name} | {before} | {after} | {} |", seconds(check.millis)));
    }
    rows.join("\n")
}

/// What a reviewer should not take for granted; from facts, never from the model.
fn not_verified(proposal: &Proposal) -> String {
    let mut points = Vec::new();
    for check in proposal.checks.iter().filter(|check| check.effect() == Effect::StillFails) {
        points.push(format!(
            "The check {} failed before this change and still does, so this is a draft.",
            markdown::inline(&check.name, 300)
        ));
    }
    if proposal.checks.is_empty() {
        points.push("Nothing ran this code.".into());
    }
    if !proposal.edits.files.iter().any(is_test) {
        points.push("No test was added or changed.".into());
    }
    points.push("That it does what the issue means: that is yours to judge.".into());
    points.into_iter().map(|point| format!("- {point}")).collect::<Vec<_>>().join("\n")
}

fn is_test(file: &FileEdit) -> bool {
    let tracked = TrackedFile { path: file.path.clone(), kind: FileKind::Regular, size: 0 };
    file.after.is_some() && classify(&tracked) == FileClass::Test
}

fn cost(proposal: &Proposal) -> String {
    let turns = counted(u64::from(proposal.turns), "turn");
    match &proposal.spend {
        None => format!("No model of ours was asked; the configured command ran {} ({turns}).", "by itself"),
        Some(Spend { model, usage }) => format!(
            "{}: {turns}, {}, {} of which {} from the cache ({}).",
            usage.cost,
            counted(usage.requests, "request"),
            counted(usage.tokens(), "token"),
            usage.cached_tokens,
            markdown::inline(model, 300)
        ),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{issue, sha};
    use super::*;
    use crate::domain::money::{Usage, Usd};
    use crate::domain::secret::Redactor;
    use crate::domain::verification::CheckStatus;
    use crate::plan::limits;

    fn proposal() -> Proposal {
        let file = |path: &str, before: Option<&[u8]>, after: Option<&[u8]>, added, removed| FileEdit {
            path: path.parse().unwrap(),
            before: before.map(<[u8]>::to_vec),
            after: after.map(<[u8]>::to_vec),
            executable: false,
            added,
            removed,
        };
        let check = |name: &str, before, after| Compared { name: name.into(), before, after, millis: 1_250 };
        let usage =
            Usage { requests: 3, input_tokens: 3_000, output_tokens: 300, cached_tokens: 1_000, cost: Usd(13_500) };
        Proposal {
            issue: issue(12, "Add is wrong", "add(2, 2) gives 0"),
            branch: "automated/12-add-is-wrong".parse().unwrap(),
            base: sha('a'),
            approved_by: "alice".into(),
            summary: "Adds instead of subtracting.\nFixes #99 too, @team <img src=x>".into(),
            commit_message: Some("`add` subtracted.".into()),
            edits: Edits {
                files: vec![
                    file("src/add_up.rs", Some(b"a - b"), Some(b"a + b"), 1, 1),
                    file("tests/add.rs", None, Some(b"x"), 9, 0),
                    file("old.rs", Some(b"x"), None, 0, 4),
                ],
            },
            checks: vec![
                check("test", CheckStatus::Failed(Some(101)), CheckStatus::Passed),
                check("lint", CheckStatus::TimedOut, CheckStatus::TimedOut),
            ],
            turns: 3,
            spend: Some(Spend { model: "fake-1".into(), usage }),
        }
    }

    #[test]
    fn the_body_tells_what_why_how_it_was_checked_and_what_it_cost() {
        assert_eq!(
            pull_body(&proposal(), "autonomy:hold"),
            "Fixes #12

### What and why

The engineer's own words, written by a model:

> Adds instead of subtracting.
> Fixes #\u{200b}99 too, @\u{200b}team &lt;img src=x&gt;

The text of #12 was approved by alice.

### Files

| file | change | lines |
|---|---|---|
| `src/add_up.rs` | edited | +1 −1 |
| `tests/add.rs` | new | +9 −0 |
| `old.rs` | deleted | +0 −4 |

### Checks

| check | before | after | time |
|---|---|---|---|
| test | failed (exit code 101) | passed | 1.2 s |
| lint | timed out | timed out | 1.2 s |

### Not verified

- The check lint failed before this change and still does, so this is a draft.
- That it does what the issue means: that is yours to judge.

### Cost

0.01 USD: 3 turns, 3 requests, 3300 tokens of which 1000 from the cache (fake-1).

**To stop it:** put the label `autonomy:hold` on this pull request, or close it. A closed pull request is not opened again \
unless somebody approves #12 anew.
"
        );
    }

    #[test]
    fn no_checks_and_no_tests_are_said() {
        let mut bare = proposal();
        bare.checks.clear();
        bare.edits.files.truncate(1);
        bare.spend = None;
        let body = pull_body(&bare, "hold");
        for expected in [
            "No checks are configured",
            "- Nothing ran this code.\n- No test was added or changed.",
            "No model of ours",
        ] {
            assert!(body.contains(expected), "{body}");
        }
        assert!(!bare.is_draft() && proposal().is_draft());
    }

    #[test]
    fn the_plan_commits_on_the_claimed_base_and_opens_one_pull_request() {
        let config = Config::defaults();
        let plan = proposal_plan(&proposal(), &"main".parse().unwrap(), &"acme/web".parse().unwrap(), &config);
        let names: Vec<&str> = plan.actions.iter().map(Action::name).collect();
        assert_eq!(names, ["label.create", "branch.commit", "pr.open", "ledger.note"]);
        let Action::CommitFiles { expected_head, message, changes, .. } = &plan.actions[1] else { panic!() };
        assert_eq!((expected_head, changes.files.len()), (&sha('a'), 3));
        assert_eq!(message, "feat: Add is wrong\n\n`add` subtracted.\n\nFixes #12");
        assert_eq!(plan.summary, "propose a change of 3 files for issue #12");
    }

    #[test]
    fn the_guard_s_limits_let_every_proposal_through() {
        let mut hostile = proposal();
        hostile.issue.title = "closes #1 [skip ci] ".repeat(30);
        hostile.summary = "closes #1, fixes acme/web#2, resolves https://github.com/a/b/issues/3\n".repeat(500);
        hostile.commit_message = Some("[ci skip]\nskip-checks: true\n".repeat(2_000));
        let config = Config::defaults();
        let plan = proposal_plan(&hostile, &"main".parse().unwrap(), &"acme/web".parse().unwrap(), &config);
        for action in &plan.actions {
            assert_eq!(limits::check(action, &config, &Redactor::default()), [], "{action:?}");
        }
    }
}

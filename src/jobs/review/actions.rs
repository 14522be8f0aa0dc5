//! The plan of a review: issues, one sticky comment and one check run a reviewer, and what the ledger remembers.

use std::collections::BTreeSet;

use super::filing::{self, Advisories, Filing, Known, Way};
use super::gather::Facts;
use super::lens::Lens;
use super::texts::{self, Told};
use super::verdict::RoleReview;
use crate::config::{Config, Labels};
use crate::domain::finding::{Finding, Role, Severity};
use crate::plan::action::{CheckOutcome, LabelSpec, Note};
use crate::plan::verdict::ReviewResult;
use crate::plan::{Action, Target};

/// The actions in order: what was spent first, since that has happened; the verdicts last, since they say that all is done.
pub(super) fn actions(facts: &Facts, reviews: &[RoleReview], known: &Known, config: &Config) -> Vec<Action> {
    let public = !facts.repository.private;
    let filing = filing::choose(reviews, known, public, config.review.max_new_issues);
    let mut actions: Vec<Action> = reviews.iter().filter_map(|review| spend(facts, review)).collect();
    actions.extend(filed(facts, reviews, &filing, known, &config.labels));
    for review in reviews {
        actions.extend(told(facts, review, reviews, &filing, known, public));
    }
    actions.extend(reviews.iter().map(|review| Action::Note(Note::Verdict(review.verdict.clone()))));
    actions
}

/// The actions on a pull request from a fork: it is said that nobody reviewed it.
pub(super) fn fork_actions(facts: &Facts, lenses: &[Lens]) -> Vec<Action> {
    let check = |lens: &Lens| {
        let (title, summary) = texts::fork_check(lens);
        Action::PublishCheck {
            head: facts.pull.head.sha.clone(),
            name: lens.check.into(),
            key: lens.key.into(),
            result: CheckOutcome::Neutral,
            title,
            summary,
        }
    };
    lenses.iter().map(check).collect()
}

fn spend(facts: &Facts, review: &RoleReview) -> Option<Action> {
    (review.usage.requests > 0).then(|| {
        Action::Note(Note::Spend {
            role: review.lens.role,
            model: review.verdict.model.clone(),
            usage: review.usage,
            issue: None,
            pull: Some(facts.pull.number),
        })
    })
}

fn filed(facts: &Facts, reviews: &[RoleReview], filing: &Filing<'_>, known: &Known, labels: &Labels) -> Vec<Action> {
    let mut used = BTreeSet::new();
    let mut actions = Vec::new();
    for (finding, way) in &filing.new {
        let Some(review) = reviews.iter().find(|review| review.lens.role == finding.role) else { continue };
        let lens = &review.lens;
        let key = filing::key(finding, *way);
        let names = issue_labels(finding, labels);
        if *way != Way::Advisory {
            used.extend(names.clone());
        }
        actions.push(match way {
            Way::Issue => Action::CreateIssue {
                key,
                title: texts::issue_title(lens, finding),
                body: texts::issue_body(facts, lens, finding),
                labels: names,
                severity: Some(finding.severity),
            },
            Way::Redacted => Action::CreateIssue {
                key,
                title: texts::redacted_title(facts, lens, finding),
                body: texts::redacted_body(facts, lens, finding),
                labels: names,
                severity: Some(finding.severity),
            },
            Way::Advisory => Action::CreateAdvisory {
                key,
                summary: texts::issue_title(lens, finding),
                description: texts::advisory_body(facts, lens, finding),
                severity: finding.severity,
            },
        });
    }
    let missing: Vec<LabelSpec> = used
        .into_iter()
        .filter(|name| !known.labels.contains(&name.to_lowercase()))
        .map(|name| label_spec(name, labels))
        .collect();
    if !missing.is_empty() {
        actions.insert(0, Action::EnsureLabels { labels: missing });
    }
    actions
}

fn issue_labels(finding: &Finding, labels: &Labels) -> Vec<String> {
    let mut names = vec![
        labels.suggestion.clone(),
        labels.needs_approval.clone(),
        format!("{}{}", labels.severity_prefix, finding.severity.name()),
    ];
    if finding.role == Role::Ciso {
        names.push(labels.security.clone());
    }
    names
}

fn label_spec(name: String, labels: &Labels) -> LabelSpec {
    let severity = |severity: Severity| name == format!("{}{}", labels.severity_prefix, severity.name());
    let (color, description) = if name == labels.suggestion {
        ("c5def5", "Proposed by a review")
    } else if name == labels.needs_approval {
        ("fbca04", "Waits for the product owner")
    } else if name == labels.security || severity(Severity::Critical) {
        ("b60205", "")
    } else if severity(Severity::High) {
        ("d93f0b", "")
    } else {
        ("e99695", "")
    };
    LabelSpec { name, color: color.into(), description: description.into() }
}

/// The comment and the check run of one reviewer.
fn told(
    facts: &Facts,
    review: &RoleReview,
    reviews: &[RoleReview],
    filing: &Filing<'_>,
    known: &Known,
    public: bool,
) -> [Action; 2] {
    let shown: Vec<&Finding> =
        review.findings.iter().filter(|finding| !filing::is_private(finding, reviews, public)).collect();
    let own = |findings: &[&Finding]| findings.iter().filter(|f| f.role == review.lens.role).count() as u64;
    let new: Vec<&Finding> = filing.new.iter().map(|(finding, _)| *finding).collect();
    let told = Told {
        review,
        shown: &shown,
        withheld: (review.findings.len() - shown.len()) as u64,
        quiet: known.advisories != Advisories::NotNeeded,
        filed: own(&new),
        known: own(&filing.known),
        beyond: own(&filing.beyond),
    };
    let comment = Action::UpsertComment {
        target: Target::Pull(facts.pull.number),
        key: review.lens.key.into(),
        body: texts::comment(&told),
    };
    let check = Action::PublishCheck {
        head: review.verdict.head.clone(),
        name: review.lens.check.into(),
        key: review.lens.key.into(),
        result: outcome(review.verdict.result),
        title: texts::check_title(&told),
        summary: texts::details(&told),
    };
    [comment, check]
}

/// Neutral would count as a pass where the check is required, so that what is incomplete asks for a person.
fn outcome(result: ReviewResult) -> CheckOutcome {
    match result {
        ReviewResult::Passed => CheckOutcome::Success,
        ReviewResult::Blocked => CheckOutcome::Failure,
        ReviewResult::NeedsHuman | ReviewResult::Incomplete => CheckOutcome::ActionRequired,
    }
}

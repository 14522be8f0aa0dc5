//! Which findings become issues, which stay private, and which were filed before.

use std::collections::BTreeSet;

use super::gather::Facts;
use super::verdict::RoleReview;
use crate::config::Config;
use crate::domain::finding::{Finding, Role, Severity};
use crate::domain::user::Identity;
use crate::plan::memory::Memory;
use crate::ports::forge::{ForgeError, ForgeRead, StateFilter, marker};

/// Whether private security advisories can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Advisories {
    /// Nothing had to be asked.
    NotNeeded,
    Usable,
    /// The token may not use them.
    Denied,
}

/// What is known of earlier filings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Keys of issues and advisories that we filed, open or closed.
    pub(super) keys: BTreeSet<String>,
    pub(super) advisories: Advisories,
    /// Names of the repository's labels, in lower case.
    pub(super) labels: BTreeSet<String>,
}

/// How a finding is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Issue,
    Advisory,
    /// An issue without any detail.
    Redacted,
}

/// What is filed, worst first, and what is not.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Filing<'a> {
    pub(super) new: Vec<(&'a Finding, Way)>,
    /// Filed by an earlier run, whatever became of it.
    pub(super) known: Vec<&'a Finding>,
    /// Beyond `review.max_new_issues`.
    pub(super) beyond: Vec<&'a Finding>,
}

/// Whether a finding is worth an issue. Low ones stand in the comment only.
fn is_filed(finding: &Finding) -> bool {
    finding.severity >= Severity::Medium
}

/// Whether a finding must not be told in public: a serious security problem, or another finding at the same place.
pub(super) fn is_private(finding: &Finding, reviews: &[RoleReview], public: bool) -> bool {
    let hole = |finding: &Finding| {
        let security = finding.role == Role::Ciso || finding.category.to_lowercase().contains("security");
        security && finding.severity >= Severity::High
    };
    let near = |other: &Finding| {
        other.path == finding.path
            && finding.line <= other.end_line.saturating_add(3)
            && other.line <= finding.end_line.saturating_add(3)
    };
    let all = || reviews.iter().flat_map(|review| &review.findings);
    public && (hole(finding) || all().any(|other| hole(other) && near(other)))
}

/// Reads what was filed before, if there is anything to file at all.
pub(super) async fn known(
    forge: &dyn ForgeRead,
    facts: &Facts,
    reviews: &[RoleReview],
    config: &Config,
    identity: &Identity,
    memory: &Memory,
) -> Result<Known, ForgeError> {
    let mut known = Known {
        keys: memory.filed.iter().cloned().collect(),
        advisories: Advisories::NotNeeded,
        labels: BTreeSet::new(),
    };
    let wanted: Vec<&Finding> = reviews.iter().flat_map(|review| &review.findings).filter(|f| is_filed(f)).collect();
    if wanted.is_empty() {
        return Ok(known);
    }
    let issues = forge.issues(StateFilter::All, Some(&config.labels.suggestion)).await?;
    let ours = issues.iter().filter(|issue| issue.author.as_ref().is_some_and(|author| author.id == identity.user.id));
    let last_lines: BTreeSet<&str> = ours.filter_map(|issue| issue.body.trim_end().lines().last()).collect();
    let keys = wanted
        .iter()
        .flat_map(|finding| [Way::Issue, Way::Redacted].map(|way| key(finding, way)))
        .filter(|key| last_lines.contains(marker(key).as_str()));
    known.keys.extend(keys.collect::<Vec<_>>());
    known.labels = forge.label_names().await?.iter().map(|label| label.to_lowercase()).collect();
    let public = !facts.repository.private;
    if wanted.iter().any(|finding| is_private(finding, reviews, public)) {
        known.advisories = match forge.advisory_keys().await {
            Ok(keys) => {
                known.keys.extend(keys);
                Advisories::Usable
            }
            Err(ForgeError::Denied { .. } | ForgeError::NotFound { .. }) => Advisories::Denied,
            Err(error) => return Err(error),
        };
    }
    Ok(known)
}

/// The key under which a finding is filed: its fingerprint. An issue that tells nothing has another one, so that the finding
/// can still be told in private once that is possible.
pub(super) fn key(finding: &Finding, way: Way) -> String {
    let fingerprint = finding.fingerprint();
    match way {
        Way::Issue | Way::Advisory => fingerprint.as_str().to_owned(),
        Way::Redacted => format!("redacted-{fingerprint}"),
    }
}

/// Chooses what to file: each fingerprint once ever, the worst first, at most as many as the configuration says.
pub(super) fn choose<'a>(reviews: &'a [RoleReview], known: &Known, public: bool, most: u64) -> Filing<'a> {
    let mut wanted: Vec<&Finding> =
        reviews.iter().flat_map(|review| &review.findings).filter(|f| is_filed(f)).collect();
    wanted.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.confidence.total_cmp(&a.confidence)));
    let mut filing = Filing::default();
    for finding in wanted {
        let private = is_private(finding, reviews, public);
        let way = match (private, &known.advisories) {
            (false, _) => Way::Issue,
            (true, Advisories::Usable) => Way::Advisory,
            (true, Advisories::Denied | Advisories::NotNeeded) => Way::Redacted,
        };
        if known.keys.contains(&key(finding, way)) {
            filing.known.push(finding);
        } else if filing.new.len() as u64 >= most {
            filing.beyond.push(finding);
        } else {
            filing.new.push((finding, way));
        }
    }
    filing
}

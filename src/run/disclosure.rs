//! What a plan may tell where strangers read: in a public repository no log, output or file holds the details of a hole.

use crate::outcome::{Exit, Failure};
use crate::plan::guard::Held;
use crate::plan::{Action, Plan};

/// Stands where the details would.
const WITHHELD: &str = "withheld: this repository is public";

/// The plan as it may be printed.
pub(super) fn printable(mut plan: Plan, private: bool) -> Plan {
    if !private {
        for action in &mut plan.actions {
            withhold(action);
        }
    }
    plan
}

/// Held actions as they may be printed.
pub(super) fn printable_held(held: &[Held], private: bool) -> Vec<Held> {
    let mut held = held.to_vec();
    if !private {
        for held in &mut held {
            withhold(&mut held.action);
        }
    }
    held
}

/// A saved plan becomes a workflow's artifact, which everybody can fetch from a public repository. Without its details the
/// advisory could not be filed from it either, so there is no plan at all.
pub(super) fn may_be_saved(plan: &Plan, private: bool) -> Result<(), Failure> {
    let tells = plan.actions.iter().any(|action| matches!(action, Action::CreateAdvisory { .. }));
    if private || !tells {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Stopped,
        "the plan holds the details of a serious security finding and this repository is public, so it was not saved",
        "run the review without --plan-out: it files a private security advisory",
    ))
}

fn withhold(action: &mut Action) {
    if let Action::CreateAdvisory { summary, description, .. } = action {
        WITHHELD.clone_into(summary);
        WITHHELD.clone_into(description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Severity;
    use crate::domain::ids::Digest;

    fn plan() -> Plan {
        let mut plan = Plan::new(&"acme/web".parse().unwrap(), "review", "s", &Digest::of("policy"));
        plan.actions.push(Action::CreateAdvisory {
            key: "k".into(),
            summary: "the hole".into(),
            description: "how to use it".into(),
            severity: Severity::High,
        });
        plan
    }

    #[test]
    fn details_are_told_in_private_repositories_only() {
        let public = format!("{:?}", printable(plan(), false));
        assert!(!public.contains("hole") && !public.contains("how to use it") && public.contains("CreateAdvisory"));
        assert_eq!(printable(plan(), true), plan());
        assert!(may_be_saved(&plan(), true).is_ok());
        let refused = may_be_saved(&plan(), false).unwrap_err();
        assert_eq!(refused.exit, Exit::Stopped);
    }
}

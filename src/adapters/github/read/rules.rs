//! What the server requires of a branch: rulesets together with classic protection.

use crate::adapters::github::GitHub;
use crate::adapters::github::wire::check::{ClassicChecks, ProtectionWire, RuleWire};
use crate::adapters::github::wire::git::BranchWire;
use crate::domain::check::{BranchRules, RequiredCheck};
use crate::domain::ids::BranchName;
use crate::ports::forge::ForgeError;

impl GitHub {
    /// A source that may not be read makes the answer incomplete; any other failure is an error.
    pub(super) async fn read_branch_rules(&self, name: &BranchName) -> Result<BranchRules, ForgeError> {
        let mut rules = BranchRules {
            required_checks: Vec::new(),
            rule_types: Vec::new(),
            strict: false,
            required_approvals: 0,
            complete: true,
        };
        let template = "/repos/{owner}/{repo}/rules/branches/{branch}";
        match self.list::<RuleWire>(self.get(template, &[name], format!("the rules of {name}"))).await {
            Ok(found) => found.into_iter().for_each(|rule| add_rule(&mut rules, rule)),
            Err(ForgeError::Denied { .. } | ForgeError::NotFound { .. }) => rules.complete = false,
            Err(error) => return Err(error),
        }
        let template = "/repos/{owner}/{repo}/branches/{branch}";
        let request = self.get(template, &[name], format!("branch {name}"));
        let branch: BranchWire = self.send(&request).await?.json(&request)?;
        if branch.protected {
            self.add_classic(&mut rules, name, branch.protection).await?;
        }
        Ok(rules)
    }

    /// A branch is also called protected when only a ruleset holds it; `enabled` tells the two apart.
    async fn add_classic(
        &self,
        rules: &mut BranchRules,
        name: &BranchName,
        shown: Option<ProtectionWire>,
    ) -> Result<(), ForgeError> {
        if let Some(shown) = &shown {
            if shown.enabled == Some(false) {
                return Ok(());
            }
            if let Some(checks) = &shown.required_status_checks
                && !(checks.contexts.is_empty() && checks.checks.is_empty())
            {
                add_checks(rules, checks);
                return Ok(());
            }
        }
        // The branch does not show what is required: only the protection itself can say that nothing is.
        let template = "/repos/{owner}/{repo}/branches/{branch}/protection";
        let request = self.get(template, &[name], format!("the protection of {name}"));
        match self.send(&request).await {
            Ok(answer) => {
                let protection: ProtectionWire = answer.json(&request)?;
                if let Some(checks) = &protection.required_status_checks {
                    add_checks(rules, checks);
                }
                let reviews = protection.required_pull_request_reviews;
                let approvals = reviews.and_then(|reviews| reviews.required_approving_review_count);
                rules.required_approvals = rules.required_approvals.max(approvals.unwrap_or(0));
            }
            Err(ForgeError::Denied { .. } | ForgeError::NotFound { .. }) => rules.complete = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn add_rule(rules: &mut BranchRules, rule: RuleWire) {
    if let Some(parameters) = rule.parameters {
        for check in parameters.required_status_checks.unwrap_or_default() {
            add(rules, check.context, check.integration_id);
        }
        rules.strict |= parameters.strict_required_status_checks_policy.unwrap_or(false);
        rules.required_approvals =
            rules.required_approvals.max(parameters.required_approving_review_count.unwrap_or(0));
    }
    if !rules.rule_types.contains(&rule.kind) {
        rules.rule_types.push(rule.kind);
    }
}

fn add_checks(rules: &mut BranchRules, checks: &ClassicChecks) {
    for check in &checks.checks {
        add(rules, check.context.clone(), check.app_id);
    }
    for context in &checks.contexts {
        if !checks.checks.iter().any(|check| check.context == *context) {
            add(rules, context.clone(), None);
        }
    }
    // Where the branch does not say it, the stricter reading is taken.
    rules.strict |= checks.strict.unwrap_or(true);
}

fn add(rules: &mut BranchRules, context: String, app: Option<i64>) {
    // -1 is GitHub's word for any app.
    let check = RequiredCheck { context, app_id: app.and_then(|id| u64::try_from(id).ok()) };
    if !rules.required_checks.contains(&check) {
        rules.required_checks.push(check);
    }
}

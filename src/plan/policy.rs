//! Risk and mode of an action: the configuration's rules first, then the built-in ones.

use globset::GlobBuilder;
use serde::Serialize;

use crate::config::{ActionRule, Mode, Risk};

/// What the policy says of one action, and which rule said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ruling {
    pub risk: Risk,
    pub mode: Mode,
    /// The pattern that matched, or `(unknown action)`.
    pub rule: String,
    pub source: RuleSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleSource {
    Config,
    BuiltIn,
    Default,
}

/// The built-in rules, in the same form as the configuration's. The first match wins.
pub const BUILT_IN: &[(&str, Risk, Mode)] = &[
    ("ledger.*", Risk::Low, Mode::Auto),
    ("label.create", Risk::Low, Mode::Auto),
    ("pr.label", Risk::Low, Mode::Auto),
    ("issue.label", Risk::Low, Mode::Auto),
    ("check.publish", Risk::Low, Mode::Auto),
    ("branch.create", Risk::Low, Mode::Auto),
    ("branch.commit", Risk::Medium, Mode::Auto),
    ("branch.delete", Risk::Medium, Mode::Auto),
    ("pr.open", Risk::Medium, Mode::Auto),
    ("pr.comment.summary", Risk::Medium, Mode::Auto),
    ("issue.comment", Risk::Medium, Mode::Auto),
    ("issue.create.low", Risk::Medium, Mode::Ask),
    ("issue.create", Risk::Medium, Mode::Auto),
    ("advisory.create", Risk::Medium, Mode::Auto),
    ("workflow.dispatch", Risk::Medium, Mode::Auto),
    ("issue.close", Risk::High, Mode::RequireApproval),
    ("pr.close", Risk::High, Mode::RequireApproval),
    ("pr.merge", Risk::High, Mode::RequireApproval),
];

/// The ruling for an action's name. An action that no rule knows is asked for.
pub fn rule(name: &str, rules: &[ActionRule], private_repository: bool) -> Ruling {
    let configured = rules
        .iter()
        .find(|rule| matches(&rule.pattern, name))
        .map(|rule| (rule.pattern.as_str(), rule.risk, rule.mode));
    let built_in = || BUILT_IN.iter().copied().find(|(pattern, ..)| matches(pattern, name));
    let (pattern, risk, mode, source) = match (configured, built_in) {
        (Some((pattern, risk, mode)), _) => (pattern, risk, mode, RuleSource::Config),
        (None, built_in) => match built_in() {
            Some((pattern, risk, mode)) => (pattern, risk, mode, RuleSource::BuiltIn),
            None => ("(unknown action)", Risk::High, Mode::Ask, RuleSource::Default),
        },
    };
    // Writing the ledger is not an effect to ask for: without it nothing else could be explained.
    let mode = match mode {
        _ if name.starts_with("ledger.") => Mode::Auto,
        Mode::AskIfChannelPublic if private_repository => Mode::Auto,
        Mode::AskIfChannelPublic => Mode::Ask,
        other => other,
    };
    Ruling { risk, mode, rule: pattern.to_owned(), source }
}

fn matches(pattern: &str, name: &str) -> bool {
    GlobBuilder::new(pattern).literal_separator(false).build().is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_needs_approval_unless_the_configuration_says_otherwise() {
        let ruling = rule("pr.merge", &[], true);
        assert_eq!((ruling.risk, ruling.mode), (Risk::High, Mode::RequireApproval));
        let own = [ActionRule { pattern: "pr.*".into(), risk: Risk::High, mode: Mode::Auto }];
        assert_eq!(rule("pr.merge", &own, true).mode, Mode::Auto);
    }

    #[test]
    fn the_first_match_wins_and_the_unknown_is_asked_for() {
        let rules = [
            ActionRule { pattern: "issue.create".into(), risk: Risk::Low, mode: Mode::Ask },
            ActionRule { pattern: "*".into(), risk: Risk::Low, mode: Mode::Auto },
        ];
        assert_eq!(rule("issue.create", &rules, true).mode, Mode::Ask);
        assert_eq!(rule("pr.open", &rules, true).rule, "*");
        assert_eq!(rule("moon.land", &[], true).mode, Mode::Ask);
    }

    #[test]
    fn a_public_channel_is_asked_for_and_the_ledger_never_is() {
        let rules = [
            ActionRule { pattern: "pr.comment.summary".into(), risk: Risk::Medium, mode: Mode::AskIfChannelPublic },
            ActionRule { pattern: "*".into(), risk: Risk::High, mode: Mode::RequireApproval },
        ];
        assert_eq!(rule("pr.comment.summary", &rules, false).mode, Mode::Ask);
        assert_eq!(rule("pr.comment.summary", &rules, true).mode, Mode::Auto);
        assert_eq!(rule("ledger.note", &rules, true).mode, Mode::Auto);
    }
}

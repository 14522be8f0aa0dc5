//! The repository's own checks before and after the change. What failed before is not the change's fault, but must not get worse.

use serde::Serialize;

use super::progress::{Progress, Report};
use super::texts::shortened;
use crate::domain::ids::Digest;
use crate::domain::verification::{CheckResult, CheckSpec, CheckStatus};
use crate::ports::checkout::Checkout;

/// The most characters of one check's output that a model is shown.
const MAX_OUTPUT: usize = 6_000;

/// One check on the base and on the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    pub name: String,
    pub before: CheckStatus,
    pub after: CheckStatus,
    /// Wall time on the change.
    pub millis: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    StillPasses,
    Fixed,
    StillFails,
    Broke,
}

impl Compared {
    pub fn effect(&self) -> Effect {
        match (&self.before, &self.after) {
            (CheckStatus::Passed, CheckStatus::Passed) => Effect::StillPasses,
            (_, CheckStatus::Passed) => Effect::Fixed,
            (CheckStatus::Passed, _) => Effect::Broke,
            (_, _) => Effect::StillFails,
        }
    }
}

pub(super) async fn run_all(
    checkout: &dyn Checkout,
    checks: &[CheckSpec],
    before: bool,
    report: Report<'_>,
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in checks {
        let result = checkout.run_check(check).await;
        let (name, passed, millis) = (result.name.clone(), result.passed(), result.millis);
        report(Progress::Check { name, before, passed, millis });
        results.push(result);
    }
    results
}

/// Pairs the results by name. A check that did not run before counts as failed before: nothing is known of it.
pub(super) fn compare(before: &[CheckResult], after: &[CheckResult]) -> Vec<Compared> {
    let unknown = || CheckStatus::CouldNotRun("it was not run before the change".into());
    after
        .iter()
        .map(|after| Compared {
            name: after.name.clone(),
            before: before.iter().find(|b| b.name == after.name).map_or_else(unknown, |b| b.status.clone()),
            after: after.status.clone(),
            millis: after.millis,
        })
        .collect()
}

/// A status in a word or two.
pub(super) fn status(status: &CheckStatus) -> String {
    match status {
        CheckStatus::Passed => "passed".into(),
        CheckStatus::Failed(Some(code)) => format!("failed (exit code {code})"),
        CheckStatus::Failed(None) => "failed (ended by a signal)".into(),
        CheckStatus::TimedOut => "timed out".into(),
        CheckStatus::CouldNotRun(reason) => format!("could not run ({reason})"),
    }
}

/// A result for the model: the end of the output says most.
pub(super) fn for_model(result: &CheckResult) -> String {
    let output = tail(&result.output, MAX_OUTPUT);
    let output = if output.trim().is_empty() { "(no output)".to_owned() } else { output };
    format!("check `{}`: {} after {} ms\n{output}\n", result.name, status(&result.status), result.millis)
}

/// The beginning and, mostly, the end of a long text.
pub(super) fn tail(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let head = shortened(text, most / 4);
    let end: String = text.chars().skip(length - most * 3 / 4).collect();
    format!("{head}\n[{} characters left out]\n{end}", length - most)
}

/// What tells two failures apart: the output without times, which differ in every run.
pub(super) fn failure_digest(result: &CheckResult) -> Digest {
    let mut text = format!("{}\n{}\n", result.name, status(&result.status));
    for word in result.output.split_whitespace() {
        let is_time = word.trim_matches(|c: char| !c.is_alphanumeric()).strip_suffix('s').is_some_and(|number| {
            let number = number.trim_end_matches(['m', 'µ', 'u', 'n']);
            !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.')
        });
        if !is_time {
            text.push_str(word);
            text.push(' ');
        }
    }
    Digest::of(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::fake::outcome;

    #[test]
    fn only_a_pass_counts_as_a_pass() {
        let before = [outcome("a", CheckStatus::Passed, ""), outcome("b", CheckStatus::Failed(Some(1)), "")];
        let effects = |statuses: [CheckStatus; 3]| -> Vec<Effect> {
            let [a, b, c] = statuses;
            let after = [outcome("a", a, ""), outcome("b", b, ""), outcome("c", c, "")];
            compare(&before, &after).iter().map(Compared::effect).collect()
        };
        let (passed, hung) = (CheckStatus::Passed, CheckStatus::TimedOut);
        let broken = CheckStatus::CouldNotRun("no shell".into());
        assert_eq!(
            effects([passed.clone(), passed.clone(), passed]),
            [Effect::StillPasses, Effect::Fixed, Effect::Fixed]
        );
        assert_eq!(effects([hung.clone(), hung, broken]), [Effect::Broke, Effect::StillFails, Effect::StillFails]);
    }

    #[test]
    fn failures_differ_by_what_they_say_and_not_by_their_time() {
        let digest = |text: &str| failure_digest(&outcome("t", CheckStatus::Failed(Some(1)), text));
        assert_eq!(digest("1 failed in 0.12s"), digest("1 failed in 1.5s"));
        assert_eq!(digest("finished (12ms)"), digest("finished (9ms)"));
        assert_ne!(digest("left: 1"), digest("left: 2"));
    }

    #[test]
    fn long_output_keeps_its_end() {
        let text = format!("start {} end", "x".repeat(20_000));
        let cut = tail(&text, 1_000);
        assert!(cut.len() < 1_100 && cut.starts_with("start") && cut.ends_with(" end") && cut.contains("left out"));
    }
}

//! The alternative engine: any command that edits the checkout. It gets the brief on standard input, and no token.

use std::time::Duration;

use super::engineer::{Cause, Why};
use super::progress::Progress;
use super::turn::{Bench, End, Finished};
use super::verify;
use crate::domain::verification::{CheckSpec, CheckStatus};

/// The command may repair what it broke this many times.
const REPAIRS: u32 = 2;
const TIMEOUT: Duration = Duration::from_mins(30);

/// Runs the command until its change passes or it is of no use. `runs` counts how often it ran.
pub(super) async fn run(mut bench: Bench<'_>, brief: &str, runs: &mut u32) -> Result<Result<Finished, Why>, Cause> {
    let command = CheckSpec { name: "agent".into(), run: bench.config.implement.command.clone(), timeout: TIMEOUT };
    let mut told = brief.to_owned();
    let mut refusal = String::new();
    for attempt in 1..=REPAIRS + 1 {
        *runs = attempt;
        (bench.report)(Progress::Agent { attempt });
        let result = bench.checkout.run_agent(&command, &told).await;
        if result.status != CheckStatus::Passed {
            let how = verify::status(&result.status);
            return Ok(Err(Why::Stopped(format!("the command of implement.command {how}"))));
        }
        bench.take_over(bench.checkout.changed().await?);
        let answer = bench.finish("The change was made by the configured command.", None).await?;
        match answer.end {
            Some(End::Finished(finished)) => return Ok(Ok(*finished)),
            Some(End::NoProgress(what)) => return Ok(Err(Why::Stopped(format!("no progress: {what}")))),
            Some(End::GaveUp(_)) | None => {}
        }
        refusal = bench.redactor.redact(&answer.text);
        told = format!("{brief}\n\nYour earlier change stands in the files, but it was not accepted:\n\n{refusal}");
    }
    let first: Vec<&str> = refusal.lines().take(2).collect();
    let first = first.join(" ");
    Ok(Err(Why::Stopped(format!("the command's change was not accepted after {} runs: {first}", REPAIRS + 1))))
}

#[cfg(test)]
mod tests {
    use super::super::engineer::{EngineerInput, Worked, engineer};
    use super::super::testing::{issue, picked};
    use super::*;
    use crate::codebase::fake::{FakeCheckout, Files, outcome};
    use crate::config::{Config, Engine};
    use crate::domain::secret::Redactor;
    use crate::domain::verification::CheckResult;

    async fn work(agent: impl Fn(&str, &mut Files) -> CheckResult + Send + Sync + 'static) -> Worked {
        let checkout = FakeCheckout::new(&[("a.txt", b"bad\n")])
            .with_check(|check, files| {
                let good = files.values().any(|bytes| bytes.starts_with(b"good"));
                outcome(&check.name, if good { CheckStatus::Passed } else { CheckStatus::Failed(Some(1)) }, "no")
            })
            .with_agent(agent);
        let mut config = Config::defaults();
        config.implement.engine = Engine::Command;
        config.implement.command = "my-agent --edit".into();
        config.checks = vec![CheckSpec { name: "test".into(), run: "make".into(), timeout: TIMEOUT }];
        let picked = picked(issue(3, "Make it good", "please"));
        let input = EngineerInput {
            picked: &picked,
            checkout: &checkout,
            model: None,
            config: &config,
            redactor: &Redactor::default(),
            report: &|_| {},
        };
        engineer(input).await.unwrap()
    }

    fn write(files: &mut Files, path: &str, text: &str) -> CheckResult {
        files.insert(path.parse().unwrap(), text.into());
        outcome("agent", CheckStatus::Passed, "")
    }

    #[tokio::test]
    async fn the_command_s_diff_is_the_change_and_it_may_repair_it() {
        let agent = |brief: &str, files: &mut Files| {
            assert!(brief.contains("Make it good"));
            let again = brief.contains("these checks failed before");
            write(files, "a.txt", if again { "good\n" } else { "worse\n" })
        };
        let Worked::Proposed(proposal) = work(agent).await else { panic!("proposed") };
        assert_eq!((proposal.turns, proposal.spend.is_none(), proposal.edits.files.len()), (2, true, 1));
    }

    #[tokio::test]
    async fn a_command_that_fails_changes_nothing_or_leaves_the_lines_gives_up() {
        let failing = |_: &str, _: &mut Files| outcome("agent", CheckStatus::Failed(Some(7)), "");
        let idle = |_: &str, _: &mut Files| outcome("agent", CheckStatus::Passed, "");
        let protected = |_: &str, files: &mut Files| write(files, ".github/workflows/x.yml", "on: push\n");
        for (worked, expected) in [
            (work(failing).await, "the command of implement.command failed (exit code 7)"),
            (
                work(idle).await,
                "the command's change was not accepted after 3 runs: the change can't be taken as it is: - nothing has changed",
            ),
            (
                work(protected).await,
                "the command's change was not accepted after 3 runs: the change can't be taken as it is:",
            ),
        ] {
            let Worked::GaveUp(ended) = worked else { panic!("gave up") };
            let Why::Stopped(why) = &ended.why else { panic!("stopped") };
            assert!(why.starts_with(expected), "{why}");
        }
    }
}

//! The story in words: steps, report, summary.

use super::stage::Stage;
use super::{Step, Story, exit};
use crate::jobs::implement::Pick;
use crate::outcome::Failure;
use crate::report::{Align, Column, Mark, Report, Table, Text, sections, summary};
use crate::run::console::Console;
use crate::run::files;
use crate::run::outcome::{Ended, Shown};
use crate::run::show;
use crate::sandbox::model::ModelLog;

/// What had to happen, each with what shows it.
pub(super) fn steps(story: &Story, stage: &Stage) -> Vec<Step> {
    let run = &story.run;
    let step = |name, happened, detail: String| Step { name, happened, detail };
    let picked = match &run.pick {
        Some(Pick::Picked(picked)) => Some(picked),
        _ => None,
    };
    let verdict = story.verdicts.first();
    let merged = verdict.and_then(|verdict| verdict.merge_commit.as_ref());
    // A policy that keeps merging for people is obeyed, not a failure.
    let held = verdict.is_some_and(|verdict| !verdict.held.is_empty());
    let unknown = stage.sandbox.unknown_routes();
    let complaints = stage.log.as_ref().map(ModelLog::complaints).unwrap_or_default();
    vec![
        step(
            "issue picked",
            picked.is_some(),
            picked.map_or_else(
                || run.reason.clone(),
                |picked| format!("#{} with score {:.2}", picked.issue.number, picked.candidate.score.total),
            ),
        ),
        step("branch claimed", run.branch.is_some(), run.branch.as_ref().map(ToString::to_string).unwrap_or_default()),
        step(
            "change verified",
            run.checks.iter().all(|check| matches!(check.after, crate::domain::verification::CheckStatus::Passed))
                && run.pull.is_some(),
            format!("{} checks on {} files", run.checks.len(), run.files.len()),
        ),
        step("pull request opened", run.pull.is_some(), run.pull_url.clone().unwrap_or_default()),
        step(
            "change reviewed",
            run.review.as_ref().is_some_and(|review| {
                review.verdicts.len() == 2 && review.verdicts.iter().all(|verdict| verdict.coverage.is_full())
            }),
            run.review.as_ref().map(|review| format!("{} findings kept", review.findings.len())).unwrap_or_default(),
        ),
        step(
            "checks run",
            !story.jobs.is_empty() && story.jobs.iter().all(|job| job.conclusion == "success"),
            story.jobs.iter().map(|job| format!("{}: {}", job.name, job.conclusion)).collect::<Vec<_>>().join(", "),
        ),
        step(
            "gates asked",
            verdict.is_some_and(|verdict| !verdict.verdict.gates.is_empty()),
            verdict.map(|verdict| format!("{} gates", verdict.verdict.gates.len())).unwrap_or_default(),
        ),
        step(
            if held { "merge held for a human" } else { "merged at the reviewed commit" },
            merged.is_some() || held,
            verdict.map(|verdict| verdict.reason.clone()).unwrap_or_default(),
        ),
        step(
            "nothing done twice",
            story.second_run.decision == "nothing" && story.second_run.pull.is_none(),
            story.second_run.reason.clone(),
        ),
        step(
            "every request known",
            unknown.is_empty() && complaints.is_empty(),
            unknown.into_iter().chain(complaints).collect::<Vec<_>>().join("; "),
        ),
    ]
}

pub(super) fn ended(story: &Story) -> Result<Ended, Failure> {
    let missed: Vec<&str> = story.steps.iter().filter(|step| !step.happened).map(|step| step.name).collect();
    let (decision, reason) = if missed.is_empty() {
        ("done", format!("the whole loop ran in {:.1} s", story.seconds))
    } else {
        ("incomplete", format!("did not happen: {}", missed.join(", ")))
    };
    let mut report = Report::default().heading("The loop").table(table(&story.steps));
    if let Some(Pick::Picked(picked)) = &story.run.pick {
        report = report.heading("Why this issue").table(show::score(&picked.candidate));
    }
    if !story.run.checks.is_empty() {
        report = report.heading("Checks").table(show::checks(&story.run.checks));
    }
    for one in &story.verdicts {
        report = report.heading(format!("Gates of pull request #{}", one.pull)).table(show::gates(&one.verdict));
    }
    let cost = sections::CostRow { what: "the whole loop", model: "", usage: story.run.usage };
    let requests: u64 = story.requests.values().sum();
    report = report
        .heading("Cost")
        .table(sections::cost(&[cost]))
        .line(Text::theirs(format!("{reason}: {requests} requests to GitHub and {} to models.", story.model_requests)));
    let mut ended = Ended::report("demo", decision, &reason, report).with_json(story)?;
    ended.exit = exit(story);
    ended.outputs.issue_number = match &story.run.pick {
        Some(Pick::Picked(picked)) => Some(picked.issue.number.0),
        _ => None,
    };
    ended.outputs.pull_request_number = story.run.pull.map(|pull| pull.0);
    ended.outputs.pull_request_url.clone_from(&story.run.pull_url);
    Ok(ended)
}

/// The job summary, kept for reading also where no runner asks for it.
pub(super) fn write_summary(ended: &Ended, console: &Console) -> Result<(), Failure> {
    let Shown::Report(report) = &ended.shown else { return Ok(()) };
    let path = std::env::temp_dir().join("autonomy-demo-summary.md");
    files::write_whole(&path, &summary::render(report))?;
    console.say(&format!("\nThe job summary is in {}.", path.display()));
    Ok(())
}

fn table(steps: &[Step]) -> Table {
    let left = |name| Column { name, align: Align::Left };
    let row = |step: &Step| {
        let mark = if step.happened { Mark::Passed } else { Mark::Failed };
        vec![Text::ours(step.name), Text::mark(mark), Text::theirs(&step.detail)]
    };
    Table {
        columns: vec![left("step"), left("happened"), left("what shows it")],
        rows: steps.iter().map(row).collect(),
    }
}

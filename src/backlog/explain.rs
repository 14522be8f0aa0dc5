//! The backlog in words: what is next and why, and why not another.

use std::fmt::Write as _;

use super::{Candidate, Pin, Ranking};
use crate::domain::ids::IssueNumber;

/// Candidates or exclusions that are listed before the rest is only counted.
const LISTED: usize = 20;

/// `next`: the first candidate with its score, what it is ahead of, and what was left out.
pub fn next(ranking: &Ranking) -> String {
    let Some(first) = ranking.next() else {
        return format!("nothing to do: no issue is up for picking\n{}", exclusions(ranking));
    };
    format!("next: {}\n\n{}{}{}", headline(first), terms(first), comparison(ranking, first), exclusions(ranking))
}

/// `list`: all candidates in order, one a line.
pub fn list(ranking: &Ranking) -> String {
    let mut text = String::new();
    if ranking.candidates.is_empty() {
        text.push_str("no issue is up for picking\n");
    }
    for (place, candidate) in ranking.candidates.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:>3}. {}", place + 1, headline(candidate));
    }
    text + &exclusions(ranking)
}

/// `explain N`: why this one, or why not.
pub fn explain(ranking: &Ranking, number: IssueNumber) -> String {
    if let Some(place) = ranking.candidates.iter().position(|candidate| candidate.number == number) {
        let candidate = &ranking.candidates[place];
        let standing = match place {
            0 => "it is next".to_owned(),
            _ => format!("it is number {} of {}", place + 1, ranking.candidates.len()),
        };
        return format!(
            "{}: {standing}\n\n{}{}",
            headline(candidate),
            terms(candidate),
            comparison(ranking, candidate)
        );
    }
    if let Some(excluded) = ranking.excluded.iter().find(|excluded| excluded.number == number) {
        let mut text = format!("#{number} {} is not up for picking:\n", plain(&excluded.title));
        for reason in &excluded.reasons {
            let _ = writeln!(text, "  - {}", plain(&reason.to_string()));
        }
        return text;
    }
    format!("#{number} is not in the backlog: it is no open issue of this repository\n")
}

/// The score of one candidate as a Markdown table. `escape` makes untrusted text safe for Markdown.
pub fn score_table(candidate: &Candidate, escape: &dyn Fn(&str) -> String) -> String {
    let mut text = "| term | value | weight | points | because |\n|---|---:|---:|---:|---|\n".to_owned();
    for term in &candidate.score.terms {
        let (value, weight, points) = (number(term.value), number(term.weight), number(term.points));
        let _ = writeln!(text, "| {} | {value} | {weight} | {points} | {} |", term.name, escape(&term.reason));
    }
    let _ = writeln!(text, "| **score** | | | **{}** | {} |", number(candidate.score.total), pin(candidate));
    text
}

fn headline(candidate: &Candidate) -> String {
    let pin = match candidate.pin {
        Pin::None => "",
        Pin::Pinned => ", pinned",
        Pin::Waits => ", pinned but blocked",
    };
    format!("#{} {} (score {}{pin})", candidate.number, plain(&candidate.title), number(candidate.score.total))
}

fn terms(candidate: &Candidate) -> String {
    let mut text = String::new();
    for term in &candidate.score.terms {
        let product = format!("{} × {}", number(term.value), number(term.weight));
        let (points, reason) = (number(term.points), plain(&term.reason));
        let _ = writeln!(text, "  {:<9} {product:>14} = {points:>7}   {reason}", term.name);
    }
    text
}

/// Against the neighbour that matters: the one behind for the first, the first for all others.
fn comparison(ranking: &Ranking, candidate: &Candidate) -> String {
    let Some(first) = ranking.next() else { return String::new() };
    let leads = first.number == candidate.number;
    let Some(other) = (if leads { ranking.candidates.get(1) } else { Some(first) }) else { return String::new() };
    let relation = if leads { "ahead of" } else { "behind" };
    let behind = if leads { other } else { candidate };
    let pinned = first.pin == Pin::Pinned && behind.pin != Pin::Pinned;
    let why = if pinned { format!("#{} is pinned", first.number) } else { difference(candidate, other) };
    format!("\n{relation} {}: {why}\n", headline(other))
}

/// What the scores differ in, from the candidate's side.
fn difference(candidate: &Candidate, other: &Candidate) -> String {
    let pairs = candidate.score.terms.iter().zip(&other.score.terms);
    let differences: Vec<String> = pairs
        .map(|(own, others)| (own.name, own.points - others.points))
        .filter(|(_, points)| points.abs() >= 0.005)
        .map(|(name, points)| format!("{name} {points:+.2}"))
        .collect();
    if !differences.is_empty() {
        differences.join(", ")
    } else if candidate.created_at == other.created_at {
        "same score and age; the lower number goes first".to_owned()
    } else {
        "same score; the older goes first".to_owned()
    }
}

fn exclusions(ranking: &Ranking) -> String {
    if ranking.excluded.is_empty() {
        return String::new();
    }
    let mut text = "\nnot up for picking:\n".to_owned();
    for excluded in ranking.excluded.iter().take(LISTED) {
        let reasons: Vec<String> = excluded.reasons.iter().map(|reason| plain(&reason.to_string())).collect();
        let _ = writeln!(text, "  #{} {}: {}", excluded.number, plain(&excluded.title), reasons.join("; "));
    }
    if let Some(more) = ranking.excluded.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more");
    }
    text
}

fn pin(candidate: &Candidate) -> &'static str {
    match candidate.pin {
        Pin::None => "",
        Pin::Pinned => "pinned: goes first",
        Pin::Waits => "pinned, but blocked: the pin waits",
    }
}

/// At most two decimals, none where there are none.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Untrusted text on one line of a terminal: no control characters, at most 80 characters.
fn plain(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= 80 {
        return line;
    }
    let short: String = line.chars().take(79).collect();
    format!("{short}…")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::test_issue::{at, issue};
    use super::super::{Facts, order};
    use super::*;
    use crate::config::{Config, Labels};
    use crate::domain::issue::{Issue, Milestone};

    fn ranking(issues: &[Issue]) -> Ranking {
        let facts = Facts::new(&Labels::default(), issues, BTreeMap::new(), at(0));
        order(issues, &facts, &Config::defaults().backlog.weights, at(0))
    }

    fn sample() -> Ranking {
        let mut urgent = issue(12);
        urgent.title = "Login fails\u{1b}[31m".into();
        urgent.labels.push("P1".into());
        urgent.created_at = at(-30);
        let mut sprint = issue(7);
        sprint.milestone = Some(Milestone { title: "Sprint 3".into(), due: Some(at(4)) });
        let mut waiting = issue(3);
        waiting.labels = vec!["needs-approval".into()];
        ranking(&[sprint, waiting, urgent])
    }

    #[test]
    fn next_says_why_and_why_not_another() {
        assert_eq!(
            next(&sample()),
            "next: #12 Login fails [31m (score 15.33)

  priority           3 × 5 =      15   high (label P1)
  sprint             0 × 3 =       0   no milestone
  age             0.33 × 1 =    0.33   30 days
  blocked         0 × -100 =       0   no blocker known

ahead of #7 Issue 7 (score 3): priority +15.00, sprint -3.00, age +0.33

not up for picking:
  #3 Issue 3: it has no label roadmap; it has the label needs-approval
"
        );
    }

    #[test]
    fn list_and_explain_agree_with_next() {
        assert_eq!(
            list(&sample()),
            "  1. #12 Login fails [31m (score 15.33)
  2. #7 Issue 7 (score 3)

not up for picking:
  #3 Issue 3: it has no label roadmap; it has the label needs-approval
"
        );
        let text = explain(&sample(), IssueNumber(7));
        assert!(text.starts_with("#7 Issue 7 (score 3): it is number 2 of 2\n"), "{text}");
        assert!(
            text.ends_with("behind #12 Login fails [31m (score 15.33): priority -15.00, sprint +3.00, age -0.33\n")
        );
        assert_eq!(
            explain(&sample(), IssueNumber(3)),
            "#3 Issue 3 is not up for picking:\n  - it has no label roadmap\n  - it has the label needs-approval\n"
        );
        assert_eq!(
            explain(&sample(), IssueNumber(99)),
            "#99 is not in the backlog: it is no open issue of this repository\n"
        );
    }

    #[test]
    fn an_empty_backlog_says_so() {
        assert_eq!(next(&ranking(&[])), "nothing to do: no issue is up for picking\n");
        assert_eq!(list(&ranking(&[])), "no issue is up for picking\n");
    }

    #[test]
    fn pins_and_ties_are_named_as_the_reason() {
        let mut pinned = issue(5);
        pinned.labels.push("pinned".into());
        let pinned = ranking(&[issue(4), pinned]);
        assert!(next(&pinned).contains("ahead of #4 Issue 4 (score 0): #5 is pinned\n"), "{}", next(&pinned));
        assert!(explain(&pinned, IssueNumber(4)).contains("behind #5 Issue 5 (score 0, pinned): #5 is pinned\n"));
        let tie = ranking(&[issue(4), issue(6)]);
        assert!(next(&tie).contains("same score and age; the lower number goes first"));
    }

    #[test]
    fn the_table_escapes_what_others_wrote() {
        let table = score_table(&sample().candidates[1], &|text| text.replace("Sprint", "(escaped)"));
        assert_eq!(
            table,
            "| term | value | weight | points | because |
|---|---:|---:|---:|---|
| priority | 0 | 5 | 0 | no priority label |
| sprint | 1 | 3 | 3 | current milestone (escaped) 3 |
| age | 0 | 1 | 0 | 0 days |
| blocked | 0 | -100 | 0 | no blocker known |
| **score** | | | **3** |  |
"
        );
    }
}

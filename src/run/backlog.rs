//! `next`, `list` and `explain N`: the backlog as the engine sees it.

use super::failures;
use super::outcome::Ended;
use super::session::Session;
use crate::backlog::explain;
use crate::domain::ids::IssueNumber;
use crate::jobs::implement::{self, Pick, Skipped};
use crate::outcome::Failure;
use crate::ports::clock::Clock as _;

pub(super) async fn next(session: &Session) -> Result<Ended, Failure> {
    let pick = pick(session, None).await?;
    let (decision, reason, text) = match &pick {
        Pick::Picked(picked) => {
            let reason = format!("issue #{} is next", picked.issue.number);
            let text = skipped(&picked.skipped) + &explain::explain(&picked.ranking, picked.issue.number);
            ("picked", reason, text)
        }
        Pick::Nothing(nothing) => {
            ("nothing", nothing.reason.clone(), skipped(&nothing.skipped) + &format!("{}\n", nothing.reason))
        }
    };
    Ended::text("next", decision, &reason, text).with_json(&pick)
}

pub(super) async fn list(session: &Session) -> Result<Ended, Failure> {
    let ranking = ranking(session).await?;
    let reason = format!("{} issues are up for picking", ranking.candidates.len());
    Ended::text("list", "shown", &reason, explain::list(&ranking)).with_json(&ranking)
}

pub(super) async fn explain(session: &Session, issue: IssueNumber) -> Result<Ended, Failure> {
    let ranking = ranking(session).await?;
    let text = explain::explain(&ranking, issue);
    let reason = text.lines().next().unwrap_or_default().to_owned();
    Ended::text("explain", "shown", &reason, text).with_json(&ranking)
}

async fn pick(session: &Session, wanted: Option<IssueNumber>) -> Result<Pick, Failure> {
    let memory = session.desk().await?.memory();
    let now = session.clock.now();
    implement::pick(&session.forge, &memory, session.config(), &session.identity, now, wanted)
        .await
        .map_err(|error| failures::forge(&error))
}

async fn ranking(session: &Session) -> Result<crate::backlog::Ranking, Failure> {
    let memory = session.desk().await?.memory();
    let now = session.clock.now();
    implement::ranking(&session.forge, &memory, session.config(), &session.identity, now)
        .await
        .map_err(|error| failures::forge(&error))
}

fn skipped(skipped: &[Skipped]) -> String {
    let line = |one: &Skipped| {
        format!("#{} {} is passed over: {}\n", one.number, one.title.replace(char::is_control, " "), one.why.text())
    };
    skipped.iter().map(line).collect::<Vec<_>>().concat()
}

//! The models behind one gateway, with what the month has cost so far.

use url::Url;

use super::console::Console;
use super::failures;
use super::session::Session;
use crate::adapters::model::{Gateway, Keys};
use crate::cli::Environment;
use crate::domain::money::Usd;
use crate::outcome::{Exit, Failure};

pub(super) fn gateway(
    session: &Session,
    environment: &Environment,
    month_spent: Usd,
    console: &Console,
) -> Result<Gateway, Failure> {
    if let Some(warning) = over_soft_limit(month_spent, session.config().budget.month_soft) {
        console.say(&warning);
    }
    let keys = Keys {
        openai: environment.openai_api_key.clone(),
        openai_base_url: address(environment.openai_base_url.as_ref(), Keys::OPENAI)?,
        anthropic: environment.anthropic_api_key.clone(),
        anthropic_base_url: address(environment.anthropic_base_url.as_ref(), Keys::ANTHROPIC)?,
    };
    Gateway::new(session.config(), keys, month_spent).map_err(|error| failures::model(&error))
}

/// The warning of a month that has become dear; the hard limit stops by itself.
fn over_soft_limit(spent: Usd, soft: Usd) -> Option<String> {
    (spent >= soft && soft > Usd::ZERO).then(|| {
        format!("warning: models have cost {spent} this month; the soft limit is {soft} (budget.month_soft_usd)")
    })
}

fn address(given: Option<&Url>, own: &str) -> Result<Url, Failure> {
    match given {
        Some(url) => Ok(url.clone()),
        None => {
            Url::parse(own).map_err(|error| Failure::new(Exit::Unexpected, format!("{own} is no address: {error}"), ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_month_is_warned_of_once_it_reaches_the_soft_limit() {
        assert_eq!(over_soft_limit(Usd(49_999_999), Usd(50_000_000)), None);
        assert_eq!(over_soft_limit(Usd(50_000_000), Usd::ZERO), None);
        assert_eq!(
            over_soft_limit(Usd(50_000_000), Usd(50_000_000)).unwrap(),
            "warning: models have cost 50.00 USD this month; the soft limit is 50.00 USD (budget.month_soft_usd)"
        );
    }
}

//! The models behind one gateway, with what the month has cost so far.

use url::Url;

use super::failures;
use super::session::Session;
use crate::adapters::model::{Gateway, Keys};
use crate::cli::Environment;
use crate::domain::money::Usd;
use crate::outcome::{Exit, Failure};

pub(super) fn gateway(session: &Session, environment: &Environment, month_spent: Usd) -> Result<Gateway, Failure> {
    let keys = Keys {
        openai: environment.openai_api_key.clone(),
        openai_base_url: address(environment.openai_base_url.as_ref(), Keys::OPENAI)?,
        anthropic: environment.anthropic_api_key.clone(),
        anthropic_base_url: address(environment.anthropic_base_url.as_ref(), Keys::ANTHROPIC)?,
    };
    Gateway::new(session.config(), keys, month_spent).map_err(|error| failures::model(&error))
}

fn address(given: Option<&Url>, own: &str) -> Result<Url, Failure> {
    match given {
        Some(url) => Ok(url.clone()),
        None => {
            Url::parse(own).map_err(|error| Failure::new(Exit::Unexpected, format!("{own} is no address: {error}"), ""))
        }
    }
}

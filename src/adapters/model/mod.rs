//! Models behind the port: two wire protocols, one budget, one rate limit.
//!
//! The model contract in words stands in `product.md`; the wire formats are those of
//! <https://platform.openai.com/docs/api-reference/chat/create> and <https://docs.claude.com/en/api/messages>.

mod anthropic;
mod budget;
mod limiter;
mod openai;
mod partner;
mod prices;
mod schema;
mod send;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use crate::config::{Config, ModelChoice, Price, Provider};
use crate::domain::finding::Role;
use crate::domain::money::{Usage, Usd};
use crate::ports::model::{Model, ModelError};

use budget::Purse;
use limiter::Limiter;
use partner::Partner;
pub use prices::{PRICES_AS_OF, PRICES_SOURCE};
use send::Sender;

/// Keys and addresses of the providers. They come from the environment or from the Action's inputs, never from a file.
#[derive(Debug, Clone)]
pub struct Keys {
    pub openai: Option<SecretString>,
    pub openai_base_url: Url,
    pub anthropic: Option<SecretString>,
    pub anthropic_base_url: Url,
}

impl Keys {
    /// The providers' own addresses, where no other is given.
    pub const OPENAI: &'static str = "https://api.openai.com/v1";
    pub const ANTHROPIC: &'static str = "https://api.anthropic.com";
}

/// Whose money a call spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `budget.task_usd`: the change of one issue.
    Task,
    /// `budget.review_usd`: the review of one head commit, by all roles together.
    Review,
}

/// How patient the gateway is. The default suits the providers; tests take shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The most a whole answer may take.
    pub timeout: Duration,
    /// The first pause before a retry; it doubles.
    pub first_pause: Duration,
    /// A longer `Retry-After` than this ends the run instead.
    pub longest_pause: Duration,
    /// Requests for one call, the first included.
    pub attempts: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(300),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            attempts: 4,
        }
    }
}

/// The way to every configured model. Calls through one gateway share the budgets and the rate limit.
#[derive(Debug)]
pub struct Gateway {
    models: BTreeMap<Role, ModelChoice>,
    prices: BTreeMap<String, Price>,
    keys: Keys,
    sender: Sender,
    purse: Arc<Purse>,
    total: Arc<Mutex<Usage>>,
}

impl Gateway {
    /// `month_spent` is what the ledger knows of this month.
    ///
    /// # Errors
    /// [`ModelError::Unavailable`] when no HTTP client can be built on this machine.
    pub fn new(config: &Config, keys: Keys, month_spent: Usd) -> Result<Self, ModelError> {
        Self::with_patience(config, keys, month_spent, Patience::default())
    }

    pub fn with_patience(
        config: &Config,
        keys: Keys,
        month_spent: Usd,
        patience: Patience,
    ) -> Result<Self, ModelError> {
        let limiter = Limiter::new(config.budget.requests_per_minute, Duration::from_secs(60));
        Ok(Self {
            models: config.models.clone(),
            prices: config.prices.clone(),
            keys,
            sender: Sender::new(patience, limiter)?,
            purse: Arc::new(Purse::new(&config.budget, month_spent)),
            total: Arc::default(),
        })
    }

    /// The role's model, paid from the scope's budget. A role without a model of its own takes the engineer's.
    ///
    /// # Errors
    /// [`ModelError::NoModel`], [`ModelError::NoKey`] or [`ModelError::NoPrice`]: nothing was asked yet.
    pub fn model(&self, role: Role, scope: Scope) -> Result<Arc<dyn Model>, ModelError> {
        let choice = self.models.get(&role).or_else(|| self.models.get(&Role::Engineer));
        let choice = choice.ok_or(ModelError::NoModel { role: role.name() })?.clone();
        let (base, key) = match choice.provider {
            Provider::Openai => (&self.keys.openai_base_url, &self.keys.openai),
            Provider::Anthropic => (&self.keys.anthropic_base_url, &self.keys.anthropic),
        };
        let local = is_local(base);
        if key.is_none() && !local {
            return Err(ModelError::NoKey { provider: provider_name(choice.provider) });
        }
        let rate = match prices::rate(choice.provider, &choice.model, &self.prices) {
            Some(rate) => rate,
            // A model on this machine costs nothing that we could count.
            None if local => prices::Rate::FREE,
            None => return Err(ModelError::NoPrice { model: choice.model }),
        };
        let partner = Partner::new(partner::Setup {
            choice,
            rate,
            scope,
            base: base.clone(),
            key: key.clone(),
            sender: self.sender.clone(),
            purse: Arc::clone(&self.purse),
            total: Arc::clone(&self.total),
        });
        Ok(Arc::new(partner))
    }

    /// The next task or review begins with a whole budget of its own. The month's goes on.
    pub fn begin(&self, scope: Scope) {
        self.purse.begin(scope);
    }

    /// What was spent through this gateway so far.
    pub fn usage(&self) -> Usage {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's name in errors.
fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::Anthropic => "anthropic",
    }
}

/// Whether the address is this machine's own.
fn is_local(base: &Url) -> bool {
    match base.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;

//! What a token costs: the configuration's prices first, then a built-in table.

use std::collections::BTreeMap;

use super::wire::Tokens;
use crate::config::{Price, Provider};
use crate::domain::money::Usd;

/// The day on which the table below was taken over.
pub const PRICES_AS_OF: &str = "2026-11-21";
/// Where it comes from: the price map of this release of the package `litellm`, which names the providers' own pages
/// (<https://platform.openai.com/docs/pricing>, <https://platform.claude.com/docs/en/about-claude/pricing>).
pub const PRICES_SOURCE: &str = "model_prices_and_context_window_backup.json of litellm 1.109.1 on PyPI";

/// Prices of one model, in micro-dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    usual: Tier,
    /// Requests with more input tokens than this cost this much, as a whole.
    long: Option<(u64, Tier)>,
    /// Hundredths of the input price for a token that is written to the provider's cache.
    write_percent: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tier {
    input: u64,
    cached: u64,
    output: u64,
}

impl Rate {
    pub(super) const FREE: Self =
        Self { usual: Tier { input: 0, cached: 0, output: 0 }, long: None, write_percent: 100 };

    /// What a call cost.
    pub(super) fn cost(&self, tokens: Tokens) -> Usd {
        let tier = self.tier(tokens.input);
        let cached = tokens.cached.min(tokens.input);
        let written = tokens.written.min(tokens.input - cached);
        let plain = tokens.input - cached - written;
        let hundredths = u128::from(plain) * u128::from(tier.input) * 100
            + u128::from(cached) * u128::from(tier.cached) * 100
            + u128::from(written) * u128::from(tier.input) * u128::from(self.write_percent)
            + u128::from(tokens.output) * u128::from(tier.output) * 100;
        // A part of a micro-dollar counts as a whole one.
        Usd(u64::try_from(hundredths.div_ceil(100_000_000)).unwrap_or(u64::MAX))
    }

    /// The most a call can cost: nothing is read from a cache, all of the input is written to it.
    pub(super) fn worst(&self, input: u64, output: u64) -> Usd {
        let written = if self.write_percent > 100 { input } else { 0 };
        self.cost(Tokens { input, cached: 0, written, output })
    }

    fn tier(&self, input: u64) -> Tier {
        match self.long {
            Some((threshold, long)) if input > threshold => long,
            _ => self.usual,
        }
    }
}

/// The model's prices; `None` when neither the configuration nor the table knows it. The table's names are exact, but for a
/// date behind them (`gpt-4.1-2025-04-14`, `claude-haiku-4-5-20251001`).
pub(super) fn rate(provider: Provider, model: &str, configured: &BTreeMap<String, Price>) -> Option<Rate> {
    if let Some(price) = configured.get(model) {
        let cached = price.cached_input_per_million.unwrap_or(price.input_per_million);
        let usual = Tier { input: price.input_per_million.0, cached: cached.0, output: price.output_per_million.0 };
        // We ask Messages to cache, and it takes a quarter more for that.
        let write_percent = if provider == Provider::Anthropic { 125 } else { 100 };
        return Some(Rate { usual, long: None, write_percent });
    }
    let undated = undated(model);
    TABLE.iter().find(|row| row.name == model || row.name == undated).map(|row| row.rate)
}

fn undated(model: &str) -> &str {
    let date =
        |digits: &str| digits.len() == 8 && digits.starts_with("20") && digits.bytes().all(|b| b.is_ascii_digit());
    let at = [9, 11].into_iter().find_map(|length| {
        let at = model.len().checked_sub(length)?;
        let suffix = model.get(at..)?.strip_prefix('-')?;
        let dashes = suffix.matches('-').count();
        (dashes == if length == 9 { 0 } else { 2 } && date(&suffix.replace('-', ""))).then_some(at)
    });
    at.map_or(model, |at| &model[..at])
}

struct Row {
    name: &'static str,
    rate: Rate,
}

/// Input, cached input and output in thousandths of a dollar for a million tokens.
const fn row(name: &'static str, input: u64, cached: u64, output: u64) -> Row {
    Row { name, rate: Rate { usual: mills(input, cached, output), long: None, write_percent: 100 } }
}

const fn mills(input: u64, cached: u64, output: u64) -> Tier {
    Tier { input: input * 1_000, cached: cached * 1_000, output: output * 1_000 }
}

impl Row {
    /// Writing to the cache costs a quarter more than other input.
    const fn paid_writes(mut self) -> Self {
        self.rate.write_percent = 125;
        self
    }

    /// Prices of requests with more input than this.
    const fn beyond(mut self, tokens: u64, input: u64, cached: u64, output: u64) -> Self {
        self.rate.long = Some((tokens, mills(input, cached, output)));
        self
    }
}

const TABLE: &[Row] = &[
    row("gpt-4o", 2_500, 1_250, 10_000),
    row("gpt-4o-mini", 150, 75, 600),
    row("gpt-4.1", 2_000, 500, 8_000),
    row("gpt-4.1-mini", 400, 100, 1_600),
    row("o3", 2_000, 500, 8_000),
    row("gpt-5", 1_250, 125, 10_000),
    row("gpt-5-mini", 250, 25, 2_000),
    row("gpt-5-nano", 50, 5, 400),
    row("gpt-5.1", 1_250, 125, 10_000),
    row("gpt-5.2", 1_750, 175, 14_000),
    row("gpt-5.4", 2_500, 250, 15_000).beyond(272_000, 5_000, 500, 22_500),
    row("gpt-5.4-mini", 750, 75, 4_500),
    row("gpt-5.4-nano", 200, 20, 1_250),
    row("gpt-5.5", 5_000, 500, 30_000).beyond(272_000, 10_000, 1_000, 45_000),
    row("gpt-5.6", 4_000, 400, 20_000).paid_writes().beyond(272_000, 8_000, 800, 30_000),
    row("gpt-5.6-sol", 4_000, 400, 20_000).paid_writes().beyond(272_000, 8_000, 800, 30_000),
    row("gpt-5.6-terra", 2_000, 200, 12_000).paid_writes().beyond(272_000, 4_000, 400, 18_000),
    row("gpt-5.6-luna", 200, 20, 1_200).paid_writes().beyond(272_000, 400, 40, 1_800),
    row("gpt-6-astra", 10_000, 1_000, 50_000).paid_writes().beyond(272_000, 20_000, 2_000, 75_000),
    row("gpt-6-sol", 2_000, 200, 10_000).paid_writes().beyond(272_000, 4_000, 400, 15_000),
    row("gpt-6-luna", 100, 10, 500).paid_writes().beyond(272_000, 200, 20, 750),
    row("gpt-6.1-sol", 2_000, 100, 10_000).paid_writes().beyond(272_000, 4_000, 200, 15_000),
    row("gpt-6.1-terra", 1_000, 50, 5_000).paid_writes().beyond(272_000, 2_000, 100, 7_500),
    row("claude-haiku-4-5", 1_000, 100, 5_000).paid_writes(),
    row("claude-haiku-5-5", 100, 10, 500).paid_writes().beyond(100_000, 500, 50, 2_500),
    row("claude-sonnet-4-5", 3_000, 300, 15_000).paid_writes(),
    row("claude-sonnet-4-6", 3_000, 300, 15_000).paid_writes(),
    row("claude-sonnet-5", 2_000, 200, 10_000).paid_writes(),
    row("claude-sonnet-5-5", 2_000, 100, 10_000).paid_writes(),
    row("claude-opus-4-5", 5_000, 500, 25_000).paid_writes(),
    row("claude-opus-4-6", 5_000, 500, 25_000).paid_writes(),
    row("claude-opus-4-7", 5_000, 500, 25_000).paid_writes(),
    row("claude-opus-4-8", 5_000, 500, 25_000).paid_writes(),
    row("claude-opus-5", 5_000, 500, 25_000).paid_writes(),
    row("claude-opus-5-5", 4_000, 200, 20_000).paid_writes(),
    row("claude-fable-5", 10_000, 1_000, 50_000).paid_writes(),
    row("claude-fable-5-1", 10_000, 250, 50_000).paid_writes(),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn known(model: &str) -> Rate {
        rate(Provider::Openai, model, &BTreeMap::new()).unwrap()
    }

    #[test]
    fn cached_and_written_tokens_have_prices_of_their_own() {
        let tokens = Tokens { input: 1_000_000, cached: 400_000, written: 0, output: 100_000 };
        // 0.6 * 2.00 + 0.4 * 0.50 + 0.1 * 8.00
        assert_eq!(known("gpt-4.1").cost(tokens), Usd(2_200_000));
        let written = Tokens { input: 100_000, cached: 0, written: 100_000, output: 0 };
        assert_eq!(known("claude-haiku-4-5").cost(written), Usd(125_000));
    }

    #[test]
    fn long_requests_cost_more_as_a_whole() {
        let input = |input| Tokens { input, cached: 0, written: 0, output: 0 };
        assert_eq!(known("gpt-5.4").cost(input(272_000)), Usd(680_000));
        assert_eq!(known("gpt-5.4").cost(input(272_001)), Usd(1_360_005));
    }

    #[test]
    fn the_worst_case_is_never_below_a_real_cost() {
        for row in TABLE {
            for input in [0, 1, 999, 99_999, 300_000] {
                for cached in [0, input / 2, input] {
                    let tokens = Tokens { input, cached, written: input - cached, output: 777 };
                    assert!(row.rate.cost(tokens) <= row.rate.worst(input, 777), "{}", row.name);
                }
            }
        }
    }

    #[test]
    fn a_dated_name_is_the_same_model_and_a_longer_name_is_not() {
        assert_eq!(known("gpt-4.1-2025-04-14"), known("gpt-4.1"));
        assert_eq!(known("claude-haiku-4-5-20251001"), known("claude-haiku-4-5"));
        assert_ne!(known("gpt-4.1-mini"), known("gpt-4.1"));
        for unknown in ["gpt-4.1-turbo", "gpt", "", "-20251001", "ü-2025-04-1", "mygpt-4.1"] {
            assert_eq!(rate(Provider::Openai, unknown, &BTreeMap::new()), None, "{unknown}");
        }
    }

    #[test]
    fn the_configuration_wins() {
        let own = Price {
            input_per_million: Usd(1_000_000),
            output_per_million: Usd(2_000_000),
            cached_input_per_million: None,
        };
        let prices = BTreeMap::from([("gpt-4.1".to_owned(), own)]);
        let tokens = Tokens { input: 1_000_000, cached: 1_000_000, written: 0, output: 1_000_000 };
        assert_eq!(rate(Provider::Openai, "gpt-4.1", &prices).unwrap().cost(tokens), Usd(3_000_000));
    }

    #[test]
    fn no_model_is_listed_twice() {
        let names: std::collections::BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len());
    }
}

//! Money and tokens. Money is counted in millionths of a US dollar, so sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An amount in micro-dollars (1 USD = 1,000,000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub u64);

impl Usd {
    pub const ZERO: Self = Self(0);

    /// From dollars as people write them; negative, infinite and not-a-number amounts are `None`.
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let micros = dollars * 1e6;
        if !micros.is_finite() || !(0.0..1e15).contains(&micros) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
        Some(Self(micros.round() as u64))
    }

    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 micro-dollars")]
        let micros = self.0 as f64;
        micros / 1e6
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 && self.0 < 10_000 {
            write!(f, "{:.4} USD", self.dollars())
        } else {
            write!(f, "{:.2} USD", self.dollars())
        }
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Tokens and money of one or more model calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// The part of `input_tokens` that the provider served from its prompt cache.
    pub cached_tokens: u64,
    pub cost: Usd,
}

impl Usage {
    pub fn tokens(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_tokens += other.cached_tokens;
        self.cost += other.cost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_never_wrap() {
        let tenth = Usd::from_dollars(0.1).unwrap();
        assert_eq!((0..10).map(|_| tenth).sum::<Usd>(), Usd(1_000_000));
        assert_eq!(Usd(u64::MAX) + Usd(1), Usd(u64::MAX));
        assert_eq!(Usd(1) - Usd(2), Usd::ZERO);
        assert_eq!(Usd::from_dollars(-1.0), None);
        assert_eq!(Usd::from_dollars(f64::NAN), None);
    }

    #[test]
    fn small_amounts_show_four_digits() {
        assert_eq!(Usd(1_500).to_string(), "0.0015 USD");
        assert_eq!(Usd(1_500_000).to_string(), "1.50 USD");
        assert_eq!(Usd::ZERO.to_string(), "0.00 USD");
    }
}

//! Money is reserved before it is spent: the worst case first, then the true cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Scope;
use crate::config::Budget;
use crate::domain::money::Usd;
use crate::ports::model::ModelError;

/// The budgets of one run: a task's, a review's and the month's.
#[derive(Debug)]
pub(super) struct Purse {
    pots: Mutex<Pots>,
    settled: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Pots {
    task: Pot,
    review: Pot,
    month: Pot,
}

#[derive(Debug, Clone, Copy)]
struct Pot {
    name: &'static str,
    limit: Usd,
    spent: Usd,
    reserved: Usd,
}

impl Pot {
    fn new(name: &'static str, limit: Usd, spent: Usd) -> Self {
        Self { name, limit, spent, reserved: Usd::ZERO }
    }

    fn left(&self) -> Usd {
        self.limit - self.spent - self.reserved
    }
}

/// What a call may cost: `cost` in terms of the output tokens it may use, between `least` and `most`.
pub(super) struct Quote<'a> {
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) cost: &'a (dyn Fn(u64) -> Usd + Sync),
}

enum Try {
    Taken { amount: Usd, output: u64 },
    Wait,
    TooDear(ModelError),
}

impl Purse {
    pub(super) fn new(budget: &Budget, month_spent: Usd) -> Self {
        let pots = Pots {
            task: Pot::new("task", budget.task, Usd::ZERO),
            review: Pot::new("review", budget.review, Usd::ZERO),
            month: Pot::new("month", budget.month_hard, month_spent),
        };
        Self { pots: Mutex::new(pots), settled: Notify::new() }
    }

    /// The scope's budget begins anew.
    pub(super) fn begin(&self, scope: Scope) {
        self.pots().of(scope).spent = Usd::ZERO;
    }

    /// Sets the worst case aside. Where calls that are under way hold what this one needs, it waits for them; where the
    /// budget does not cover the most, it takes as many output tokens as it covers, but never fewer than the least.
    pub(super) async fn reserve(self: &Arc<Self>, scope: Scope, quote: &Quote<'_>) -> Result<Reservation, ModelError> {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            // Listen before looking, or a settlement in between is missed.
            settled.as_mut().enable();
            match self.try_reserve(scope, quote) {
                Try::Taken { amount, output } => {
                    return Ok(Reservation { purse: Arc::clone(self), scope, amount, output });
                }
                Try::Wait => settled.await,
                Try::TooDear(error) => return Err(error),
            }
        }
    }

    fn try_reserve(&self, scope: Scope, quote: &Quote<'_>) -> Try {
        let mut pots = self.pots();
        let own = *pots.of(scope);
        let month = pots.month;
        let left = own.left().min(month.left());
        let full = (quote.cost)(quote.most);
        let (amount, output) = if full <= left {
            (full, quote.most)
        } else if own.reserved + month.reserved > Usd::ZERO {
            return Try::Wait;
        } else if (quote.cost)(quote.least) > left {
            let cap = if month.left() < own.left() { month } else { own };
            let worst_case = (quote.cost)(quote.least);
            return Try::TooDear(ModelError::Budget { cap: cap.name, limit: cap.limit, spent: cap.spent, worst_case });
        } else {
            let output = affordable(quote, left);
            ((quote.cost)(output), output)
        };
        for pot in pots.both(scope) {
            pot.reserved += amount;
        }
        Try::Taken { amount, output }
    }

    fn settle(&self, scope: Scope, reserved: Usd, spent: Usd) {
        for pot in self.pots().both(scope) {
            pot.reserved = pot.reserved - reserved;
            pot.spent += spent;
        }
        self.settled.notify_waiters();
    }

    fn pots(&self) -> MutexGuard<'_, Pots> {
        self.pots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pots {
    fn of(&mut self, scope: Scope) -> &mut Pot {
        match scope {
            Scope::Task => &mut self.task,
            Scope::Review => &mut self.review,
        }
    }

    fn both(&mut self, scope: Scope) -> [&mut Pot; 2] {
        match scope {
            Scope::Task => [&mut self.task, &mut self.month],
            Scope::Review => [&mut self.review, &mut self.month],
        }
    }
}

/// The most output tokens that `left` covers; the least is known to fit.
fn affordable(quote: &Quote<'_>, left: Usd) -> u64 {
    let (mut low, mut high) = (quote.least, quote.most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if (quote.cost)(middle) <= left { low = middle } else { high = middle - 1 }
    }
    low
}

/// Money set aside. Dropped without a word it counts as spent: nobody knows what the call cost.
#[derive(Debug)]
pub(super) struct Reservation {
    purse: Arc<Purse>,
    scope: Scope,
    amount: Usd,
    output: u64,
}

impl Reservation {
    /// Output tokens that are paid for.
    pub(super) fn output(&self) -> u64 {
        self.output
    }

    pub(super) fn amount(&self) -> Usd {
        self.amount
    }

    /// Books the true cost, which may be more than was reserved.
    pub(super) fn settle(mut self, cost: Usd) {
        let reserved = std::mem::take(&mut self.amount);
        self.purse.settle(self.scope, reserved, cost);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.amount > Usd::ZERO {
            self.purse.settle(self.scope, self.amount, self.amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn purse(task: u64, review: u64, month: u64, spent: u64) -> Arc<Purse> {
        let budget = Budget {
            task: Usd(task),
            review: Usd(review),
            month_soft: Usd(0),
            month_hard: Usd(month),
            requests_per_minute: 10,
        };
        Arc::new(Purse::new(&budget, Usd(spent)))
    }

    /// One micro-dollar a token.
    fn quote(least: u64, most: u64) -> Quote<'static> {
        Quote { least, most, cost: &|tokens| Usd(tokens) }
    }

    #[tokio::test]
    async fn what_was_not_used_is_given_back() {
        let purse = purse(100, 0, 1000, 0);
        purse.reserve(Scope::Task, &quote(80, 80)).await.unwrap().settle(Usd(10));
        let second = purse.reserve(Scope::Task, &quote(90, 90)).await.unwrap();
        assert_eq!(second.output(), 90);
    }

    #[tokio::test]
    async fn a_call_that_could_cost_more_than_is_left_is_not_made() {
        let purse = purse(100, 0, 1000, 0);
        purse.reserve(Scope::Task, &quote(80, 80)).await.unwrap().settle(Usd(80));
        let error = purse.reserve(Scope::Task, &quote(21, 50)).await.unwrap_err();
        let expected = ModelError::Budget { cap: "task", limit: Usd(100), spent: Usd(80), worst_case: Usd(21) };
        assert_eq!(error, expected);
    }

    #[tokio::test]
    async fn the_month_stops_a_task_that_has_money_left() {
        let purse = purse(100, 100, 1000, 990);
        let error = purse.reserve(Scope::Review, &quote(11, 11)).await.unwrap_err();
        assert!(matches!(error, ModelError::Budget { cap: "month", spent: Usd(990), .. }));
    }

    #[tokio::test]
    async fn output_shrinks_to_what_the_budget_covers() {
        let purse = purse(100, 0, 1000, 0);
        let reservation = purse.reserve(Scope::Task, &quote(10, 4_000)).await.unwrap();
        assert_eq!((reservation.output(), reservation.amount()), (100, Usd(100)));
    }

    #[tokio::test]
    async fn two_calls_at_once_never_reserve_more_than_there_is() {
        let purse = purse(0, 100, 1000, 0);
        let first = purse.reserve(Scope::Review, &quote(60, 60)).await.unwrap();
        let other = Arc::clone(&purse);
        let waiting =
            tokio::spawn(async move { other.reserve(Scope::Review, &quote(60, 60)).await.map(|r| r.output()) });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        first.settle(Usd(30));
        assert_eq!(waiting.await.unwrap(), Ok(60));
    }

    #[tokio::test]
    async fn a_call_that_was_cut_off_counts_as_spent() {
        let purse = purse(100, 0, 1000, 0);
        drop(purse.reserve(Scope::Task, &quote(80, 80)).await.unwrap());
        assert!(purse.reserve(Scope::Task, &quote(21, 21)).await.is_err());
        purse.begin(Scope::Task);
        assert!(purse.reserve(Scope::Task, &quote(21, 21)).await.is_ok());
    }
}

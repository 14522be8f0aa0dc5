//! At most so many requests in a window of time; who comes later waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Cheap to clone; clones share the window.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    most: usize,
    window: Duration,
    started: Arc<Mutex<VecDeque<Instant>>>,
}

impl Limiter {
    /// Zero requests means no limit.
    pub(super) fn new(most: u32, window: Duration) -> Self {
        Self { most: most as usize, window, started: Arc::default() }
    }

    /// Returns when the next request may start.
    pub(super) async fn turn(&self) {
        let Some(start) = self.book(Instant::now()) else { return };
        tokio::time::sleep_until(start).await;
    }

    /// The earliest start for a request that comes now; it counts from then on.
    fn book(&self, now: Instant) -> Option<Instant> {
        if self.most == 0 {
            return None;
        }
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let full = started.len().checked_sub(self.most).and_then(|at| started.get(at));
        let start = full.map_or(now, |before| now.max(*before + self.window));
        started.push_back(start);
        if started.len() > self.most {
            started.pop_front();
        }
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_beyond_the_limit_wait_for_the_window() {
        let limiter = Limiter::new(2, Duration::from_mins(1));
        let now = Instant::now();
        let waits: Vec<u64> = (0..5).map(|_| (limiter.book(now).unwrap() - now).as_secs()).collect();
        assert_eq!(waits, [0, 0, 60, 60, 120]);
        assert_eq!(limiter.book(now + Duration::from_mins(5)).unwrap(), now + Duration::from_mins(5));
    }

    #[test]
    fn no_limit_never_waits() {
        assert_eq!(Limiter::new(0, Duration::from_mins(1)).book(Instant::now()), None);
    }
}

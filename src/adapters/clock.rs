//! The machine's clock, the only one that is asked.

use chrono::{DateTime, Utc};

use crate::ports::clock::Clock;

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

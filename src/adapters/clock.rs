//! The machine's clock, the only one that is asked.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::clock::Clock;

/// The machine's time, shifted by a fixed amount where a demo does not want to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock {
    ahead: TimeDelta,
}

impl SystemClock {
    pub fn ahead_by(ahead: TimeDelta) -> Self {
        Self { ahead }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.ahead
    }
}

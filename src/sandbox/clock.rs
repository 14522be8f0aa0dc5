//! The sandbox's clock: real time plus an offset, never twice the same instant.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

#[derive(Debug, Clone)]
pub(crate) struct Clock {
    offset: Duration,
    last: DateTime<Utc>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { offset: Duration::zero(), last: DateTime::UNIX_EPOCH }
    }

    /// The present, strictly after every earlier answer, so that events within one second keep their order.
    pub(crate) fn now(&mut self) -> DateTime<Utc> {
        let present = Utc::now() + self.offset;
        self.last = present.max(self.last + Duration::microseconds(1));
        self.last
    }

    /// Moves the clock. Going back is allowed, and only then may a later answer be earlier.
    pub(crate) fn shift(&mut self, by: Duration) {
        self.offset += by;
        if by < Duration::zero() {
            self.last = DateTime::UNIX_EPOCH;
        }
    }
}

/// A time as GitHub writes it: whole seconds, UTC.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time as HTTP headers write it.
pub(crate) fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Seconds since 1970, as git writes them, as a time.
pub(crate) fn from_seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_repeats_an_instant_and_can_be_moved() {
        let mut clock = Clock::new();
        let (one, two) = (clock.now(), clock.now());
        assert!(one < two);
        clock.shift(Duration::days(90));
        assert!(clock.now() - two > Duration::days(89));
        assert_eq!(stamp(from_seconds(1_700_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(http_date(from_seconds(1_700_000_000)), "Tue, 14 Nov 2023 22:13:20 GMT");
    }
}

//! Rate limits as GitHub tells them: headers first, then the message
//! (<https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>).

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// What GitHub asks for when it gives neither a time nor a reset.
const UNSAID: Duration = Duration::from_mins(1);

/// How long to wait, when the answer is a rate limit; `None` for any other answer. Nothing was done in that case.
pub(super) fn wait(status: u16, headers: &HeaderMap, message: &str, now: DateTime<Utc>) -> Option<Duration> {
    let message = message.to_ascii_lowercase();
    let said = message.contains("rate limit") || message.contains("abuse detection");
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    let after = number(headers, "retry-after").map(Duration::from_secs);
    let limited = match status {
        429 => true,
        403 => after.is_some() || spent || said,
        _ => false,
    };
    if !limited {
        return None;
    }
    Some(after.or_else(|| spent.then(|| until_reset(headers, now)).flatten()).unwrap_or(UNSAID))
}

/// The same for GraphQL, which may report a limit with status 200.
pub(super) fn graphql_wait(headers: &HeaderMap, now: DateTime<Utc>) -> Duration {
    let after = number(headers, "retry-after").map(Duration::from_secs);
    after.or_else(|| until_reset(headers, now)).unwrap_or(UNSAID)
}

pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// One second past the reset, by GitHub's own clock where it is told: a runner's clock may be wrong.
fn until_reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let reset = i64::try_from(number(headers, "x-ratelimit-reset")?).ok()?;
    let date = headers.get(http::header::DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    let now = date.map_or(now, |date| date.to_utc());
    Some(Duration::from_secs(u64::try_from(reset - now.timestamp()).unwrap_or(0) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_000, 0).unwrap()
    }

    #[test]
    fn a_secondary_limit_waits_as_long_as_it_is_told() {
        assert_eq!(wait(403, &headers(&[("retry-after", "7")]), "", now()), Some(Duration::from_secs(7)));
        let message = "You have exceeded a secondary rate limit.";
        assert_eq!(wait(403, &headers(&[]), message, now()), Some(UNSAID));
        assert_eq!(wait(429, &headers(&[]), "", now()), Some(UNSAID));
    }

    #[test]
    fn a_primary_limit_waits_until_one_second_after_the_reset() {
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")];
        assert_eq!(wait(403, &headers(&spent), "", now()), Some(Duration::from_secs(31)));
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "10")];
        assert_eq!(wait(403, &headers(&past), "", now()), Some(Duration::from_secs(1)));
    }

    #[test]
    fn github_s_own_clock_is_used_where_it_is_told() {
        let told =
            [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030"), ("date", "Thu, 01 Jan 1970 00:17:00 GMT")];
        assert_eq!(wait(403, &headers(&told), "", now()), Some(Duration::from_secs(11)));
    }

    #[test]
    fn a_missing_permission_is_no_limit() {
        let left = headers(&[("x-ratelimit-remaining", "4999")]);
        assert_eq!(wait(403, &left, "Resource not accessible by integration", now()), None);
        assert_eq!(wait(502, &headers(&[("retry-after", "7")]), "", now()), None);
    }
}

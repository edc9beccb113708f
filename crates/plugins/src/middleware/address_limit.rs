use std::{net::IpAddr, time::Instant};

use seaworthy_core::{Code, Error};
use seaworthy_resilience::rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter};
use seaworthy_telemetry::metrics::Metrics;

/// The name of the limit in metrics.
const NAME: &str = "plugin_authentication";
/// The reason that the rate limits of the stack use.
const REASON: &str = "RATE_LIMITED";

/// Limits the anonymous and rejected requests of an address before the hooks of authentication. The
/// rate limits of the stack count a request after its authentication, so they do not protect these
/// hooks. Addresses beyond `max_keys` share one limit.
#[derive(Debug)]
pub(crate) struct AddressLimit(RateLimiter);

impl AddressLimit {
    pub(crate) fn new(config: &RateLimitConfig, metrics: &Metrics) -> Self {
        Self(RateLimiter::new(NAME, config, metrics))
    }

    /// Checks that the address may cause another call of a hook. Does not count the request.
    ///
    /// # Errors
    /// The address exceeded the limit.
    pub(crate) fn check(&self, address: IpAddr, now: Instant) -> Result<(), Error> {
        let decision = self.0.peek(&RateLimitKey::address(address), now);
        if decision.allowed {
            return Ok(());
        }
        let message = "too many requests: try again later";
        Err(Error::new(Code::Exhausted, REASON, message).with_retry_after(decision.retry_after))
    }

    /// Counts an anonymous or rejected request.
    pub(crate) fn count(&self, address: IpAddr, now: Instant) {
        // The request has ended, so only later ones are rejected.
        let _ = self.0.check(&RateLimitKey::address(address), now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_core::Timeout;

    use super::*;

    fn limit(max_keys: u32) -> AddressLimit {
        let config = RateLimitConfig {
            requests: 2.try_into().unwrap(),
            window: Timeout::from_secs(2),
            max_keys: max_keys.try_into().unwrap(),
            ..RateLimitConfig::default()
        };
        AddressLimit::new(&config, &Metrics::new())
    }

    #[test]
    fn only_the_address_above_the_limit_is_rejected_plug_2() {
        let limit = limit(1_000);
        let now = Instant::now();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..2 {
            assert!(limit.check(one, now).is_ok());
            limit.count(one, now);
        }
        assert_eq!(limit.check(one, now).unwrap_err().reason(), "RATE_LIMITED");
        assert!(limit.check(other, now).is_ok());
        let later = now + Duration::from_secs(1);
        assert!(limit.check(one, later).is_ok());
    }

    #[test]
    fn addresses_beyond_the_maximum_share_a_limit_plug_2() {
        let limit = limit(1);
        let now = Instant::now();
        let addresses = (0..10_000_u32).map(|number| IpAddr::V4((0x0a00_0000 + number).into()));
        let mut passed = 0;
        for address in addresses {
            if limit.check(address, now).is_ok() {
                limit.count(address, now);
                passed += 1;
            }
        }
        assert!(passed < 100, "{passed}");
    }
}

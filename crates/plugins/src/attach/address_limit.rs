use std::{collections::HashMap, net::IpAddr, time::Instant};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use seaworthy_resilience::rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter};
use seaworthy_telemetry::metrics::Metrics;

/// The name of the limit in metrics.
const NAME: &str = "plugin_authentication";
/// The reason that the rate limits of the stack use.
const REASON: &str = "RATE_LIMITED";

/// Limits the anonymous and rejected requests of an address before the hooks of authentication. The
/// rate limits of the stack count a request after its authentication, so they do not protect these
/// hooks.
#[derive(Debug)]
pub(crate) struct AddressLimit {
    limit: RateLimiter,
    max_addresses: usize,
    /// The addresses that exceeded the limit, with the end of their rejection.
    exhausted: Mutex<HashMap<RateLimitKey, Instant>>,
}

impl AddressLimit {
    pub(crate) fn new(config: &RateLimitConfig, metrics: &Metrics) -> Self {
        Self {
            limit: RateLimiter::new(NAME, config, metrics),
            max_addresses: usize::try_from(config.max_keys.get()).unwrap_or(usize::MAX),
            exhausted: Mutex::default(),
        }
    }

    /// Checks that the address may cause another call of a hook. Does not count the request.
    ///
    /// # Errors
    /// The address exceeded the limit.
    pub(crate) fn check(&self, address: IpAddr, now: Instant) -> Result<(), Error> {
        let exhausted = self.exhausted.lock();
        let end = exhausted.get(&RateLimitKey::address(address));
        match end.map(|end| end.saturating_duration_since(now)) {
            Some(left) if !left.is_zero() => {
                let message = "too many requests: try again later";
                Err(Error::new(Code::Exhausted, REASON, message).with_retry_after(left))
            }
            _ => Ok(()),
        }
    }

    /// Counts an anonymous or rejected request.
    pub(crate) fn count(&self, address: IpAddr, now: Instant) {
        let key = RateLimitKey::address(address);
        let decision = self.limit.check(&key, now);
        if decision.allowed {
            return;
        }
        let mut exhausted = self.exhausted.lock();
        if exhausted.len() >= self.max_addresses {
            exhausted.retain(|_, end| *end > now);
        }
        if exhausted.len() < self.max_addresses {
            exhausted.insert(key, now + decision.retry_after);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_core::Timeout;

    use super::*;

    #[test]
    fn only_the_address_above_the_limit_is_rejected_plug_2() {
        let config = RateLimitConfig {
            requests: 2.try_into().unwrap(),
            window: Timeout::from_secs(2),
            max_keys: 1.try_into().unwrap(),
            ..RateLimitConfig::default()
        };
        let limit = AddressLimit::new(&config, &Metrics::new());
        let now = Instant::now();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..3 {
            assert!(limit.check(one, now).is_ok());
            limit.count(one, now);
        }
        assert_eq!(limit.check(one, now).unwrap_err().reason(), "RATE_LIMITED");
        assert!(limit.check(other, now).is_ok());
        let later = now + Duration::from_secs(1);
        assert!(limit.check(one, later).is_ok());
    }
}

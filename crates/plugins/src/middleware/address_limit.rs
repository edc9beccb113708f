use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy_core::{Code, Error};
use seaworthy_resilience::rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter};
use seaworthy_telemetry::metrics::{Counter, Metrics};

/// The name of the limit in metrics.
const NAME: &str = "plugin_authentication";
/// The metric of rejected requests. The rate limiter counts the other rejections in it.
const BLOCKED: &str = "rate_limit_blocked_total";
const BLOCKED_HELP: &str = "Requests that a rate limit rejected.";
/// The reason that the rate limits of the stack use.
const REASON: &str = "RATE_LIMITED";
/// The wait of a client whose other requests use up the limit. Authentications usually end earlier.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Limits the requests of an address that are not authenticated, before the hooks of
/// authentication. The rate limits of the stack count a request after its authentication, so they
/// do not protect these hooks. Addresses beyond `max_keys` share one limit.
///
/// A request counts from its admission to its end, and afterwards unless it is authenticated. So
/// concurrent requests do not exceed the limit either. Clones share the counts.
#[derive(Debug, Clone)]
pub(crate) struct AddressLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: RateLimiter,
    /// The number of admitted requests that have not ended, by their address.
    running: Mutex<HashMap<RateLimitKey, u32>>,
    blocked: Counter,
}

/// An admitted request. Dropping it counts the request, even if the client cancels it.
#[derive(Debug)]
pub(crate) struct Admitted {
    limit: AddressLimit,
    key: RateLimitKey,
    is_counted: bool,
}

impl AddressLimit {
    pub(crate) fn new(config: &RateLimitConfig, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            limit: RateLimiter::new(NAME, config, metrics),
            running: Mutex::default(),
            blocked: metrics.counter(BLOCKED, BLOCKED_HELP, &[("name", NAME)]),
        }))
    }

    /// Admits a request that may cause calls of hooks.
    ///
    /// # Errors
    /// With its running requests the address exceeds the limit.
    pub(crate) fn admit(&self, address: IpAddr, now: Instant) -> Result<Admitted, Error> {
        let key = RateLimitKey::address(address);
        let mut running = self.0.running.lock();
        let decision = self.0.limit.peek(&key, now);
        if !decision.allowed {
            return Err(rejected(decision.retry_after));
        }
        let others = running.get(&key).copied().unwrap_or_default();
        // The decision counts this request, and the others may still count at their end.
        if others > decision.remaining {
            self.0.blocked.increment();
            return Err(rejected(RETRY_AFTER));
        }
        running.insert(key.clone(), others + 1);
        Ok(Admitted {
            limit: self.clone(),
            key,
            is_counted: true,
        })
    }
}

impl Admitted {
    /// Ends a request without counting it.
    pub(crate) fn exempt(mut self) {
        self.is_counted = false;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let inner = &self.limit.0;
        let mut running = inner.running.lock();
        if self.is_counted {
            // The request has ended, so only later ones are rejected.
            let _ = inner.limit.check(&self.key, Instant::now());
        }
        match running.get_mut(&self.key) {
            Some(others) if *others > 1 => *others -= 1,
            _ => drop(running.remove(&self.key)),
        }
    }
}

fn rejected(retry_after: Duration) -> Error {
    let message = "too many requests: try again later";
    Error::new(Code::Exhausted, REASON, message).with_retry_after(retry_after)
}

#[cfg(test)]
mod tests {
    use seaworthy_core::Timeout;

    use super::*;

    fn config(max_keys: u32) -> RateLimitConfig {
        RateLimitConfig {
            requests: 2.try_into().unwrap(),
            window: Timeout::from_secs(2),
            max_keys: max_keys.try_into().unwrap(),
            ..RateLimitConfig::default()
        }
    }

    fn limit(max_keys: u32) -> AddressLimit {
        AddressLimit::new(&config(max_keys), &Metrics::new())
    }

    #[test]
    fn only_the_address_above_the_limit_is_rejected_plug_2() {
        let limit = limit(1_000);
        let now = Instant::now();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..2 {
            drop(limit.admit(one, Instant::now()).unwrap());
        }
        assert_eq!(limit.admit(one, now).unwrap_err().reason(), "RATE_LIMITED");
        assert!(limit.admit(other, now).is_ok());
        let later = Instant::now() + Duration::from_secs(1);
        assert!(limit.admit(one, later).is_ok());
    }

    #[test]
    fn running_requests_use_up_the_limit_of_their_address_plug_2() {
        let metrics = Metrics::new();
        let limit = AddressLimit::new(&config(1_000), &metrics);
        let now = Instant::now();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let [first, second] = [(); 2].map(|()| limit.admit(one, now).unwrap());
        let rejected = limit.admit(one, now).unwrap_err();
        assert_eq!(rejected.reason(), "RATE_LIMITED");
        assert_eq!(rejected.retry_after(), Some(RETRY_AFTER));
        let blocked = metrics.counter(BLOCKED, BLOCKED_HELP, &[("name", NAME)]);
        assert_eq!(blocked.get(), 1);
        assert!(limit.admit(other, now).is_ok());
        // An authenticated request does not count, and another one does.
        first.exempt();
        let third = limit.admit(one, now).unwrap();
        drop(second);
        assert!(limit.admit(one, Instant::now()).is_err());
        third.exempt();
        limit.admit(one, Instant::now()).unwrap().exempt();
        // Only running requests are stored.
        assert!(limit.0.running.lock().is_empty());
    }

    #[test]
    fn addresses_beyond_the_maximum_share_a_limit_plug_2() {
        let limit = limit(1);
        let now = Instant::now();
        let addresses = (0..10_000_u32).map(|number| IpAddr::V4((0x0a00_0000 + number).into()));
        let mut passed = 0;
        for address in addresses {
            passed += usize::from(limit.admit(address, now).is_ok());
        }
        assert!(passed < 100, "{passed}");
    }
}

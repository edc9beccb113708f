use std::{
    hash::Hash,
    time::{Duration, Instant},
};

use super::{
    config::{RateLimitConfig, nanoseconds},
    decision::Decision,
    keyed::Keyed,
};
use crate::clock;

/// A rate limit per key, without a name and without metrics.
///
/// The algorithm is GCRA, the virtual scheduling of ITU-T I.371. It stores one number per key and
/// needs no timer. [`RateLimiter`](super::RateLimiter) adds a name and metrics.
///
/// ```
/// use std::time::Instant;
/// use seaworthy_resilience::rate_limit::{Gcra, RateLimitConfig};
///
/// let limit = Gcra::new(&RateLimitConfig::default());
/// assert!(limit.check(&"ada", Instant::now()).allowed);
/// ```
#[derive(Debug)]
pub struct Gcra<K> {
    interval: u64,
    tolerance: u64,
    start: Instant,
    /// The theoretical arrival time of each key, in nanoseconds.
    arrivals: Keyed<K>,
}

impl<K: Hash + Eq + Clone> Gcra<K> {
    /// Creates an unused limit.
    #[must_use]
    pub fn new(config: &RateLimitConfig) -> Self {
        Self {
            interval: config.interval(),
            tolerance: config.tolerance(),
            start: clock::now(),
            arrivals: Keyed::new(config.max_keys.get()),
        }
    }

    /// Counts one request of a key. An instant before the creation of the limit counts as the
    /// creation.
    #[must_use]
    pub fn check(&self, key: &K, now: Instant) -> Decision {
        let (interval, tolerance) = (self.interval, self.tolerance);
        let elapsed = nanoseconds(now.saturating_duration_since(self.start));
        let now = elapsed.saturating_add(tolerance);
        self.arrivals.update(key, now, interval, |arrival| {
            decide(arrival, now, interval, tolerance)
        })
    }

    /// Returns the decision about one request of a key, and does not count the request.
    #[must_use]
    pub fn peek(&self, key: &K, now: Instant) -> Decision {
        let (interval, tolerance) = (self.interval, self.tolerance);
        let elapsed = nanoseconds(now.saturating_duration_since(self.start));
        let now = elapsed.saturating_add(tolerance);
        let mut arrival = self.arrivals.get(key, now, interval);
        decide(&mut arrival, now, interval, tolerance)
    }

    /// Returns the number of keys that are stored.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.arrivals.len()
    }
}

/// Moves the theoretical arrival time by one interval. Rejects a request if it would then be later
/// than the tolerance.
fn decide(arrival: &mut u64, now: u64, interval: u64, tolerance: u64) -> Decision {
    let next = (*arrival).max(now).saturating_add(interval);
    let latest = now.saturating_add(tolerance);
    let allowed = next <= latest;
    if allowed {
        *arrival = next;
    }
    let used = arrival.saturating_sub(now);
    Decision {
        allowed,
        remaining: u32::try_from(tolerance.saturating_sub(used) / interval).unwrap_or(u32::MAX),
        reset: Duration::from_nanos(used),
        retry_after: if allowed {
            Duration::ZERO
        } else {
            Duration::from_nanos(next - latest)
        },
    }
}

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use seaworthy_telemetry::metrics::{Counter, Metrics};

use super::{
    config::{RateLimitConfig, nanoseconds},
    decision::Decision,
    key::RateLimitKey,
    keyed::Keyed,
    snapshot::RateLimitSnapshot,
};
use crate::{Refusal, Refused};

/// A rate limit in this process. Cheap to clone; all clones are the same limit.
#[derive(Clone)]
pub struct RateLimiter(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    config: RateLimitConfig,
    /// Of the configuration, in nanoseconds: what would cost divisions at every request.
    interval: u64,
    tolerance: u64,
    start: Instant,
    /// For each key, when all that it sent has become free again: the theoretical arrival time.
    arrivals: Keyed,
    blocked: Counter,
}

impl RateLimiter {
    /// A limit of which nothing is used.
    #[must_use]
    pub fn new(name: &str, config: &RateLimitConfig, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            start: Instant::now(),
            arrivals: Keyed::new(config.max_keys.get()),
            blocked: metrics.counter(
                "rate_limit_blocked_total",
                "Requests that a rate limit refused.",
                &[("name", name)],
            ),
            interval: config.interval(),
            tolerance: config.tolerance(),
            config: config.clone(),
        }))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &RateLimitConfig {
        &self.0.config
    }

    /// Counts one request of a key at a time.
    #[must_use]
    pub fn check(&self, key: &RateLimitKey, now: Instant) -> Decision {
        let inner = &*self.0;
        let (interval, tolerance) = (inner.interval, inner.tolerance);
        let now = nanoseconds(now.saturating_duration_since(inner.start)).saturating_add(tolerance);
        let decision = inner.arrivals.update(key, now, interval, |arrival| {
            decide(arrival, now, interval, tolerance)
        });
        if !decision.allowed {
            inner.blocked.increment();
        }
        decision
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> RateLimitSnapshot {
        let inner = &*self.0;
        RateLimitSnapshot {
            name: self.name().to_owned(),
            requests: inner.config.requests.get(),
            window: inner.config.window.get(),
            keys: inner.arrivals.len(),
            refused: inner.blocked.get(),
        }
    }

    /// The same as a refusal where it is one.
    ///
    /// # Errors
    /// A refusal when the limit is used up.
    pub fn admit(&self, key: &RateLimitKey, now: Instant) -> Result<Decision, Refusal> {
        let decision = self.check(key, now);
        if decision.allowed {
            return Ok(decision);
        }
        let refusal = Refusal::new(&self.0.name, Refused::RateLimited);
        Err(refusal.with_retry_after(decision.retry_after))
    }
}

/// GCRA: a request moves the theoretical arrival time on by one interval, and is refused when that would then lie further ahead than the tolerance.
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

impl fmt::Debug for RateLimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimiter")
            .field("name", &self.0.name)
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

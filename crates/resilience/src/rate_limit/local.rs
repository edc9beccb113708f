use std::{fmt, sync::Arc, time::Instant};

use seaworthy_telemetry::metrics::{Counter, Metrics};

use super::{
    config::RateLimitConfig, decision::Decision, gcra::Gcra, key::RateLimitKey,
    snapshot::RateLimitSnapshot,
};
use crate::{Rejection, RejectionReason};

/// A rate limit in this process. Clones share the counts.
///
/// ```
/// use std::time::Instant;
/// use seaworthy_core::Actor;
/// use seaworthy_resilience::rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let limit = RateLimiter::new("search", &RateLimitConfig::default(), &Metrics::new());
/// let key = RateLimitKey::Actor(Actor::new("u-1"));
/// assert!(limit.check(&key, Instant::now()).allowed);
/// ```
#[derive(Clone)]
pub struct RateLimiter(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    config: RateLimitConfig,
    limit: Gcra<RateLimitKey>,
    blocked: Counter,
}

impl RateLimiter {
    /// Creates an unused limit.
    #[must_use]
    pub fn new(name: &str, config: &RateLimitConfig, metrics: &Metrics) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            limit: Gcra::new(config),
            blocked: metrics.counter(
                "rate_limit_blocked_total",
                "Requests that a rate limit rejected.",
                &[("name", name)],
            ),
            config: config.clone(),
        }))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &RateLimitConfig {
        &self.0.config
    }

    /// Counts one request of a key.
    #[must_use]
    pub fn check(&self, key: &RateLimitKey, now: Instant) -> Decision {
        let inner = &*self.0;
        let decision = inner.limit.check(key, now);
        if !decision.allowed {
            inner.blocked.increment();
        }
        decision
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> RateLimitSnapshot {
        let inner = &*self.0;
        RateLimitSnapshot {
            name: self.name().to_owned(),
            requests: inner.config.requests.get(),
            window: inner.config.window.get(),
            keys: inner.limit.keys(),
            rejected: inner.blocked.get(),
        }
    }

    /// Counts one request and returns a rejection if it is not allowed.
    ///
    /// # Errors
    /// A rejection if the limit is exhausted.
    pub fn admit(&self, key: &RateLimitKey, now: Instant) -> Result<Decision, Rejection> {
        let decision = self.check(key, now);
        if decision.allowed {
            return Ok(decision);
        }
        let rejection = Rejection::new(&self.0.name, RejectionReason::RateLimited);
        Err(rejection.with_retry_after(decision.retry_after))
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

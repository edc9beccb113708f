use std::fmt;

use super::super::{
    config::RateLimitConfig, decision::Decision, key::RateLimitKey, local::RateLimiter,
    shared::SharedRateLimiter, snapshot::RateLimitSnapshot,
};
use crate::{Rejection, clock};

/// One rate limit, counted in this process or in a Redis that all replicas share. Cheap to clone.
/// All clones share the counts.
///
/// ```
/// use seaworthy_core::Actor;
/// use seaworthy_resilience::rate_limit::{RateLimit, RateLimitConfig, RateLimitKey, RateLimiter};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let limiter = RateLimiter::new("search", &RateLimitConfig::default(), &Metrics::new());
/// let limit = RateLimit::from(limiter);
/// let decision = limit.check(&RateLimitKey::Actor(Actor::new("u-1"))).await.unwrap();
/// assert!(decision.allowed);
/// # });
/// ```
#[derive(Clone)]
pub struct RateLimit(Counter);

#[derive(Clone)]
enum Counter {
    Process(RateLimiter),
    Redis(SharedRateLimiter),
}

impl RateLimit {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Counter::Process(limiter) => limiter.name(),
            Counter::Redis(limiter) => limiter.name(),
        }
    }

    /// Returns the settings of the limit.
    #[must_use]
    pub fn config(&self) -> &RateLimitConfig {
        match &self.0 {
            Counter::Process(limiter) => limiter.config(),
            Counter::Redis(limiter) => &limiter.config().limit,
        }
    }

    /// Counts one request of a key.
    ///
    /// # Errors
    /// A rejection if Redis is unavailable and `on_failure` is `closed`.
    pub async fn check(&self, key: &RateLimitKey) -> Result<Decision, Rejection> {
        match &self.0 {
            Counter::Process(limiter) => Ok(limiter.check(key, clock::now())),
            Counter::Redis(limiter) => limiter.check(key).await,
        }
    }

    /// Returns the current state. With a Redis, its keys are those that this process counts.
    #[must_use]
    pub fn snapshot(&self) -> RateLimitSnapshot {
        match &self.0 {
            Counter::Process(limiter) => limiter.snapshot(),
            Counter::Redis(limiter) => limiter.fallback().snapshot(),
        }
    }

    /// Returns the limiter, if the limit counts in this process.
    pub(super) fn local(&self) -> Option<&RateLimiter> {
        match &self.0 {
            Counter::Process(limiter) => Some(limiter),
            Counter::Redis(_) => None,
        }
    }
}

impl From<RateLimiter> for RateLimit {
    fn from(limiter: RateLimiter) -> Self {
        Self(Counter::Process(limiter))
    }
}

impl From<SharedRateLimiter> for RateLimit {
    fn from(limiter: SharedRateLimiter) -> Self {
        Self(Counter::Redis(limiter))
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RateLimit")
            .field("name", &self.name())
            .field("is_shared", &self.local().is_none())
            .finish_non_exhaustive()
    }
}

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use seaworthy_telemetry::metrics::{Counter, Metrics};
use tokio::time::{Instant, timeout};

use super::{
    super::{OnStoreFailure, decision::Decision, errors, key::RateLimitKey, local::RateLimiter},
    config::SharedRateLimitConfig,
    store::{Granted, RateLimitStore, StoreError},
};
use crate::{
    Outcome, Rejection, RejectionReason,
    circuit_breaker::{CircuitBreaker, CircuitBreakerConfig},
};

/// Successful counts that close the breaker. If it waited for more than one, `closed` would reject
/// all other requests.
const HALF_OPEN_CALLS: NonZeroU32 = NonZeroU32::new(1).unwrap();
/// The `Retry-After` of a request that could not be counted: by then the breaker probes again.
const DEGRADED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A rate limit over all processes that calls Redis for each request. Cheap to clone. All clones
/// are the same limit.
#[derive(Clone)]
pub struct SharedRateLimiter(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    config: SharedRateLimitConfig,
    store: RateLimitStore,
    breaker: CircuitBreaker,
    fallback: RateLimiter,
    blocked: Counter,
    errors: Counter,
}

impl SharedRateLimiter {
    /// Creates a limit in a store.
    #[must_use]
    pub fn new(
        name: &str,
        config: &SharedRateLimitConfig,
        store: RateLimitStore,
        metrics: &Metrics,
    ) -> Self {
        let fallback = RateLimiter::new(name, &config.limit, metrics);
        Self::with_fallback(name, config, store, fallback, metrics)
    }

    /// Creates a limit in a store, with an existing limit that counts if the policy is
    /// [`OnStoreFailure::Local`].
    #[must_use]
    pub fn with_fallback(
        name: &str,
        config: &SharedRateLimitConfig,
        store: RateLimitStore,
        fallback: RateLimiter,
        metrics: &Metrics,
    ) -> Self {
        let labels = [("name", name)];
        let breaker = breaker();
        Self(Arc::new(Inner {
            name: name.into(),
            store,
            breaker: CircuitBreaker::new(&format!("{name}/redis"), &breaker, metrics),
            fallback,
            blocked: metrics.counter(
                "rate_limit_blocked_total",
                "Requests that a rate limit rejected.",
                &labels,
            ),
            errors: errors(metrics, name),
            config: config.clone(),
        }))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &SharedRateLimitConfig {
        &self.0.config
    }

    /// Counts one request of a key.
    ///
    /// # Errors
    /// A rejection if the limit is exhausted, or if Redis is unavailable and the policy is to
    /// reject.
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, Rejection> {
        let decision = self.check(key).await?;
        self.admitted(decision)
    }

    /// Counts one request of a key, and returns the decision also if the limit is exhausted.
    ///
    /// # Errors
    /// A rejection if Redis is unavailable and the policy is to reject.
    pub async fn check(&self, key: &RateLimitKey) -> Result<Decision, Rejection> {
        match self.take(key, 1).await {
            Ok(granted) => Ok(self.decide(granted)),
            Err(_) => self.without_store(key),
        }
    }

    /// Turns a decision against a request into a rejection.
    pub(super) fn admitted(&self, decision: Decision) -> Result<Decision, Rejection> {
        if decision.allowed {
            return Ok(decision);
        }
        let rejection = Rejection::new(&self.0.name, RejectionReason::RateLimited);
        Err(rejection.with_retry_after(decision.retry_after))
    }

    /// Returns the limiter that counts while the store is unavailable.
    pub(in crate::rate_limit) fn fallback(&self) -> &RateLimiter {
        &self.0.fallback
    }

    /// Counts what the store rejected.
    pub(super) fn decide(&self, granted: Granted) -> Decision {
        let allowed = granted.units > 0;
        if !allowed {
            self.0.blocked.increment();
        }
        Decision {
            allowed,
            remaining: granted.remaining,
            reset: granted.reset,
            retry_after: match allowed {
                true => Duration::ZERO,
                false => granted.retry_after,
            },
        }
    }

    pub(super) fn reject(&self, wait: Duration) -> Rejection {
        self.0.blocked.increment();
        Rejection::new(&self.0.name, RejectionReason::RateLimited).with_retry_after(wait)
    }

    /// Takes units from the store, unless its breaker is open.
    pub(super) async fn take(
        &self,
        key: &RateLimitKey,
        wanted: u32,
    ) -> Result<Granted, StoreError> {
        let inner = &*self.0;
        let config = &inner.config;
        let Ok(admission) = inner.breaker.admit(Instant::now().into_std()) else {
            return Err(StoreError::CircuitOpen);
        };
        let text = format!("{}:{}:{key}", config.prefix, inner.name);
        let taking = inner.store.take(&text, &config.limit, wanted);
        let taken = timeout(config.timeout.get(), taking)
            .await
            .unwrap_or(Err(StoreError::TimedOut));
        let outcome = match &taken {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::TRANSIENT,
        };
        admission.report(outcome, Instant::now().into_std());
        if let Err(error) = &taken {
            tracing::warn!(limit = &*inner.name, %error, "the rate limit store is unavailable");
        }
        taken
    }

    /// Decides about a request by the policy for an unavailable store.
    pub(super) fn without_store(&self, key: &RateLimitKey) -> Result<Decision, Rejection> {
        let inner = &*self.0;
        inner.errors.increment();
        match inner.config.on_failure {
            OnStoreFailure::Closed => {
                let rejection = Rejection::new(&inner.name, RejectionReason::Degraded);
                Err(rejection.with_retry_after(DEGRADED_RETRY_AFTER))
            }
            OnStoreFailure::Open => Ok(Decision {
                allowed: true,
                remaining: inner.config.limit.quota().get(),
                reset: Duration::ZERO,
                retry_after: Duration::ZERO,
            }),
            OnStoreFailure::Local => Ok(inner.fallback.check(key, Instant::now().into_std())),
        }
    }
}

/// The circuit breaker that keeps requests from each waiting for an unavailable store.
fn breaker() -> CircuitBreakerConfig {
    CircuitBreakerConfig {
        half_open_calls: HALF_OPEN_CALLS,
        ..CircuitBreakerConfig::default()
    }
}

impl fmt::Debug for SharedRateLimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SharedRateLimiter")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

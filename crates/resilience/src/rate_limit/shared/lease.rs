mod state;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use seaworthy_telemetry::metrics::Metrics;

use super::{
    super::{config::nanoseconds, decision::Decision, key::RateLimitKey},
    config::{LeasedRateLimitConfig, SharedRateLimitConfig},
    limiter::SharedRateLimiter,
    store::RateLimitStore,
};
use crate::{Rejection, clock};
use state::{Lease, LeaseDecision};
use table::Table;

/// Divisor of the window: a lease is valid for this part of it. Unused units then expire.
const LEASES_PER_WINDOW: u32 = 20;

/// A rate limit over all processes that takes units in advance and decides in memory until they are
/// used up. Cheap to clone. All clones are the same limit.
#[derive(Clone)]
pub struct LeasedRateLimiter(Arc<Inner>);

struct Inner {
    limiter: SharedRateLimiter,
    units: u32,
    start: Instant,
    leases: RwLock<Table>,
}

impl LeasedRateLimiter {
    /// Creates a limit in a store.
    #[must_use]
    pub fn new(
        name: &str,
        config: &SharedRateLimitConfig,
        lease: &LeasedRateLimitConfig,
        store: RateLimitStore,
        metrics: &Metrics,
    ) -> Self {
        let max_keys = config.limit.max_keys.get();
        Self(Arc::new(Inner {
            limiter: SharedRateLimiter::new(name, config, store, metrics),
            units: lease.units.get(),
            start: clock::now(),
            leases: RwLock::new(Table::new(usize::try_from(max_keys).unwrap_or(usize::MAX))),
        }))
    }

    /// Decides in memory if a lease or a recent rejection allows that. Returns `None` otherwise.
    ///
    /// # Errors
    /// A rejection if the limit is exhausted.
    pub fn try_admit(&self, key: &RateLimitKey) -> Option<Result<Decision, Rejection>> {
        let leases = self.0.leases.read();
        self.decide(leases.get(key)?)
    }

    /// Counts one request of a key.
    ///
    /// # Errors
    /// A rejection if the limit is exhausted, or if Redis is unavailable and the policy is to
    /// reject.
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, Rejection> {
        if let Some(decided) = self.try_admit(key) {
            return decided;
        }
        let inner = &*self.0;
        let lease = inner.leases.write().get_or_add(key, self.now());
        let Some(lease) = lease else {
            return inner.limiter.admit(key).await;
        };
        let _renewing = lease.renewing.lock().await;
        if let Some(decided) = self.decide(&lease) {
            return decided;
        }
        let Ok(granted) = inner.limiter.take(key, inner.units).await else {
            let decision = inner.limiter.without_store(key)?;
            return inner.limiter.admitted(decision);
        };
        let now = self.now();
        if granted.units == 0 {
            lease.block(now.saturating_add(nanoseconds(granted.retry_after)));
            return Err(inner.limiter.reject(granted.retry_after));
        }
        let good_for = inner.limiter.config().limit.window.get() / LEASES_PER_WINDOW;
        let ends = now.saturating_add(nanoseconds(good_for));
        // This request uses one of the units.
        lease.renew(granted.units.saturating_sub(1), granted.remaining, ends);
        inner.limiter.admitted(inner.limiter.decide(granted))
    }

    fn decide(&self, lease: &Lease) -> Option<Result<Decision, Rejection>> {
        match lease.take(self.now()) {
            LeaseDecision::Unknown => None,
            LeaseDecision::Blocked(wait) => Some(Err(self.0.limiter.reject(wait))),
            LeaseDecision::Admitted(remaining) => Some(Ok(Decision {
                allowed: true,
                remaining,
                reset: self.0.limiter.config().limit.window.get(),
                retry_after: Duration::ZERO,
            })),
        }
    }

    fn now(&self) -> u64 {
        nanoseconds(self.0.start.elapsed())
    }
}

impl fmt::Debug for LeasedRateLimiter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LeasedRateLimiter")
            .field("limiter", &self.0.limiter)
            .field("units", &self.0.units)
            .finish_non_exhaustive()
    }
}

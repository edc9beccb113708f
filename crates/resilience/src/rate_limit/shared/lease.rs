use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use seaworthy_telemetry::metrics::Metrics;
use tokio::sync::Mutex;

use super::{
    super::{config::nanoseconds, decision::Decision, key::RateLimitKey},
    config::{LeaseConfig, SharedRateLimitConfig},
    limiter::SharedRateLimiter,
    store::RateLimitStore,
};
use crate::Refusal;

/// A lease is good for one slice of the window: what is not used by then is lost, not saved.
const LEASES_PER_WINDOW: u32 = 20;

/// A rate limit over all processes that borrows units and decides in memory as long as they last. Cheap to clone; all clones are the same limit.
#[derive(Clone)]
pub struct LeasedRateLimiter(Arc<Inner>);

struct Inner {
    limiter: SharedRateLimiter,
    units: u32,
    start: Instant,
    leases: RwLock<HashMap<RateLimitKey, Arc<Lease>>>,
    maximum_keys: usize,
}

#[derive(Default)]
struct Lease {
    units: AtomicI64,
    /// Nanoseconds since the start, as all times here.
    ends: AtomicU64,
    /// Redis has nothing before this.
    blocked_until: AtomicU64,
    remaining: AtomicU64,
    /// Held by the one request that renews it.
    renewing: Mutex<()>,
}

impl LeasedRateLimiter {
    /// A limit in a store.
    #[must_use]
    pub fn new(
        name: &str,
        config: &SharedRateLimitConfig,
        lease: &LeaseConfig,
        store: RateLimitStore,
        metrics: &Metrics,
    ) -> Self {
        let maximum_keys = config.limit.maximum_keys.get();
        Self(Arc::new(Inner {
            limiter: SharedRateLimiter::new(name, config, store, metrics),
            units: lease.units.get(),
            start: Instant::now(),
            leases: RwLock::default(),
            maximum_keys: usize::try_from(maximum_keys).unwrap_or(usize::MAX),
        }))
    }

    /// Decides in memory, if a lease or a refusal of a moment ago allows that; else `None`.
    ///
    /// # Errors
    /// A refusal when the limit is used up.
    pub fn try_admit(&self, key: &RateLimitKey) -> Option<Result<Decision, Refusal>> {
        let leases = self.0.leases.read();
        self.decide(leases.get(key)?)
    }

    /// Counts one request of a key.
    ///
    /// # Errors
    /// A refusal when the limit is used up, or when Redis cannot be asked and the policy is to refuse then.
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, Refusal> {
        if let Some(decided) = self.try_admit(key) {
            return decided;
        }
        let inner = &*self.0;
        let Some(lease) = self.lease(key) else {
            return inner.limiter.admit(key).await;
        };
        let _renewing = lease.renewing.lock().await;
        if let Some(decided) = self.decide(&lease) {
            return decided;
        }
        let Ok(granted) = inner.limiter.take(key, inner.units).await else {
            return inner.limiter.without_store(key);
        };
        let now = self.now();
        if granted.units == 0 {
            let until = now.saturating_add(nanoseconds(granted.retry_after));
            lease.blocked_until.store(until, Ordering::Release);
            return Err(inner.limiter.refuse(granted.retry_after));
        }
        let good_for = inner.limiter.config().limit.window.get() / LEASES_PER_WINDOW;
        lease
            .remaining
            .store(u64::from(granted.remaining), Ordering::Relaxed);
        lease
            .ends
            .store(now.saturating_add(nanoseconds(good_for)), Ordering::Relaxed);
        lease
            .units
            .store(i64::from(granted.units) - 1, Ordering::Release);
        inner.limiter.decide(granted)
    }

    fn decide(&self, lease: &Lease) -> Option<Result<Decision, Refusal>> {
        let now = self.now();
        let blocked_until = lease.blocked_until.load(Ordering::Acquire);
        if now < blocked_until {
            let wait = Duration::from_nanos(blocked_until - now);
            return Some(Err(self.0.limiter.refuse(wait)));
        }
        if lease.units.load(Ordering::Acquire) <= 0 || now >= lease.ends.load(Ordering::Relaxed) {
            return None;
        }
        let left = lease.units.fetch_sub(1, Ordering::AcqRel) - 1;
        let left = u64::try_from(left).ok()?;
        let remaining = lease.remaining.load(Ordering::Relaxed).saturating_add(left);
        Some(Ok(Decision {
            allowed: true,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset: self.0.limiter.config().limit.window.get(),
            retry_after: Duration::ZERO,
        }))
    }

    /// The lease of a key; `None` when there are as many as may be, all of them in use.
    fn lease(&self, key: &RateLimitKey) -> Option<Arc<Lease>> {
        let inner = &*self.0;
        let now = self.now();
        let mut leases = inner.leases.write();
        if let Some(lease) = leases.get(key) {
            return Some(Arc::clone(lease));
        }
        if leases.len() >= inner.maximum_keys {
            leases.retain(|_, lease| {
                Arc::strong_count(lease) > 1
                    || lease.ends.load(Ordering::Relaxed) > now
                    || lease.blocked_until.load(Ordering::Relaxed) > now
            });
        }
        if leases.len() >= inner.maximum_keys {
            return None;
        }
        let lease = Arc::<Lease>::default();
        leases.insert(key.clone(), Arc::clone(&lease));
        Some(lease)
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

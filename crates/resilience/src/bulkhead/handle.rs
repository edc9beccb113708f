use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use parking_lot::RwLock;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;
use tokio::time::timeout;

use super::{
    config::BulkheadConfig,
    fair_semaphore::{FairSemaphore, SemaphorePermit},
};
use crate::{Rejection, RejectionReason};

/// The bulkhead of one dependency. Clones share the permits.
#[derive(Clone)]
pub struct Bulkhead(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    /// The settings. Only calls that do not find a permit read them.
    config: RwLock<BulkheadConfig>,
    permits: FairSemaphore,
    waiting: Arc<AtomicU32>,
    rejected: Counter,
}

/// A permit for one call, which is released on drop.
#[derive(Debug)]
#[must_use = "the permit is released on drop"]
pub struct BulkheadPermit {
    _permit: SemaphorePermit,
}

/// A bulkhead at one instant, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkheadSnapshot {
    /// The name of the handle.
    pub name: String,
    /// Running calls.
    pub running: u32,
    /// Waiting calls.
    pub waiting: u32,
    /// Maximum number of concurrent calls.
    pub max_concurrent_calls: u32,
    /// Rejected calls since the start.
    pub rejected: u64,
}

/// Counts a waiting call until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Bulkhead {
    /// Creates a bulkhead without running calls.
    #[must_use]
    pub fn new(name: &str, config: &BulkheadConfig, metrics: &Metrics) -> Self {
        let permits = FairSemaphore::new(config.max_concurrent_calls.get());
        let waiting = Arc::new(AtomicU32::new(0));
        let labels = [("name", name)];
        let (acquired, queue) = (permits.clone(), Arc::clone(&waiting));
        metrics.observable_gauge(
            "bulkhead_running_calls",
            "Running calls of a bulkhead.",
            &labels,
            move || f64::from(acquired.in_use()),
        );
        metrics.observable_gauge(
            "bulkhead_waiting_calls",
            "Waiting calls of a bulkhead.",
            &labels,
            move || f64::from(queue.load(Ordering::Relaxed)),
        );
        Self(Arc::new(Inner {
            name: name.into(),
            config: RwLock::new(config.clone()),
            permits,
            waiting,
            rejected: metrics.counter(
                "bulkhead_rejected_total",
                "Calls that a bulkhead rejected.",
                &labels,
            ),
        }))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Changes the settings of the running bulkhead (CONF-4). Running calls keep their permits, so
    /// a smaller bulkhead may have more running calls than its limit until they end.
    pub fn reload(&self, config: &BulkheadConfig) {
        let mut current = self.0.config.write();
        self.0.permits.resize(config.max_concurrent_calls.get());
        *current = config.clone();
    }

    /// Returns a permit if one is available.
    #[must_use]
    pub fn try_acquire(&self) -> Option<BulkheadPermit> {
        let permit = self.0.permits.try_acquire()?;
        Some(BulkheadPermit { _permit: permit })
    }

    /// Waits for a permit, at most `max_wait`.
    ///
    /// # Errors
    /// A rejection if too many calls wait, or if no permit was available in time.
    pub async fn acquire(&self) -> Result<BulkheadPermit, Rejection> {
        if let Some(permit) = self.try_acquire() {
            return Ok(permit);
        }
        let inner = &*self.0;
        let (wait, max_waiting) = {
            let config = inner.config.read();
            (config.max_wait.get(), config.max_waiting_calls)
        };
        let queued = inner.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&inner.waiting);
        if wait.is_zero() || queued >= max_waiting {
            return Err(self.rejection());
        }
        match timeout(wait, inner.permits.acquire()).await {
            Ok(permit) => Ok(BulkheadPermit { _permit: permit }),
            Err(_) => Err(self.rejection()),
        }
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> BulkheadSnapshot {
        BulkheadSnapshot {
            name: self.name().to_owned(),
            running: self.0.permits.in_use(),
            waiting: self.0.waiting.load(Ordering::Relaxed),
            max_concurrent_calls: self.0.config.read().max_concurrent_calls.get(),
            rejected: self.0.rejected.get(),
        }
    }

    fn rejection(&self) -> Rejection {
        self.0.rejected.increment();
        Rejection::new(&self.0.name, RejectionReason::BulkheadFull)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(formatter)
    }
}

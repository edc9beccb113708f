mod permit;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
pub use permit::ConcurrencyPermit;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{
    config::AdaptiveConcurrencyConfig,
    limit::Limit,
    priority::Priority,
    shares::{Arrivals, Shares},
    window::End,
};
use crate::{Outcome, Rejection, RejectionReason, clock};

/// The `Retry-After` of a rejected request. A retry then arrives after a short peak.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// While less than this part of the limit is in use, one request of `QUIET_SAMPLE` is measured.
const QUIET_SHARE: u32 = 4;
/// Above this number in flight every request is measured, because a slow bottleneck may have a
/// queue.
const MAX_QUIET: u32 = 16;
/// One of this many requests is measured: enough for the base latency, and cheap without load.
const QUIET_SAMPLE: u32 = 16;

/// The adaptive limit of one service or dependency. Cheap to clone. All clones share the limit.
///
/// ```
/// use std::time::Instant;
///
/// use seaworthy_resilience::adaptive_concurrency::{
///     AdaptiveConcurrency, AdaptiveConcurrencyConfig, Priority,
/// };
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let config = AdaptiveConcurrencyConfig::default();
/// let limit = AdaptiveConcurrency::new("stock", &config, &Metrics::new());
/// let permit = limit.admit(Priority::Normal, Instant::now());
/// assert!(permit.is_ok());
/// ```
#[derive(Clone)]
pub struct AdaptiveConcurrency(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    in_flight: AtomicU32,
    /// The requests in flight that wait for their clients.
    excluded: AtomicU32,
    max_limit: AtomicU32,
    /// The number of requests at work below which a request of a priority is admitted.
    thresholds: [AtomicU32; Priority::ALL.len()],
    /// The number of requests in flight below which a request of a priority is admitted.
    maxima: [AtomicU32; Priority::ALL.len()],
    arrived: [AtomicU32; Priority::ALL.len()],
    rejected: [AtomicU32; Priority::ALL.len()],
    finished: AtomicU32,
    control: Mutex<(Limit, Shares)>,
    shed: [Counter; Priority::ALL.len()],
}

/// The state of an adaptive limit, for the admin API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConcurrencySnapshot {
    /// The name of the handle.
    pub name: String,
    /// Maximum requests in flight.
    pub limit: u32,
    /// Requests in flight.
    pub in_flight: u32,
    /// Latency without a queue, if it is known.
    pub base_latency: Option<Duration>,
    /// The part of the limit that each priority may fill, in the order of `Priority::ALL`.
    pub shares: [f64; Priority::ALL.len()],
    /// Requests that were rejected since the start.
    pub rejected: u64,
}

impl AdaptiveConcurrency {
    /// Creates a limit at its maximum.
    #[must_use]
    pub fn new(name: &str, config: &AdaptiveConcurrencyConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, clock::now())
    }

    /// Creates a limit at a given time, for simulations.
    #[must_use]
    pub fn new_at(
        name: &str,
        config: &AdaptiveConcurrencyConfig,
        metrics: &Metrics,
        now: Instant,
    ) -> Self {
        let shed = Priority::ALL.map(|priority| {
            metrics.counter(
                "load_shed_total",
                "Requests rejected because of overload.",
                &[("name", name), ("priority", priority.label())],
            )
        });
        let limit = Self(Arc::new(Inner {
            name: name.into(),
            in_flight: AtomicU32::new(0),
            excluded: AtomicU32::new(0),
            max_limit: AtomicU32::new(config.max_limit.get()),
            thresholds: Default::default(),
            maxima: Default::default(),
            arrived: Default::default(),
            rejected: Default::default(),
            finished: AtomicU32::new(0),
            control: Mutex::new((Limit::new(config, now), Shares::new())),
            shed,
        }));
        limit.publish(&limit.0.control.lock());
        limit.register(metrics);
        limit
    }

    /// Changes the settings (CONF-4). The limit starts at its maximum again. Requests in flight
    /// still count.
    pub fn reload(&self, config: &AdaptiveConcurrencyConfig) {
        let mut control = self.0.control.lock();
        *control = (Limit::new(config, clock::now()), Shares::new());
        let max_limit = config.max_limit.get();
        self.0.max_limit.store(max_limit, Ordering::Relaxed);
        self.publish(&control);
    }

    fn register(&self, metrics: &Metrics) {
        let labels = [("name", self.name())];
        let (limit, in_flight) = (Arc::downgrade(&self.0), Arc::downgrade(&self.0));
        let read = |value: &AtomicU32| f64::from(value.load(Ordering::Relaxed));
        metrics.observable_gauge(
            "concurrency_limit",
            "Maximum requests in flight.",
            &labels,
            move || {
                let inner = limit.upgrade();
                inner.map_or(0.0, |inner| inner.thresholds.first().map_or(0.0, read))
            },
        );
        metrics.observable_gauge(
            "concurrency_in_flight",
            "Requests in flight that a limit counts.",
            &labels,
            move || {
                in_flight
                    .upgrade()
                    .map_or(0.0, |inner| read(&inner.in_flight))
            },
        );
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Admits a request that starts at the current time.
    ///
    /// # Errors
    /// A rejection if the maximum number of requests of its priority is in flight.
    pub fn admit(&self, priority: Priority, now: Instant) -> Result<ConcurrencyPermit, Rejection> {
        let inner = &*self.0;
        let class = priority.index();
        increment(&inner.arrived, class);
        let read = |bounds: &[AtomicU32]| {
            let bound = bounds.get(class);
            bound.map_or(0, |bound| bound.load(Ordering::Relaxed))
        };
        let in_flight = inner.in_flight.fetch_add(1, Ordering::AcqRel);
        let working = in_flight.saturating_sub(inner.excluded.load(Ordering::Acquire));
        let is_below_limit = working < read(&inner.thresholds);
        if is_below_limit && in_flight < read(&inner.maxima) {
            return Ok(ConcurrencyPermit::new(self.clone(), now));
        }
        inner.in_flight.fetch_sub(1, Ordering::AcqRel);
        increment(&inner.rejected, class);
        if let Some(shed) = inner.shed.get(class) {
            shed.increment();
        }
        if !is_below_limit {
            self.relieve(class, working, now);
        }
        Err(Rejection::new(&inner.name, RejectionReason::Overloaded).with_retry_after(RETRY_AFTER))
    }

    /// Returns the number of requests in flight.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// Returns the number of requests in flight that do not wait for their clients.
    fn working(&self) -> u32 {
        let excluded = self.0.excluded.load(Ordering::Relaxed);
        self.in_flight().saturating_sub(excluded)
    }

    /// Makes room for one request if those in flight hang. Another thread that holds the lock
    /// makes the same decision.
    fn relieve(&self, class: usize, working: u32, now: Instant) {
        let Some(mut control) = self.0.control.try_lock() else {
            return;
        };
        let share = control.1.get().get(class).copied().unwrap_or(1.0);
        if control.0.relieve(f64::from(working + 1) / share, now) {
            self.publish(&control);
        }
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> ConcurrencySnapshot {
        let control = self.0.control.lock();
        ConcurrencySnapshot {
            name: self.name().to_owned(),
            limit: whole(control.0.get()),
            in_flight: self.in_flight(),
            base_latency: control.0.base(),
            shares: control.1.get(),
            rejected: self.0.shed.iter().map(Counter::get).sum(),
        }
    }

    /// Returns whether the next finished request is measured. Without load a sample suffices.
    fn is_measured(&self) -> bool {
        let inner = &*self.0;
        let limit = inner
            .thresholds
            .first()
            .map_or(0, |threshold| threshold.load(Ordering::Relaxed));
        self.working() > (limit / QUIET_SHARE).min(MAX_QUIET)
            || inner
                .finished
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(QUIET_SAMPLE)
    }

    fn record(&self, outcome: Outcome, latency: Duration, now: Instant) {
        match outcome {
            Outcome::Success => self.measure(End::Served, latency, now),
            Outcome::Transient { .. } => self.measure(End::Failed, latency, now),
            Outcome::Throttled { .. }
            | Outcome::Unreachable
            | Outcome::Permanent
            | Outcome::Neutral => {
                // Another thread that holds the lock records a request that finished too.
                if let Some(mut control) = self.0.control.try_lock() {
                    control.0.record_unmeasured(now);
                }
            }
        }
    }

    fn measure(&self, end: End, latency: Duration, now: Instant) {
        let inner = &*self.0;
        let working = self.working();
        let rejected = inner
            .rejected
            .iter()
            .any(|count| count.load(Ordering::Relaxed) > 0);
        let mut control = inner.control.lock();
        if !control.0.sample(end, latency, working, rejected, now) {
            return;
        }
        let mut arrivals = [Arrivals::default(); Priority::ALL.len()];
        let counts = inner.arrived.iter().zip(&inner.rejected);
        for (arrivals, (arrived, rejected)) in arrivals.iter_mut().zip(counts) {
            arrivals.arrived = arrived.swap(0, Ordering::Relaxed);
            arrivals.rejected = rejected.swap(0, Ordering::Relaxed);
        }
        control.1.adjust(arrivals);
        self.publish(&control);
    }

    fn publish(&self, (limit, shares): &(Limit, Shares)) {
        let max_limit = f64::from(self.0.max_limit.load(Ordering::Relaxed));
        let bounds = self.0.thresholds.iter().zip(&self.0.maxima);
        for ((threshold, max), share) in bounds.zip(shares.get()) {
            threshold.store(whole(limit.get() * share), Ordering::Relaxed);
            max.store(whole(max_limit * share), Ordering::Relaxed);
        }
    }
}

fn increment(counts: &[AtomicU32], class: usize) {
    if let Some(count) = counts.get(class) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Rounds a limit, which is small and positive.
fn whole(limit: f64) -> u32 {
    limit.round() as u32
}

impl fmt::Debug for AdaptiveConcurrency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(formatter)
    }
}

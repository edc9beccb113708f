use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{
    config::AdaptiveConcurrencyConfig,
    limit::Limit,
    priority::Priority,
    shares::{Arrivals, Shares},
};
use crate::{CallError, Outcome, Refusal, Refused, guarded::Permit};

/// A second is long enough for an overload of a few seconds to be seen as over, and short enough to
/// matter.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The adaptive limit of one service or dependency. Cheap to clone; all clones are the same limit.
#[derive(Clone)]
pub struct AdaptiveConcurrency(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    in_flight: AtomicU32,
    /// The highest number in flight at which a request of a priority is still admitted.
    thresholds: [AtomicU32; Priority::ALL.len()],
    asked: [AtomicU32; Priority::ALL.len()],
    refused: [AtomicU32; Priority::ALL.len()],
    control: Mutex<(Limit, Shares)>,
    shed: [Counter; Priority::ALL.len()],
}

/// An admitted request. Report how it ended; one that is dropped without is not measured.
#[derive(Debug)]
#[must_use = "the request counts as in flight until this is reported or dropped"]
pub struct ConcurrencyPermit {
    limit: AdaptiveConcurrency,
    began: Instant,
}

/// An adaptive limit at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConcurrencySnapshot {
    /// The name of the handle.
    pub name: String,
    /// Requests that may be in flight.
    pub limit: u32,
    /// Requests in flight.
    pub in_flight: u32,
    /// Latency without a queue, as far as it is known.
    pub base_latency: Option<Duration>,
    /// The part of the limit that each priority may fill, the most important first.
    pub shares: [f64; Priority::ALL.len()],
    /// Requests that were refused, ever.
    pub refused: u64,
}

impl AdaptiveConcurrency {
    /// A limit at its initial value.
    #[must_use]
    pub fn new(name: &str, config: &AdaptiveConcurrencyConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, Instant::now())
    }

    /// The same with the time given, for simulations.
    #[must_use]
    pub fn new_at(
        name: &str,
        config: &AdaptiveConcurrencyConfig,
        metrics: &Metrics,
        now: Instant,
    ) -> Self {
        let shed = Priority::ALL.map(|priority| {
            metrics.counter(
                "shed_total",
                "Requests refused because of overload.",
                &[("name", name), ("priority", priority.label())],
            )
        });
        let limit = Self(Arc::new(Inner {
            name: name.into(),
            in_flight: AtomicU32::new(0),
            thresholds: Default::default(),
            asked: Default::default(),
            refused: Default::default(),
            control: Mutex::new((Limit::new(config.clone(), now), Shares::new())),
            shed,
        }));
        limit.publish(&limit.0.control.lock());
        limit.register(metrics);
        limit
    }

    fn register(&self, metrics: &Metrics) {
        let labels = [("name", self.name())];
        let (limit, in_flight) = (Arc::downgrade(&self.0), Arc::downgrade(&self.0));
        let read = |value: &AtomicU32| f64::from(value.load(Ordering::Relaxed));
        metrics.observable_gauge(
            "concurrency_limit",
            "Requests that may be in flight at once, as measured.",
            &labels,
            move || {
                let inner = limit.upgrade();
                inner.map_or(0.0, |inner| inner.thresholds.first().map_or(0.0, read))
            },
        );
        metrics.observable_gauge(
            "concurrency_in_flight",
            "Requests in flight under an adaptive limit.",
            &labels,
            move || {
                in_flight
                    .upgrade()
                    .map_or(0.0, |inner| read(&inner.in_flight))
            },
        );
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Asks whether a request may start.
    ///
    /// # Errors
    /// A refusal when as many are in flight as its priority may fill.
    pub fn admit(&self, priority: Priority, now: Instant) -> Result<ConcurrencyPermit, Refusal> {
        let inner = &*self.0;
        let class = priority.index();
        bump(&inner.asked, class);
        let most = inner
            .thresholds
            .get(class)
            .map_or(0, |threshold| threshold.load(Ordering::Relaxed));
        if inner.in_flight.fetch_add(1, Ordering::AcqRel) < most {
            return Ok(ConcurrencyPermit {
                limit: self.clone(),
                began: now,
            });
        }
        inner.in_flight.fetch_sub(1, Ordering::AcqRel);
        bump(&inner.refused, class);
        if let Some(shed) = inner.shed.get(class) {
            shed.increment();
        }
        Err(Refusal::new(&inner.name, Refused::Overloaded).with_retry_after(RETRY_AFTER))
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> ConcurrencySnapshot {
        let control = self.0.control.lock();
        ConcurrencySnapshot {
            name: self.name().to_owned(),
            limit: whole(control.0.get()),
            in_flight: self.0.in_flight.load(Ordering::Relaxed),
            base_latency: control.0.base(),
            shares: control.1.get(),
            refused: self.0.shed.iter().map(Counter::get).sum(),
        }
    }

    fn measure(&self, latency: Duration, failed: bool, now: Instant) {
        let inner = &*self.0;
        let in_flight = inner.in_flight.load(Ordering::Relaxed);
        let refused = inner
            .refused
            .iter()
            .any(|count| count.load(Ordering::Relaxed) > 0);
        let mut control = inner.control.lock();
        if failed && !control.0.counts_failure(latency) {
            return;
        }
        if !control.0.sample(latency, in_flight, refused, now) {
            return;
        }
        let mut arrivals = [Arrivals::default(); Priority::ALL.len()];
        let counts = inner.asked.iter().zip(&inner.refused);
        for (came, (asked, refused)) in arrivals.iter_mut().zip(counts) {
            came.asked = asked.swap(0, Ordering::Relaxed);
            came.refused = refused.swap(0, Ordering::Relaxed);
        }
        control.1.adjust(arrivals);
        self.publish(&control);
    }

    fn publish(&self, (limit, shares): &(Limit, Shares)) {
        for (threshold, share) in self.0.thresholds.iter().zip(shares.get()) {
            threshold.store(whole(limit.get() * share), Ordering::Relaxed);
        }
    }
}

fn bump(counts: &[AtomicU32], class: usize) {
    if let Some(count) = counts.get(class) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A limit is small and not negative.
fn whole(limit: f64) -> u32 {
    limit.round() as u32
}

impl ConcurrencyPermit {
    /// Reports how the request ended: only work that was done tells how long work takes. A failure
    /// that may pass tells no more than that work takes longer than it lasted, so that one which
    /// came at once says nothing.
    pub fn report(self, outcome: Outcome, now: Instant) {
        let latency = now.saturating_duration_since(self.began);
        let limit = self.limit.clone();
        drop(self);
        match outcome {
            Outcome::Success => limit.measure(latency, false, now),
            Outcome::Transient { .. } => limit.measure(latency, true, now),
            Outcome::Throttled { .. }
            | Outcome::Unreachable
            | Outcome::Permanent
            | Outcome::Neutral => {}
        }
    }
}

impl<T, E, C> Permit<T, E, C> for ConcurrencyPermit {
    fn finish(self, _: &C, _: &mut Result<T, CallError<E>>, outcome: Outcome, now: Instant) {
        self.report(outcome, now);
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.limit.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for AdaptiveConcurrency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(formatter)
    }
}

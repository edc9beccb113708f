use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;
use tokio::time::timeout;

use super::{
    config::BulkheadConfig,
    places::{Place, Places},
};
use crate::{Refusal, Refused};

/// The places of one dependency. Cheap to clone; all clones share them.
#[derive(Clone)]
pub struct Bulkhead(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    config: BulkheadConfig,
    places: Places,
    waiting: Arc<AtomicU32>,
    refused: Counter,
}

/// A place that is taken as long as this lives.
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub struct BulkheadPermit {
    _place: Place,
}

/// A bulkhead at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BulkheadSnapshot {
    /// The name of the handle.
    pub name: String,
    /// Calls that run.
    pub running: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// Calls that may run at once.
    pub max_concurrent_calls: u32,
    /// Calls that found no place, ever.
    pub refused: u64,
}

/// Counts a waiting call for as long as it lives.
struct Waiting<'a>(&'a AtomicU32);

impl Bulkhead {
    /// A bulkhead whose places are all free.
    #[must_use]
    pub fn new(name: &str, config: &BulkheadConfig, metrics: &Metrics) -> Self {
        let places = Places::new(config.max_concurrent_calls.get());
        let waiting = Arc::new(AtomicU32::new(0));
        let labels = [("name", name)];
        let (taken, queue) = (places.clone(), Arc::clone(&waiting));
        metrics.observable_gauge(
            "bulkhead_running_calls",
            "Calls that hold a place of a bulkhead.",
            &labels,
            move || f64::from(taken.taken()),
        );
        metrics.observable_gauge(
            "bulkhead_waiting_calls",
            "Calls that wait for a place of a bulkhead.",
            &labels,
            move || f64::from(queue.load(Ordering::Relaxed)),
        );
        Self(Arc::new(Inner {
            name: name.into(),
            config: config.clone(),
            places,
            waiting,
            refused: metrics.counter(
                "bulkhead_refused_total",
                "Calls that found no place in a bulkhead.",
                &labels,
            ),
        }))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Takes a place if one is free now.
    #[must_use]
    pub fn try_enter(&self) -> Option<BulkheadPermit> {
        let place = self.0.places.try_take()?;
        Some(BulkheadPermit { _place: place })
    }

    /// Takes a place, waiting for one within the bounds.
    ///
    /// # Errors
    /// A refusal when too many wait already, or when the wait was in vain.
    pub async fn enter(&self) -> Result<BulkheadPermit, Refusal> {
        if let Some(permit) = self.try_enter() {
            return Ok(permit);
        }
        let (inner, wait) = (&*self.0, self.0.config.max_wait.get());
        let queued = inner.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&inner.waiting);
        if wait.is_zero() || queued >= inner.config.max_waiting_calls {
            return Err(self.refusal());
        }
        match timeout(wait, inner.places.take()).await {
            Ok(place) => Ok(BulkheadPermit { _place: place }),
            Err(_) => Err(self.refusal()),
        }
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> BulkheadSnapshot {
        BulkheadSnapshot {
            name: self.name().to_owned(),
            running: self.0.places.taken(),
            waiting: self.0.waiting.load(Ordering::Relaxed),
            max_concurrent_calls: self.0.config.max_concurrent_calls.get(),
            refused: self.0.refused.get(),
        }
    }

    fn refusal(&self) -> Refusal {
        self.0.refused.increment();
        Refusal::new(&self.0.name, Refused::BulkheadFull)
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

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use seaworthy_core::TraceContext;

/// Bucket bounds for durations of requests and calls, in seconds, from 0.5 ms to 10 s.
pub const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// A histogram. Cheap to clone, and clones share the values.
#[derive(Debug, Clone)]
pub struct Histogram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: &'static [f64],
    buckets: Box<[AtomicU64]>,
    /// The sum of all values, as the bits of an `f64`.
    sum: AtomicU64,
    exemplars: Box<[Mutex<Option<Exemplar>>]>,
}

/// An observation with its trace.
#[derive(Debug, Clone)]
pub(super) struct Exemplar {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) value: f64,
    pub(super) at: SystemTime,
}

/// The values of a histogram at one time.
pub(super) struct Snapshot {
    /// The upper bound, cumulative count and exemplar of each bucket.
    pub(super) buckets: Vec<(f64, u64, Option<Exemplar>)>,
    pub(super) count: u64,
    pub(super) sum: f64,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self(Arc::new(Inner {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
            exemplars: (0..=bounds.len()).map(|_| Mutex::new(None)).collect(),
        }))
    }

    /// Records a value.
    pub fn observe(&self, value: f64) {
        self.count(value);
    }

    /// Records a duration, in seconds.
    pub fn observe_duration(&self, duration: Duration) {
        self.count(duration.as_secs_f64());
    }

    /// Records a duration, in seconds, and keeps its trace as the exemplar of the bucket if the
    /// trace is sampled. Never blocks: while a scrape reads the exemplar, the previous one stays.
    pub fn observe_with_exemplar(&self, duration: Duration, trace: &TraceContext) {
        let value = duration.as_secs_f64();
        let bucket = self.count(value);
        if trace.is_sampled()
            && let Some(mut exemplar) = self.0.exemplars.get(bucket).and_then(Mutex::try_lock)
        {
            *exemplar = Some(Exemplar {
                trace_id: trace.trace_id().to_string(),
                span_id: trace.span_id().to_string(),
                value,
                at: SystemTime::now(),
            });
        }
    }

    fn count(&self, value: f64) -> usize {
        let inner = &*self.0;
        let bucket = inner
            .bounds
            .iter()
            .position(|bound| value <= *bound)
            .unwrap_or(inner.bounds.len());
        if let Some(count) = inner.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let mut sum = inner.sum.load(Ordering::Relaxed);
        loop {
            let next = (f64::from_bits(sum) + value).to_bits();
            match inner
                .sum
                .compare_exchange_weak(sum, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return bucket,
                Err(newer) => sum = newer,
            }
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let inner = &*self.0;
        let bounds = inner.bounds.iter().copied().chain([f64::INFINITY]);
        let mut count = 0;
        let buckets = bounds
            .zip(&inner.buckets)
            .zip(&inner.exemplars)
            .map(|((bound, bucket), exemplar)| {
                count += bucket.load(Ordering::Relaxed);
                (bound, count, exemplar.lock().clone())
            })
            .collect();
        Snapshot {
            buckets,
            count,
            sum: f64::from_bits(inner.sum.load(Ordering::Relaxed)),
        }
    }

    pub(super) fn bounds(&self) -> &'static [f64] {
        self.0.bounds
    }
}

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A gauge. Cheap to clone, and clones share the value.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// Decrements a gauge when it is dropped.
#[derive(Debug)]
#[must_use = "the gauge is decremented when this is dropped"]
pub struct GaugeGuard(Gauge);

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds one.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Subtracts one.
    pub fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Adds one until the returned guard is dropped.
    pub fn guard(&self) -> GaugeGuard {
        self.increment();
        GaugeGuard(self.clone())
    }

    /// Returns the current value.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.decrement();
    }
}

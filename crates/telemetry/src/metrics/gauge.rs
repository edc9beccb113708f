use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A number that rises and falls. Cheap to clone; all clones are the same number.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// Holds a gauge one higher for as long as it lives.
#[derive(Debug)]
#[must_use = "the gauge falls again when this is dropped"]
pub struct Raised(Gauge);

impl Gauge {
    /// Sets the number.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Raises the number by one.
    pub fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Lowers the number by one.
    pub fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Raises the number by one until the returned guard is dropped.
    pub fn raise(&self) -> Raised {
        self.increment();
        Raised(self.clone())
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        self.0.decrement();
    }
}

use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::RwLock;

/// The label value of all series after a family is full.
const OTHER: &str = "other";

/// The series of one metric by a label whose values are known only at run time, such as an error
/// reason.
///
/// The number of values is bounded, so that a caller that chooses the value cannot create series
/// without limit. Further values share the series `other`. A lookup takes a lock and a hash. Keep
/// the handle if that matters.
///
/// ```
/// use seaworthy_telemetry::metrics::{Family, Metrics};
///
/// let metrics = Metrics::new();
/// let failures = Family::new(20, move |reason| {
///     metrics.counter("payments_failed_total", "Failed payments.", &[("reason", reason)])
/// });
/// failures.get_or_create("card_expired").increment();
/// ```
#[derive(Clone)]
pub struct Family<M>(Arc<Inner<M>>);

struct Inner<M> {
    max_values: usize,
    make: Box<dyn Fn(&str) -> M + Send + Sync>,
    series: RwLock<HashMap<Box<str>, M>>,
}

impl<M: Clone> Family<M> {
    /// A family of at most `max_values` values and `other`. `make` registers the series of a value.
    pub fn new(max_values: usize, make: impl Fn(&str) -> M + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            max_values,
            make: Box::new(make),
            series: RwLock::new(HashMap::new()),
        }))
    }

    /// Returns the series of a label value.
    #[must_use]
    pub fn get_or_create(&self, value: &str) -> M {
        if let Some(series) = self.0.series.read().get(value) {
            return series.clone();
        }
        let mut all = self.0.series.write();
        let value = if all.len() < self.0.max_values || all.contains_key(value) {
            value
        } else {
            OTHER
        };
        all.entry(value.into())
            .or_insert_with(|| (self.0.make)(value))
            .clone()
    }
}

impl<M> fmt::Debug for Family<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Family")
            .field("values", &self.0.series.read().len())
            .finish_non_exhaustive()
    }
}

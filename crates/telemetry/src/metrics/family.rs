use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::RwLock;

/// The label value that stands for all that came after a family was full.
const OTHER: &str = "other";

/// Series of one metric that differ in one label whose values are not known beforehand, such as a reason or a peer's name.
///
/// The number of values is bounded, because each is a series for ever: a caller who can choose the value must not be able to fill a monitoring
/// system. Values after the last free place share the series `other`. Looking a series up takes a lock and a hash: keep the handle where that matters.
#[derive(Clone)]
pub struct Family<M>(Arc<Inner<M>>);

struct Inner<M> {
    most: usize,
    make: Box<dyn Fn(&str) -> M + Send + Sync>,
    series: RwLock<HashMap<Box<str>, M>>,
}

impl<M: Clone> Family<M> {
    /// A family of at most `most` values and `other`. `make` registers the series of a value.
    pub fn new(most: usize, make: impl Fn(&str) -> M + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            most,
            make: Box::new(make),
            series: RwLock::new(HashMap::new()),
        }))
    }

    /// The series of a value.
    #[must_use]
    pub fn of(&self, value: &str) -> M {
        if let Some(series) = self.0.series.read().get(value) {
            return series.clone();
        }
        let mut all = self.0.series.write();
        let value = if all.len() < self.0.most || all.contains_key(value) {
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

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use parking_lot::Mutex;
use serde::Serialize;

use super::{
    counter::Counter,
    gauge::Gauge,
    histogram::Histogram,
    name::{is_label_name, is_metric_name, label_text},
};

/// The metrics registry of one service. Cheap to clone, and clones share the registry.
///
/// ```
/// use seaworthy_telemetry::metrics::{Format, Metrics};
///
/// let metrics = Metrics::new();
/// metrics.counter("orders_total", "Orders.", &[("kind", "new")]).increment();
/// let text = metrics.render(Format::PrometheusText);
/// assert!(text.contains("orders_total{kind=\"new\"} 1"));
/// ```
#[derive(Clone, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Default)]
struct Inner {
    prefix: String,
    groups: Mutex<BTreeMap<String, Group>>,
    conflicts: Mutex<Vec<MetricConflict>>,
    /// The first words of metric names. Metrics with these names are not exposed.
    hidden: Mutex<BTreeSet<String>>,
}

/// All series of one metric.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) kind: Kind,
    pub(super) help: String,
    pub(super) labels: Vec<String>,
    /// The series by label text, so that the output has a stable order.
    pub(super) series: BTreeMap<String, Series>,
}

#[derive(Clone)]
pub(super) enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
    Observable(Arc<dyn Fn() -> f64 + Send + Sync>),
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value that only increases.
    Counter,
    /// A value that increases and decreases.
    Gauge,
    /// A distribution of values.
    Histogram,
    /// A constant fact in labels.
    Info,
}

/// A metric without its values. Dashboards, alert rules and documents are generated from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// The full name.
    pub name: String,
    /// The type.
    pub kind: Kind,
    /// The help text.
    pub help: String,
    /// The names of its labels.
    pub labels: Vec<String>,
}

/// A metric that is registered twice with different types or labels, or with an invalid name. The
/// service does not start with a conflict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("metric {name:?} {problem}")]
pub struct MetricConflict {
    name: String,
    problem: String,
}

impl Metrics {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty registry that adds `prefix` and an underscore to every name.
    #[must_use]
    pub fn with_prefix(prefix: &str) -> Self {
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{}_", prefix.replace('-', "_"))
        };
        Self(Arc::new(Inner {
            prefix,
            ..Inner::default()
        }))
    }

    /// Returns the counter with this name and these labels. The name must end with `_total`.
    #[must_use]
    pub fn counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Counter {
        match self.series(Kind::Counter, name, help, labels, || {
            Series::Counter(Counter::default())
        }) {
            Some(Series::Counter(counter)) => counter,
            _ => Counter::default(),
        }
    }

    /// Returns the gauge with this name and these labels.
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Gauge {
        match self.series(Kind::Gauge, name, help, labels, || {
            Series::Gauge(Gauge::default())
        }) {
            Some(Series::Gauge(gauge)) => gauge,
            _ => Gauge::default(),
        }
    }

    /// Returns the histogram with this name and these labels. `bounds` are ascending upper bounds
    /// without infinity.
    #[must_use]
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        bounds: &'static [f64],
        labels: &[(&str, &str)],
    ) -> Histogram {
        match self.series(Kind::Histogram, name, help, labels, || {
            Series::Histogram(Histogram::new(bounds))
        }) {
            Some(Series::Histogram(histogram)) => {
                if histogram.bounds() != bounds {
                    self.conflict(name, "is already registered with different bucket bounds");
                }
                histogram
            }
            _ => Histogram::new(bounds),
        }
    }

    /// Registers a gauge whose value is read at each scrape. `compute` must be fast and must not
    /// block.
    pub fn observable_gauge<F>(&self, name: &str, help: &str, labels: &[(&str, &str)], compute: F)
    where
        F: Fn() -> f64 + Send + Sync + 'static,
    {
        self.series(Kind::Gauge, name, help, labels, || {
            Series::Observable(Arc::new(compute))
        });
    }

    /// Registers a counter whose value is read at each scrape. The name must end with `_total`.
    pub fn observable_counter<F>(&self, name: &str, help: &str, labels: &[(&str, &str)], compute: F)
    where
        F: Fn() -> f64 + Send + Sync + 'static,
    {
        self.series(Kind::Counter, name, help, labels, || {
            Series::Observable(Arc::new(compute))
        });
    }

    /// Registers a constant fact, such as a version, as labels. The name must end with `_info`.
    pub fn info(&self, name: &str, help: &str, labels: &[(&str, &str)]) {
        self.series(Kind::Info, name, help, labels, || {
            Series::Observable(Arc::new(|| 1.0))
        });
    }

    /// Declares a metric whose series appear with their first value, so that
    /// [`descriptors`](Self::descriptors) contain it from the start. A scrape does not show metrics
    /// without series.
    pub fn declare(&self, kind: Kind, name: &str, help: &str, labels: &[&str]) {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.with_group(kind, name, help, labels, |_| ());
    }

    /// Returns the text before every name, such as `orders_`. Often empty.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// Returns the upper bounds of the buckets of a histogram, by its full name. `None` if it has
    /// no series.
    #[must_use]
    pub fn bounds(&self, name: &str) -> Option<&'static [f64]> {
        let groups = self.0.groups.lock();
        let mut series = groups.get(name)?.series.values();
        series.find_map(|series| match series {
            Series::Histogram(histogram) => Some(histogram.bounds()),
            _ => None,
        })
    }

    /// Returns the descriptors of all metrics, by name.
    #[must_use]
    pub fn descriptors(&self) -> Vec<Descriptor> {
        let describe = |(name, group): (&String, &Group)| Descriptor {
            name: name.clone(),
            kind: group.kind,
            help: group.help.clone(),
            labels: group.labels.clone(),
        };
        self.0.groups.lock().iter().map(describe).collect()
    }

    /// Returns the conflicts so far.
    #[must_use]
    pub fn conflicts(&self) -> Vec<MetricConflict> {
        self.0.conflicts.lock().clone()
    }

    /// Leaves out metrics whose names begin with one of these words, such as `http`. Their values
    /// are still counted. Replaces the words of the last call.
    pub fn hide(&self, words: &BTreeSet<String>) {
        self.0.hidden.lock().clone_from(words);
    }

    /// Calls `read` with every group that is not hidden, by name.
    pub(super) fn each_group(&self, mut read: impl FnMut(&str, &Group)) {
        let hidden = self.0.hidden.lock().clone();
        let is_hidden = |name: &str| {
            let name = name.strip_prefix(&self.0.prefix).unwrap_or(name);
            let word = name.split('_').next().unwrap_or_default();
            hidden.contains(word)
        };
        // An observable metric may wait for a lock whose holder registers a metric.
        let groups = self.0.groups.lock().clone();
        groups
            .iter()
            .filter(|(name, group)| !group.series.is_empty() && !is_hidden(name))
            .for_each(|(name, group)| read(name, group));
    }

    fn series(
        &self,
        kind: Kind,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        make: impl FnOnce() -> Series,
    ) -> Option<Series> {
        let names = labels.iter().map(|(label, _)| (*label).to_owned());
        self.with_group(kind, name, help, names.collect(), |group| {
            let series = group.series.entry(label_text(labels));
            series.or_insert_with(make).clone()
        })
    }

    /// Calls `act` with the group of a metric, and creates the group if it is missing.
    fn with_group<R>(
        &self,
        kind: Kind,
        name: &str,
        help: &str,
        labels: Vec<String>,
        act: impl FnOnce(&mut Group) -> R,
    ) -> Option<R> {
        let name = format!("{}{name}", self.0.prefix);
        let suffix = match kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        if !is_metric_name(&name) {
            self.conflict(&name, "is not a valid metric name");
            return None;
        }
        if !name.ends_with(suffix) {
            self.conflict(&name, &format!("must end with {suffix}"));
            return None;
        }
        if let Some(label) = labels.iter().find(|label| !is_label_name(label)) {
            self.conflict(
                &name,
                &format!("has the label {label:?}, which is not a valid label name"),
            );
            return None;
        }
        let mut groups = self.0.groups.lock();
        let group = groups.entry(name.clone()).or_insert_with(|| Group {
            kind,
            help: help.to_owned(),
            labels: labels.clone(),
            series: BTreeMap::new(),
        });
        if group.kind != kind || group.labels != labels {
            let known = format!(
                "is already registered as {:?} with labels {:?}, not as {kind:?} with {labels:?}",
                group.kind, group.labels
            );
            drop(groups);
            self.conflict(&name, &known);
            return None;
        }
        Some(act(group))
    }

    fn conflict(&self, name: &str, problem: &str) {
        self.0.conflicts.lock().push(MetricConflict {
            name: name.to_owned(),
            problem: problem.to_owned(),
        });
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Metrics")
            .field("names", &self.0.groups.lock().len())
            .finish_non_exhaustive()
    }
}

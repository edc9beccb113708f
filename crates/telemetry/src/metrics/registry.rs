use std::{collections::BTreeMap, fmt, sync::Arc};

use parking_lot::Mutex;
use serde::Serialize;

use super::{
    counter::Counter,
    gauge::Gauge,
    histogram::Histogram,
    name::{is_label_name, is_metric_name, label_text},
};

/// The metrics of one service. Cheap to clone; all clones are the same registry.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Default)]
struct Inner {
    prefix: String,
    groups: Mutex<BTreeMap<String, Group>>,
    conflicts: Mutex<Vec<MetricConflict>>,
}

/// All series of one name.
pub(super) struct Group {
    pub(super) kind: Kind,
    pub(super) help: String,
    pub(super) labels: Vec<String>,
    /// By their label text, so that output is stable.
    pub(super) series: BTreeMap<String, Series>,
}

#[derive(Clone)]
pub(super) enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
    Computed(Arc<dyn Fn() -> f64 + Send + Sync>),
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How values are spread.
    Histogram,
    /// Constant, described by its labels.
    Info,
}

/// What is known of a metric without its values: dashboards and alert rules are made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// The full name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub help: String,
    /// The names of its labels.
    pub labels: Vec<String>,
}

/// Two parts of a service mean different things by one metric, or a name is none. The kernel refuses to start with any.
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

    /// An empty registry whose names all begin with `prefix` and an underscore.
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

    /// The counter of this name and these labels; the same one at every call. The name ends in `_total`.
    #[must_use]
    pub fn counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Counter {
        match self.series(Kind::Counter, name, help, labels, || {
            Series::Counter(Counter::default())
        }) {
            Some(Series::Counter(counter)) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of this name and these labels; the same one at every call.
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Gauge {
        match self.series(Kind::Gauge, name, help, labels, || {
            Series::Gauge(Gauge::default())
        }) {
            Some(Series::Gauge(gauge)) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram of this name and these labels; the same one at every call. `bounds` rise and leave infinity out.
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
                    self.conflict(name, "is registered with other bounds");
                }
                histogram
            }
            _ => Histogram::new(bounds),
        }
    }

    /// A gauge whose value is computed when it is scraped. `compute` must be quick and must not block.
    pub fn computed_gauge<F>(&self, name: &str, help: &str, labels: &[(&str, &str)], compute: F)
    where
        F: Fn() -> f64 + Send + Sync + 'static,
    {
        self.series(Kind::Gauge, name, help, labels, || {
            Series::Computed(Arc::new(compute))
        });
    }

    /// A counter that somebody else keeps, read when it is scraped. The name ends in `_total`.
    pub fn computed_counter<F>(&self, name: &str, help: &str, labels: &[(&str, &str)], compute: F)
    where
        F: Fn() -> f64 + Send + Sync + 'static,
    {
        self.series(Kind::Counter, name, help, labels, || {
            Series::Computed(Arc::new(compute))
        });
    }

    /// A constant fact, such as a version, as labels. The name ends in `_info`.
    pub fn info(&self, name: &str, help: &str, labels: &[(&str, &str)]) {
        self.series(Kind::Info, name, help, labels, || {
            Series::Computed(Arc::new(|| 1.0))
        });
    }

    /// What is known of every metric, by name.
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

    /// The mistakes made in registering metrics so far.
    #[must_use]
    pub fn conflicts(&self) -> Vec<MetricConflict> {
        self.0.conflicts.lock().clone()
    }

    /// Calls `read` with every group, by name.
    pub(super) fn each_group(&self, mut read: impl FnMut(&str, &Group)) {
        self.0
            .groups
            .lock()
            .iter()
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
        let name = format!("{}{name}", self.0.prefix);
        let suffix = match kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        if !is_metric_name(&name) || !name.ends_with(suffix) {
            self.conflict(&name, &format!("is no name of a {kind:?}"));
            return None;
        }
        if let Some((label, _)) = labels.iter().find(|(label, _)| !is_label_name(label)) {
            self.conflict(
                &name,
                &format!("has a label {label:?}, which is no name of a label"),
            );
            return None;
        }
        let label_names: Vec<String> = labels
            .iter()
            .map(|(label, _)| (*label).to_owned())
            .collect();
        let mut groups = self.0.groups.lock();
        let group = groups.entry(name.clone()).or_insert_with(|| Group {
            kind,
            help: help.to_owned(),
            labels: label_names.clone(),
            series: BTreeMap::new(),
        });
        if group.kind != kind || group.labels != label_names {
            let known = format!(
                "is a {:?} with the labels {:?}, and is registered as a {kind:?} with {label_names:?}",
                group.kind, group.labels
            );
            drop(groups);
            self.conflict(&name, &known);
            return None;
        }
        Some(
            group
                .series
                .entry(label_text(labels))
                .or_insert_with(make)
                .clone(),
        )
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

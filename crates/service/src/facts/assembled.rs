use seaworthy_facts::{Check, Metric, MetricKind, Worker};
use seaworthy_telemetry::metrics::{Kind, Metrics};

use super::Description;
use crate::assembly::Parts;

/// The facts that only a started assembly knows.
pub(crate) struct Assembled {
    pub(super) has_grpc: bool,
    pub(super) checks: Vec<Check>,
    pub(super) breakers: Vec<String>,
    pub(super) workers: Vec<Worker>,
    pub(super) metrics: Vec<Metric>,
    pub(super) description: Description,
}

impl Assembled {
    pub(crate) fn new(parts: &Parts, has_grpc: bool) -> Self {
        let checks = parts.health.report().checks.into_iter();
        let mut checks: Vec<_> = checks
            .map(|check| Check {
                name: check.name,
                critical: check.critical,
            })
            .collect();
        // The order of concurrent connections differs between starts.
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        let mut breakers: Vec<_> = parts
            .resilience
            .snapshot()
            .into_iter()
            .map(|policies| policies.breaker.name)
            .collect();
        breakers.sort();
        let mut workers: Vec<_> = parts
            .workers
            .schedules()
            .into_iter()
            .map(|(name, schedule)| Worker {
                name: name.to_string(),
                schedule: schedule.to_string(),
                max_gap_seconds: schedule.max_gap().map(|gap| gap.as_secs().max(1)),
            })
            .collect();
        workers.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            has_grpc,
            checks,
            breakers,
            workers,
            metrics: metrics(parts.telemetry.metrics()),
            description: parts.description.clone(),
        }
    }
}

fn metrics(registry: &Metrics) -> Vec<Metric> {
    let described = registry.descriptors().into_iter();
    described
        .map(|metric| Metric {
            kind: match metric.kind {
                Kind::Counter => MetricKind::Counter,
                Kind::Gauge => MetricKind::Gauge,
                Kind::Histogram => MetricKind::Histogram,
                Kind::Info => MetricKind::Info,
            },
            bounds: registry.bounds(&metric.name).unwrap_or_default().to_vec(),
            name: metric.name,
            help: metric.help,
            labels: metric.labels,
        })
        .collect()
}

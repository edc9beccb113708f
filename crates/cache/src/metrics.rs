use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use seaworthy_core::{TraceContext, context};
use seaworthy_telemetry::{
    metrics::{Counter, Family, Metrics},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};

/// Maximum number of kinds with separate metrics. The code of a service names only a few.
const MAX_KINDS: usize = 256;

/// The outcome of a step with the store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Hit,
    Miss,
    Done,
    /// The store failed, or the circuit breaker rejected the step.
    Failed,
}

/// The metrics (OBS-5) and spans (OBS-6) of a cache.
#[derive(Debug)]
pub(crate) struct CacheMetrics {
    name: Arc<str>,
    system: &'static str,
    tracer: Tracer,
    hits: Family<Counter>,
    misses: Family<Counter>,
    errors: Family<Counter>,
}

impl CacheMetrics {
    pub(crate) fn new(
        name: &Arc<str>,
        system: &'static str,
        metrics: &Metrics,
        tracer: &Tracer,
    ) -> Self {
        let counters = |counter: &'static str, help: &'static str| {
            let (metrics, name) = (metrics.clone(), Arc::clone(name));
            Family::new(MAX_KINDS, move |kind| {
                metrics.counter(counter, help, &[("cache", &name), ("kind", kind)])
            })
        };
        Self {
            name: Arc::clone(name),
            system,
            tracer: tracer.clone(),
            hits: counters("cache_hits_total", "Reads that found an entry."),
            misses: counters("cache_misses_total", "Reads that did not find an entry."),
            errors: counters(
                "cache_errors_total",
                "Steps that failed or that the circuit breaker rejected.",
            ),
        }
    }

    pub(crate) fn begin<'a>(&'a self, operation: &'static str, kind: &'a str) -> Step<'a> {
        let recording = |context: Option<&seaworthy_core::RequestContext>| {
            let trace = context?.trace();
            self.tracer.is_recording(trace).then(|| trace.child())
        };
        Step {
            metrics: self,
            operation,
            kind,
            trace: context::with_current(recording),
            begun: Instant::now(),
        }
    }
}

/// A running step with the store.
pub(crate) struct Step<'a> {
    metrics: &'a CacheMetrics,
    operation: &'static str,
    kind: &'a str,
    trace: Option<TraceContext>,
    begun: Instant,
}

impl Step<'_> {
    pub(crate) fn end(self, outcome: Outcome) {
        let metrics = self.metrics;
        match outcome {
            Outcome::Hit => metrics.hits.get_or_create(self.kind).increment(),
            Outcome::Miss => metrics.misses.get_or_create(self.kind).increment(),
            Outcome::Failed => metrics.errors.get_or_create(self.kind).increment(),
            Outcome::Done => {}
        }
        let Some(trace) = self.trace else { return };
        let end = SystemTime::now();
        metrics.tracer.record(SpanRecord {
            context: trace,
            name: format!("{} {}", self.operation, self.kind).into(),
            kind: SpanKind::Client,
            start: end.checked_sub(self.begun.elapsed()).unwrap_or(end),
            end,
            attributes: vec![
                Attribute::text("db.system.name", metrics.system),
                Attribute::text("db.operation.name", self.operation),
                Attribute::text("db.collection.name", self.kind),
                Attribute::text("peer.service", &metrics.name),
            ],
            failed: matches!(outcome, Outcome::Failed),
        });
    }
}

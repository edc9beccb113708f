use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use seaworthy_core::{TraceContext, context};
use seaworthy_telemetry::{
    metrics::{Counter, Family, Metrics},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};

/// Kinds of entries come from the service's own code.
const MOST_KINDS: usize = 256;

/// How a step ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Hit,
    Miss,
    Done,
    /// The store could not be asked, or was not because it failed before.
    Failed,
}

/// What is counted of a cache (OBS-5) and told to the trace (OBS-6).
#[derive(Debug)]
pub(crate) struct Observer {
    name: Arc<str>,
    system: &'static str,
    tracer: Tracer,
    hits: Family<Counter>,
    misses: Family<Counter>,
    errors: Family<Counter>,
}

impl Observer {
    pub(crate) fn new(
        name: &Arc<str>,
        system: &'static str,
        metrics: &Metrics,
        tracer: &Tracer,
    ) -> Self {
        let counters = |counter: &'static str, help: &'static str| {
            let (metrics, name) = (metrics.clone(), Arc::clone(name));
            Family::new(MOST_KINDS, move |kind| {
                metrics.counter(counter, help, &[("cache", &name), ("kind", kind)])
            })
        };
        Self {
            name: Arc::clone(name),
            system,
            tracer: tracer.clone(),
            hits: counters("cache_hits_total", "Reads that found an entry."),
            misses: counters("cache_misses_total", "Reads that found none."),
            errors: counters(
                "cache_errors_total",
                "Steps that the store could not be asked for.",
            ),
        }
    }

    pub(crate) fn begin<'a>(&'a self, operation: &'static str, kind: &'a str) -> Step<'a> {
        let recording = |context: Option<&seaworthy_core::RequestContext>| {
            let trace = context?.trace();
            self.tracer.is_recording(trace).then(|| trace.child())
        };
        Step {
            observer: self,
            operation,
            kind,
            trace: context::with_current(recording),
            began: Instant::now(),
        }
    }
}

/// One step with the store.
pub(crate) struct Step<'a> {
    observer: &'a Observer,
    operation: &'static str,
    kind: &'a str,
    trace: Option<TraceContext>,
    began: Instant,
}

impl Step<'_> {
    pub(crate) fn end(self, outcome: Outcome) {
        let observer = self.observer;
        match outcome {
            Outcome::Hit => observer.hits.get_or_create(self.kind).increment(),
            Outcome::Miss => observer.misses.get_or_create(self.kind).increment(),
            Outcome::Failed => observer.errors.get_or_create(self.kind).increment(),
            Outcome::Done => {}
        }
        let Some(trace) = self.trace else { return };
        let end = SystemTime::now();
        observer.tracer.record(SpanRecord {
            context: trace,
            name: format!("{} {}", self.operation, self.kind).into(),
            kind: SpanKind::Client,
            start: end.checked_sub(self.began.elapsed()).unwrap_or(end),
            end,
            attributes: vec![
                Attribute::text("db.system.name", observer.system),
                Attribute::text("db.operation.name", self.operation),
                Attribute::text("db.collection.name", self.kind),
                Attribute::text("peer.service", &observer.name),
            ],
            failed: matches!(outcome, Outcome::Failed),
        });
    }
}

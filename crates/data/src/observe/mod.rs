//! Metrics and spans of statements (OBS-5, OBS-6), and the log of slow ones.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use seaworthy_core::{TraceContext, context};
use seaworthy_telemetry::{
    metrics::{Counter, DURATION_BUCKETS, Family, Histogram, Kind, Metrics},
    tracer::{Attribute, SpanKind, SpanRecord, Tracer},
};

use crate::{DataError, DatabaseUrl, connection::StatementOutput, prepared::Prepared};

/// Maximum number of label values for the first words of statements. There are about a dozen.
const MAX_OPERATIONS: usize = 32;
/// Maximum number of label values for outcomes, which are the kinds of errors.
const MAX_OUTCOMES: usize = 64;
/// The outcome of a statement whose future was dropped.
const CANCELLED: &str = "CANCELLED";
const SUCCEEDED: &str = "OK";

/// Records metrics, spans and logs of statements. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    system: &'static str,
    namespace: String,
    address: String,
    port: i64,
    slow: std::time::Duration,
    tracer: Tracer,
    operations: Family<Operation>,
    conflicts: Counter,
}

const STATEMENTS: &str = "database_statements_total";
const STATEMENTS_HELP: &str = "Statements by outcome.";
const DURATION: &str = "database_statement_duration_seconds";
const DURATION_HELP: &str =
    "Time until the last row of a statement, including the wait for a connection.";

#[derive(Clone)]
struct Operation {
    duration: Histogram,
    outcomes: Family<Counter>,
}

impl Observer {
    pub(crate) fn new(
        name: &Arc<str>,
        url: &DatabaseUrl,
        slow: std::time::Duration,
        metrics: &Metrics,
        tracer: &Tracer,
    ) -> Self {
        let address = url.address().unwrap_or_default();
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let labels = ["name", "operation", "outcome"];
        metrics.declare(Kind::Counter, STATEMENTS, STATEMENTS_HELP, &labels);
        let labels = ["name", "operation"];
        metrics.declare(Kind::Histogram, DURATION, DURATION_HELP, &labels);
        let (all, database) = (metrics.clone(), Arc::clone(name));
        let operations = Family::new(MAX_OPERATIONS, move |operation| {
            let (metrics, name, operation) =
                (all.clone(), Arc::clone(&database), operation.to_owned());
            Operation {
                duration: all.histogram(
                    DURATION,
                    DURATION_HELP,
                    DURATION_BUCKETS,
                    &[("name", &database), ("operation", &operation)],
                ),
                outcomes: Family::new(MAX_OUTCOMES, move |outcome| {
                    metrics.counter(
                        STATEMENTS,
                        STATEMENTS_HELP,
                        &[
                            ("name", &name),
                            ("operation", &operation),
                            ("outcome", outcome),
                        ],
                    )
                }),
            }
        });
        Self(Arc::new(Inner {
            name: Arc::clone(name),
            system: url.engine().name(),
            namespace: url.database(),
            address: host.to_owned(),
            port: port.parse().unwrap_or_default(),
            slow,
            tracer: tracer.clone(),
            operations,
            conflicts: metrics.counter(
                "database_transaction_retries_total",
                "Transactions that ran again after a conflict.",
                &[("name", name)],
            ),
        }))
    }

    pub(crate) fn conflict(&self) {
        self.0.conflicts.increment();
    }

    pub(crate) fn begin(&self, prepared: &Arc<Prepared>) -> Record {
        let recording = |context: Option<&seaworthy_core::RequestContext>| {
            let trace = context?.trace();
            self.0.tracer.is_recording(trace).then(|| trace.child())
        };
        Record {
            observer: self.clone(),
            prepared: Arc::clone(prepared),
            trace: context::with_current(recording),
            began: Instant::now(),
            rows: 0,
            outcome: CANCELLED,
            code: None,
        }
    }
}

/// A running statement. Dropping it records its duration, outcome and span.
pub(crate) struct Record {
    observer: Observer,
    prepared: Arc<Prepared>,
    trace: Option<TraceContext>,
    began: Instant,
    rows: usize,
    outcome: &'static str,
    code: Option<String>,
}

impl Record {
    pub(crate) fn end(mut self, outcome: &Result<StatementOutput, DataError>) {
        match outcome {
            Ok(answer) => {
                self.outcome = SUCCEEDED;
                self.rows = answer.rows.len();
            }
            Err(error) => {
                self.outcome = error.kind().reason();
                self.code = error.code().map(str::to_owned);
            }
        }
    }

    fn span(&self, trace: TraceContext) -> SpanRecord {
        let (inner, prepared) = (&*self.observer.0, &*self.prepared);
        let end = SystemTime::now();
        let mut attributes = vec![
            Attribute::text("db.system.name", inner.system),
            Attribute::text("db.namespace", &inner.namespace),
            Attribute::text("db.operation.name", &prepared.operation),
            Attribute::text("db.query.text", &prepared.text),
            Attribute::text("peer.service", &inner.name),
        ];
        if let Some(collection) = &prepared.collection {
            attributes.push(Attribute::text("db.collection.name", collection));
        }
        if !inner.address.is_empty() {
            attributes.push(Attribute::text("server.address", &inner.address));
            attributes.push(Attribute::integer("server.port", inner.port));
        }
        if let Some(code) = &self.code {
            attributes.push(Attribute::text("db.response.status_code", code));
        }
        if self.outcome == SUCCEEDED {
            let rows = i64::try_from(self.rows).unwrap_or(i64::MAX);
            attributes.push(Attribute::integer("db.response.returned_rows", rows));
        } else {
            attributes.push(Attribute::text("error.type", self.outcome));
        }
        let name = match &prepared.collection {
            Some(collection) => format!("{} {collection}", prepared.operation),
            None => prepared.operation.clone(),
        };
        SpanRecord {
            context: trace,
            name: name.into(),
            kind: SpanKind::Client,
            start: end.checked_sub(self.began.elapsed()).unwrap_or(end),
            end,
            attributes,
            failed: self.outcome != SUCCEEDED,
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let inner = &*self.observer.0;
        let took = self.began.elapsed();
        let operation = inner.operations.get_or_create(&self.prepared.operation);
        match &self.trace {
            Some(trace) => operation.duration.observe_with_exemplar(took, trace),
            None => operation.duration.observe_duration(took),
        }
        operation.outcomes.get_or_create(self.outcome).increment();
        if took >= inner.slow {
            tracing::warn!(
                database = &*inner.name,
                statement = &*self.prepared.text,
                outcome = self.outcome,
                ?took,
                "slow statement"
            );
        }
        if let Some(trace) = self.trace.take() {
            inner.tracer.record(self.span(trace));
        }
    }
}

use std::{io, sync::Arc, time::Duration};

use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::ServiceIdentity;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    error_report::ErrorReports,
    logs::{LineSink, LogConfig, LogSubscriber, Logs, StdoutWriter},
    metrics::Metrics,
    redact::Redactor,
    tracer::{Exporting, InvalidCollector, Tracer, TracingConfig},
};

/// What metrics are called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Whether every name begins with the service's own, as in order_service_http_requests_total.
    pub service_prefix: bool,
}

/// Telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The system refuses a thread for the writer of logs.
    #[error("the writer of logs cannot be started")]
    Writer(#[source] io::Error),
    /// The collector of traces cannot be used as it is configured.
    #[error("traces cannot be exported")]
    Collector(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<InvalidCollector> for TelemetryError {
    fn from(error: InvalidCollector) -> Self {
        Self::Collector(Box::new(error))
    }
}

/// What one service tells. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    metrics: Metrics,
    logs: Logs,
    tracer: Tracer,
    errors: ErrorReports,
    exporting: Arc<Mutex<Option<Exporting>>>,
}

impl Telemetry {
    /// Starts telemetry on stdout and, where the configuration names a collector, towards it. Must be called within a Tokio runtime.
    ///
    /// The first service of a process becomes the one that the `tracing` macros write to; lines of others name their own service, because it is read from the
    /// context of the task.
    ///
    /// # Errors
    /// [`TelemetryError`] where the writer cannot be started or the collector's address cannot be used.
    pub fn start(
        identity: &ServiceIdentity,
        log: &LogConfig,
        metrics: &MetricsConfig,
        tracing: &TracingConfig,
        production: bool,
    ) -> Result<Self, TelemetryError> {
        let writer = StdoutWriter::start(log.buffer).map_err(TelemetryError::Writer)?;
        Self::start_with_sink(
            identity,
            log,
            metrics,
            tracing,
            production,
            Arc::new(writer),
        )
    }

    /// As [`start`](Self::start), with lines going elsewhere: for tests and measurements.
    ///
    /// # Errors
    /// [`TelemetryError::Collector`] where the collector's address cannot be used.
    pub fn start_with_sink(
        identity: &ServiceIdentity,
        log: &LogConfig,
        metrics: &MetricsConfig,
        tracing: &TracingConfig,
        production: bool,
        sink: Arc<dyn LineSink>,
    ) -> Result<Self, TelemetryError> {
        let metrics = Metrics::with_prefix(if metrics.service_prefix {
            identity.name()
        } else {
            ""
        });
        let redactor = Redactor::new(&log.redaction);
        let (queue, exporting) = match tracing.endpoint.as_deref() {
            Some(endpoint) => Exporting::start(identity, tracing, endpoint, redactor.clone())
                .map(|(queue, exporting)| (Some(queue), Some(exporting)))?,
            None => (None, None),
        };
        let telemetry = Self {
            errors: ErrorReports::new(&metrics, redactor),
            logs: Logs::to_sink(identity.clone(), log, production, sink),
            tracer: Tracer::new(tracing.ratio, queue),
            exporting: Arc::new(Mutex::new(exporting)),
            metrics,
        };
        telemetry.register(identity);
        let subscriber = LogSubscriber {
            logs: telemetry.logs.clone(),
            tracer: telemetry.tracer.clone(),
        };
        // An error means that another service of this process was first, which is as it should be.
        let _ = tracing::subscriber::set_global_default(
            tracing_subscriber::registry().with(subscriber),
        );
        Ok(telemetry)
    }

    fn register(&self, identity: &ServiceIdentity) {
        self.metrics.register_process(identity);
        if let Ok(runtime) = Handle::try_current() {
            self.metrics.register_runtime(&runtime);
        }
        let number = |value: u64| u32::try_from(value).map_or(f64::INFINITY, f64::from);
        let logs = self.logs.clone();
        let help = "Lines that found no room because stdout is read too slowly.";
        self.metrics
            .computed_counter("log_lines_dropped_total", help, &[], move || {
                number(logs.dropped())
            });
        let logs = self.logs.clone();
        let help = "Repeated lines that were held back.";
        self.metrics
            .computed_counter("log_lines_held_back_total", help, &[], move || {
                number(logs.held_back())
            });
        let tracer = self.tracer.clone();
        let help = "Spans that found no room because the collector is slow or down.";
        self.metrics
            .computed_counter("trace_spans_dropped_total", help, &[], move || {
                number(tracer.dropped())
            });
    }

    /// The same logs and traces, with metrics that nobody scrapes: for a listener whose own requests would only blur the service's numbers.
    #[must_use]
    pub fn with_metrics_of_its_own(&self) -> Self {
        let metrics = Metrics::new();
        Self {
            errors: self.errors.clone(),
            metrics,
            ..self.clone()
        }
    }

    /// The service's metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The logs.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// The tracer.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Where panics and unexpected errors go.
    #[must_use]
    pub fn errors(&self) -> &ErrorReports {
        &self.errors
    }

    /// Exports the spans and writes the lines that wait, within `limit` together. Returns whether all of it was done.
    pub async fn shutdown(&self, limit: Duration) -> bool {
        let end = tokio::time::Instant::now() + limit;
        let exporting = self.exporting.lock().take();
        let exported = match exporting {
            Some(exporting) => exporting.shutdown(limit).await,
            None => true,
        };
        let logs = self.logs.clone();
        let left = end.saturating_duration_since(tokio::time::Instant::now());
        let written = tokio::task::spawn_blocking(move || logs.flush(left))
            .await
            .unwrap_or(false);
        exported && written
    }
}

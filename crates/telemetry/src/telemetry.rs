use std::{io, sync::Arc, time::Duration};

use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::ServiceIdentity;
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, time::Instant};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    error_report::ErrorReports,
    logs::{LineSink, LogConfig, LogSubscriber, LogWriter, Logs},
    metrics::Metrics,
    redact::Redactor,
    tracer::{Exporter, ExporterError, Tracer, TracingConfig},
};

/// The scrape endpoint and the names of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Whether the admin listener serves `/metrics`. Alerts need it.
    pub enabled: bool,
    /// Whether every name begins with the service's own, as in order_service_http_requests_total.
    pub service_prefix: bool,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            service_prefix: false,
        }
    }
}

/// Errors returned by [`Telemetry::start`].
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file of the log cannot be opened, or the thread that writes logs cannot be started.
    #[error("the log writer cannot be started")]
    Writer(#[source] io::Error),
    /// The span exporter cannot be built from the configuration.
    #[error("the span exporter cannot be started")]
    Exporter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<ExporterError> for TelemetryError {
    fn from(error: ExporterError) -> Self {
        Self::Exporter(Box::new(error))
    }
}

/// The logs, metrics, traces and error reports of one service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    metrics: Metrics,
    logs: Logs,
    tracer: Tracer,
    errors: ErrorReports,
    exporter: Arc<Mutex<Option<Exporter>>>,
}

impl Telemetry {
    /// Starts telemetry that logs to its output, and exports spans if the configuration has an
    /// endpoint. Call it within a Tokio runtime.
    ///
    /// The `tracing` macros write to the first service of a process. Lines of other services still
    /// have their own name, because it comes from the context of the task.
    ///
    /// # Errors
    /// [`TelemetryError`] if the log writer or the span exporter cannot be started.
    pub fn start(
        identity: &ServiceIdentity,
        log: &LogConfig,
        metrics: &MetricsConfig,
        tracing: &TracingConfig,
        production: bool,
    ) -> Result<Self, TelemetryError> {
        let writer = LogWriter::start(log, identity.name()).map_err(TelemetryError::Writer)?;
        Self::start_with_sink(
            identity,
            log,
            metrics,
            tracing,
            production,
            Arc::new(writer),
        )
    }

    /// Like [`start`](Self::start), but writes lines to `sink`. For tests and benchmarks.
    ///
    /// # Errors
    /// [`TelemetryError::Exporter`] if the span exporter cannot be started.
    pub fn start_with_sink(
        identity: &ServiceIdentity,
        log: &LogConfig,
        metrics: &MetricsConfig,
        tracing: &TracingConfig,
        production: bool,
        sink: Arc<dyn LineSink>,
    ) -> Result<Self, TelemetryError> {
        let prefix = match metrics.service_prefix {
            true => identity.name(),
            false => "",
        };
        let metrics = Metrics::with_prefix(prefix);
        let redactor = Redactor::new(&log.redaction);
        let (queue, exporter) = match tracing.endpoint.as_deref() {
            Some(endpoint) => Exporter::start(identity, tracing, endpoint, redactor.clone())
                .map(|(queue, exporter)| (Some(queue), Some(exporter)))?,
            None => (None, None),
        };
        let telemetry = Self {
            errors: ErrorReports::new(&metrics, redactor, &log.rate_limit),
            logs: Logs::new(identity.clone(), log, production, sink),
            tracer: Tracer::new(tracing.sample_ratio, queue),
            exporter: Arc::new(Mutex::new(exporter)),
            metrics,
        };
        telemetry.register(identity);
        let subscriber = LogSubscriber {
            logs: telemetry.logs.clone(),
            tracer: telemetry.tracer.clone(),
        };
        // It fails if another service of this process has set the dispatcher already.
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
        let help = "Log lines dropped because the buffer was full.";
        self.metrics
            .observable_counter("log_lines_dropped_total", help, &[], move || {
                number(logs.dropped())
            });
        let logs = self.logs.clone();
        let help = "Log lines suppressed by the rate limit of their callsite.";
        self.metrics
            .observable_counter("log_lines_suppressed_total", help, &[], move || {
                number(logs.suppressed())
            });
        let tracer = self.tracer.clone();
        let help = "Spans dropped because the export queue was full.";
        self.metrics
            .observable_counter("trace_spans_dropped_total", help, &[], move || {
                number(tracer.dropped())
            });
    }

    /// Returns telemetry with the same logs and traces and with separate metrics that are not
    /// exposed. For listeners whose requests must not count as requests of the service.
    #[must_use]
    pub fn with_separate_metrics(&self) -> Self {
        Self {
            metrics: Metrics::new(),
            ..self.clone()
        }
    }

    /// The metrics of the service.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The logs of the service.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// The tracer of the service.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// The reports of panics.
    #[must_use]
    pub fn errors(&self) -> &ErrorReports {
        &self.errors
    }

    /// Exports the queued spans and writes the buffered lines within `timeout`. Returns whether
    /// everything was flushed.
    pub async fn shutdown(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let exporter = self.exporter.lock().take();
        let exported = match exporter {
            Some(exporter) => exporter.shutdown(timeout).await,
            None => true,
        };
        let logs = self.logs.clone();
        let remaining = deadline.saturating_duration_since(Instant::now());
        let written = tokio::task::spawn_blocking(move || logs.flush(remaining))
            .await
            .unwrap_or(false);
        exported && written
    }
}

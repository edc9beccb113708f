//! Logs, metrics and traces of one service.
//!
//! Telemetry must not fail a service, slow it down or leak its data. A request changes few atomics
//! and one buffer, and never waits for a writer or a collector. Data that does not fit into a
//! bounded buffer is dropped and counted. A filter masks personal and secret data
//! ([`redact`](redact::redact)).
//!
//! Everything belongs to one [`Telemetry`] value. Services in one process share only the `tracing`
//! dispatcher, and each line names its own service.
//!
//! ```
//! use std::sync::Arc;
//! use seaworthy_core::ServiceIdentity;
//! use seaworthy_telemetry::{Telemetry, logs::{LogConfig, MemorySink}, MetricsConfig, tracer::TracingConfig};
//!
//! let sink = MemorySink::default();
//! let telemetry = Telemetry::start_with_sink(
//!     &ServiceIdentity::new("orders", "1.0.0"),
//!     &LogConfig::default(),
//!     &MetricsConfig::default(),
//!     &TracingConfig::default(),
//!     true,
//!     Arc::new(sink.clone()),
//! )
//! .unwrap();
//! tracing::info!(order = 7, customer = "ada@example.org", "order taken");
//! assert!(sink.lines()[0].contains(r#""order":7,"customer":"***""#));
//! ```

mod error_report;
pub mod logs;
pub mod metrics;
pub mod redact;
mod telemetry;
pub mod tracer;

pub use error_report::{ErrorKind, ErrorReport, ErrorReports, ErrorSink};
pub use telemetry::{MetricsConfig, Telemetry, TelemetryError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

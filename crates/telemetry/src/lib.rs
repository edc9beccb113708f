//! What a service tells: logs, metrics and traces that cost little and never block.
//!
//! Telemetry must not be what fails, slows or leaks. So a request touches a few atomics and one buffer and never waits for a writer or a collector; what
//! finds no room is dropped and counted; every text passes a filter for personal and secret shapes; and telemetry that is switched off costs next to nothing. All of
//! it belongs to one service value, [`Telemetry`]: two services in one process share nothing but the `tracing` dispatcher, and every line still
//! names the right one.
//!
//! ```
//! use std::sync::Arc;
//! use seaworthy_core::ServiceIdentity;
//! use seaworthy_telemetry::{Telemetry, logs::{Level, LogConfig, MemorySink}, MetricsConfig, tracer::TracingConfig};
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

pub use error_report::{ErrorReport, ErrorReports, ErrorSink};
pub use telemetry::{MetricsConfig, Telemetry, TelemetryError};

//! Metrics of one service: a registry, and handles that callers look up once.
//!
//! An update changes a few atomics that the handle refers to. It never hashes labels or takes a
//! lock. Existing crates look a series up at every use, guard histograms with a mutex, or use a
//! global registry. Some do not write both text formats with exemplars and units.
//!
//! ```
//! use seaworthy_telemetry::metrics::{Format, Metrics};
//!
//! let metrics = Metrics::new();
//! let joined = metrics.counter("events_joined_total", "Joins that were accepted.", &[("city", "Lyon")]);
//! joined.increment();
//! assert!(metrics.render(Format::OpenMetrics).contains("events_joined_total{city=\"Lyon\"} 1"));
//! ```

mod counter;
mod exposition;
mod family;
mod gauge;
mod histogram;
mod name;
mod process;
mod registry;
mod render;

pub use counter::Counter;
pub use exposition::Exposition;
pub use family::Family;
pub use gauge::{Gauge, GaugeGuard};
pub use histogram::{DURATION_BUCKETS, Histogram};
pub use registry::{Descriptor, Kind, MetricConflict, Metrics};
pub use render::Format;

#[cfg(test)]
mod tests;

//! Metrics of one service: a registry of its own, and handles that are resolved once.
//!
//! Own code, because of the hot path: a request must touch a few atomics it already holds, never hash label strings or take a lock. The crates that exist
//! either look a family up by its labels at every use, or guard histograms with a mutex, or are global; and none writes both text formats
//! with exemplars and units. What is here is small: counters, gauges and histograms on atomics, families with a bound on their labels, and two encoders.
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
mod family;
mod gauge;
mod histogram;
mod name;
mod process;
mod registry;
mod render;

pub use counter::Counter;
pub use family::Family;
pub use gauge::{Gauge, Raised};
pub use histogram::{DURATION_BUCKETS, Histogram};
pub use registry::{Descriptor, Kind, MetricConflict, Metrics};
pub use render::Format;

#[cfg(test)]
mod tests;

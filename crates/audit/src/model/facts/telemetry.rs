//! Telemetry that is really installed, not only imported.

use crate::model::Fact;

/// A kind of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Metrics.
    Metrics,
    /// Traces.
    Traces,
    /// Metrics of a pool of connections.
    Pool,
    /// Structured logs.
    Logs,
}

/// One installation.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// The signal that it carries.
    pub signal: Signal,
    /// The library.
    pub library: &'static str,
}

impl Fact for Telemetry {
    const KIND: &'static str = "telemetry";
}

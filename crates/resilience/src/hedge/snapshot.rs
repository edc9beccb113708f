use std::time::Duration;

use serde::Serialize;

/// Hedging at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HedgeSnapshot {
    /// How late a response must be.
    pub delay: Duration,
    /// Second requests that were sent, ever.
    pub hedges: u64,
}

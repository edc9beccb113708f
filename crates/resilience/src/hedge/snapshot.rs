use std::time::Duration;

use serde::Serialize;

/// Hedging at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HedgeSnapshot {
    /// The time without a response after which a second request is sent.
    pub delay: Duration,
    /// Second requests that were sent since the start.
    pub hedges: u64,
}

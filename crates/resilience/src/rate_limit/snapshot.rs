use std::time::Duration;

use serde::Serialize;

/// A rate limit at one instant, for the admin API. It contains no keys, which may identify people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RateLimitSnapshot {
    /// The name of the handle.
    pub name: String,
    /// Requests per key and window.
    pub requests: u32,
    /// The window.
    pub window: Duration,
    /// Keys in memory.
    pub keys: usize,
    /// Rejected requests since the start.
    pub rejected: u64,
}

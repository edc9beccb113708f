use std::time::Duration;

use serde::Serialize;

/// A rate limit of this process at one moment, for the admin API. It tells of no key: keys are people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RateLimitSnapshot {
    /// The name of the handle.
    pub name: String,
    /// Requests that one key may send in one window.
    pub requests: u32,
    /// The window.
    pub window: Duration,
    /// Keys that are told apart now.
    pub keys: usize,
    /// Requests that were refused, ever.
    pub refused: u64,
}

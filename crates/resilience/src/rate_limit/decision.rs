use std::time::Duration;

/// What a limiter says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go on.
    pub allowed: bool,
    /// Requests that may still come at once.
    pub remaining: u32,
    /// The time until everything that was used is free again.
    pub reset: Duration,
    /// The time until the next request may go on; zero when it was allowed.
    pub retry_after: Duration,
}

use std::time::Duration;

/// The decision about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is allowed.
    pub allowed: bool,
    /// Remaining requests of the burst.
    pub remaining: u32,
    /// Time until the whole quota is available.
    pub reset: Duration,
    /// Time until the next request is allowed. Zero if this one is allowed.
    pub retry_after: Duration,
}

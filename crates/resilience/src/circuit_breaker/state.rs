use std::time::Instant;

use super::snapshot::Hold;

/// What a breaker does with calls, with what it needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    Open {
        half_open_at: Instant,
        probe_at: Instant,
        /// The last failures were refused connections.
        is_unreachable: bool,
    },
    HalfOpen {
        running: u32,
        succeeded: u32,
    },
    /// By a person's hand, for a while.
    Held {
        hold: Hold,
        until: Instant,
    },
}

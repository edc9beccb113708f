use std::time::Instant;

use super::snapshot::Hold;

/// The state of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Closed,
    Open {
        half_open_at: Instant,
        probe_at: Instant,
        /// Whether the last failure was [`Unreachable`](crate::Outcome::Unreachable).
        is_unreachable: bool,
    },
    HalfOpen {
        running: u32,
        succeeded: u32,
    },
    /// An operator holds it for a time.
    Held {
        hold: Hold,
        until: Instant,
    },
}

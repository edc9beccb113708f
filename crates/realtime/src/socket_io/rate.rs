use std::time::{Duration, Instant};

/// The multiple of the limit at which a client is disconnected.
const FLOOD: u32 = 10;

/// Counts the messages of a client in periods.
#[derive(Debug)]
pub(super) struct Rate {
    max: u32,
    period: Duration,
    started: Instant,
    count: u32,
}

/// The decision about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Admit,
    Reject,
    Disconnect,
}

impl Rate {
    pub(super) fn new(max: u32, period: Duration) -> Self {
        Self {
            max,
            period,
            started: Instant::now(),
            count: 0,
        }
    }

    pub(super) fn count(&mut self, now: Instant) -> Decision {
        if now.duration_since(self.started) >= self.period {
            self.started = now;
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        if self.count <= self.max {
            Decision::Admit
        } else if self.count <= self.max.saturating_mul(FLOOD) {
            Decision::Reject
        } else {
            Decision::Disconnect
        }
    }
}

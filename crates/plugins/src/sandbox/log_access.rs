use std::time::Instant;

use seaworthy_telemetry::metrics::Counter;

use super::rate::Rate;

/// The budget of one plugin for lines in the log of the service. All plugins share the rate limit
/// of the log, so a plugin without its own budget could suppress the lines of the others.
#[derive(Debug)]
pub(crate) struct LogAccess {
    rate: Rate,
    dropped: Counter,
}

impl LogAccess {
    /// Creates a budget. `dropped` counts the lines above it.
    pub(crate) fn new(max_lines_per_second: u32, dropped: Counter) -> Self {
        Self {
            rate: Rate::new(max_lines_per_second, Instant::now()),
            dropped,
        }
    }

    /// Returns true if the plugin may write a line.
    pub(crate) fn admit(&self) -> bool {
        let is_admitted = self.rate.take(Instant::now());
        if !is_admitted {
            self.dropped.increment();
        }
        is_admitted
    }
}

use std::time::{Duration, Instant};

use super::{config::CircuitBreakerConfig, window::Window};

/// Number of failures without rejections, for endpoints with few calls.
const TOLERANCE: f64 = 5.0;
/// Consecutive successes that end the rejections. If half of the calls fail, such a run occurs once
/// in a thousand calls.
const RECOVERY_RUN: f64 = 10.0;

/// Client-side throttling. The probability of a rejection is
/// `(calls - multiplier * accepted - tolerance) / (calls + 1)`.
#[derive(Debug)]
pub(super) struct Throttle {
    multiplier: f64,
    probe_interval: Duration,
    last_sent: Instant,
    successes_in_a_row: u32,
}

impl Throttle {
    pub(super) fn new(config: &CircuitBreakerConfig, now: Instant) -> Self {
        Self {
            multiplier: f64::from(config.multiplier.get()),
            probe_interval: config.probe_interval.get(),
            last_sent: now,
            successes_in_a_row: 0,
        }
    }

    /// Returns the probability of a rejection. In the window, rejections count as failures.
    pub(super) fn rejection_probability(&self, window: &Window) -> f64 {
        let counts = window.total();
        let calls = f64::from(counts.calls);
        let accepted = f64::from(counts.calls - counts.failures);
        let chance = (calls - TOLERANCE - self.multiplier * accepted) / (calls + 1.0);
        let recovering = (f64::from(self.successes_in_a_row) / RECOVERY_RUN).min(1.0);
        (chance * (1.0 - recovering)).clamp(0.0, 1.0)
    }

    /// Returns whether a call is admitted with the random draw `draw` in `[0, 1)`.
    pub(super) fn admits(&mut self, window: &Window, now: Instant, draw: f64) -> bool {
        let probe = now.saturating_duration_since(self.last_sent) >= self.probe_interval;
        let sent = probe || draw >= self.rejection_probability(window);
        if sent {
            self.last_sent = now;
        }
        sent
    }

    /// Records an outcome.
    pub(super) fn record(&mut self, failed: bool) {
        self.successes_in_a_row = if failed {
            0
        } else {
            self.successes_in_a_row.saturating_add(1)
        };
    }
}

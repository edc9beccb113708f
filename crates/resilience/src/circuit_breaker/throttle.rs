use std::time::{Duration, Instant};

use super::{config::CircuitBreakerConfig, window::Window};

/// Refusals do not begin before so many calls more than are accepted: single failures of a quiet endpoint are borne.
const BORNE: f64 = 5.0;
/// Successes in a row after which nothing is refused any more: with half of the calls failing, such a run comes once in a thousand calls.
const WELL_AGAIN: f64 = 10.0;

/// Client-side throttling: the chance to refuse is `(calls - K * accepted - borne) / (calls + 1)`.
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

    /// The chance in `[0, 1]` with which a call is refused. In the window, what is not accepted counts as failed: failures and refusals.
    pub(super) fn refusal_chance(&self, window: &Window) -> f64 {
        let counts = window.total();
        let calls = f64::from(counts.calls);
        let accepted = f64::from(counts.calls - counts.failures);
        let chance = (calls - BORNE - self.multiplier * accepted) / (calls + 1.0);
        let recovering = (f64::from(self.successes_in_a_row) / WELL_AGAIN).min(1.0);
        (chance * (1.0 - recovering)).clamp(0.0, 1.0)
    }

    /// Whether a call may go, where `share` in `[0, 1)` stands for the random choice.
    pub(super) fn admits(&mut self, window: &Window, now: Instant, share: f64) -> bool {
        let probe = now.saturating_duration_since(self.last_sent) >= self.probe_interval;
        let sent = probe || share >= self.refusal_chance(window);
        if sent {
            self.last_sent = now;
        }
        sent
    }

    /// Takes note of an outcome.
    pub(super) fn record(&mut self, failed: bool) {
        self.successes_in_a_row = if failed {
            0
        } else {
            self.successes_in_a_row.saturating_add(1)
        };
    }
}

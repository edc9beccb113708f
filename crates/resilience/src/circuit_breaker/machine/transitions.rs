//! The transitions between the states of a breaker.

use std::time::{Duration, Instant};

use super::Machine;
use crate::circuit_breaker::{
    config::{BreakerMode, CircuitBreakerConfig},
    evaluate::reason_to_open,
    snapshot::{Hold, TripReason},
    state::State,
};

/// Time between two probes of a dependency that refuses connections. It is shorter than the time
/// for which clients retry a refused connection, so that a restart is seen immediately.
const UNREACHABLE_PROBE_INTERVAL: Duration = Duration::from_millis(250);

impl Machine {
    pub(in crate::circuit_breaker) fn hold(&mut self, hold: Hold, until: Instant, now: Instant) {
        if hold == Hold::Open {
            self.trips.record(TripReason::Manual, now);
        }
        self.run = 0;
        self.opening_run = 0;
        self.window.clear();
        self.next_update = self.next_update.min(until);
        self.enter(State::Held { hold, until }, now);
    }

    pub(in crate::circuit_breaker) fn reset(&mut self, now: Instant) {
        self.run = 0;
        self.window.clear();
        self.enter(State::Closed, now);
    }

    /// Advances to `now`. A hold in the state open ends in half-open.
    pub(in crate::circuit_breaker) fn advance(&mut self, now: Instant) {
        if now < self.next_update {
            return;
        }
        match self.state {
            State::Held {
                hold: Hold::Open,
                until,
            } if now >= until => {
                let (running, succeeded) = (0, 0);
                self.enter(State::HalfOpen { running, succeeded }, now);
            }
            State::Held { until, .. } if now >= until => self.reset(now),
            _ => {}
        }
        self.stall.advance(now);
        let buckets = self.window.advance(now);
        self.baseline.decay(buckets);
        self.next_update = self.window.next_bucket().min(self.stall.next_window());
        if let State::Held { until, .. } = self.state {
            self.next_update = self.next_update.min(until);
        }
    }

    pub(super) fn evaluate(
        &mut self,
        bad: bool,
        throttled: bool,
        now: Instant,
    ) -> Option<TripReason> {
        if !bad {
            self.baseline.count(self.run);
            self.run = 0;
            return None;
        }
        if !throttled {
            self.run = self.run.saturating_add(1);
        }
        if self.config.mode != BreakerMode::Threshold {
            return None;
        }
        let reason = reason_to_open(&self.config, self.run, &self.baseline, self.window.total())?;
        self.trip(reason, self.is_unreachable, now);
        Some(reason)
    }

    pub(super) fn trip(&mut self, reason: TripReason, is_unreachable: bool, now: Instant) {
        self.trips.record(reason, now);
        self.window.clear();
        if reason != TripReason::HalfOpenCallFailed {
            self.opening_run = self.run;
        }
        self.run = 0;
        let (half_open_at, probe_at) = (
            now + self.config.open_duration.get(),
            now + probe_interval(&self.config, is_unreachable),
        );
        self.enter(
            State::Open {
                half_open_at,
                probe_at,
                is_unreachable,
            },
            now,
        );
    }

    pub(super) fn close_after_enough_successes(&mut self, now: Instant) {
        if let State::HalfOpen { succeeded, .. } = self.state
            && succeeded >= self.config.half_open_calls.get()
        {
            self.baseline.count(self.opening_run);
            self.reset(now);
        }
    }

    pub(super) fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.since = now;
        self.stall.clear();
        self.generation = self.generation.wrapping_add(1);
    }
}

/// Returns the time between two probes. A refused connection or the rejection of a service that is
/// starting costs the dependency little.
pub(super) fn probe_interval(config: &CircuitBreakerConfig, is_unreachable: bool) -> Duration {
    let interval = config.probe_interval.get();
    if is_unreachable && interval < config.open_duration.get() {
        interval.min(UNREACHABLE_PROBE_INTERVAL)
    } else {
        interval
    }
}

mod transitions;

use std::time::{Duration, Instant};

use super::{
    atomic_state::FastPath,
    baseline::Baseline,
    config::{BreakerMode, CircuitBreakerConfig},
    snapshot::{BreakerState, Hold, Trip, TripReason},
    stall::Stall,
    state::State,
    throttle::Throttle,
    ticket::{Decision, Role, Ticket},
    trips::Trips,
    window::{Counts, Window},
};
use crate::Outcome;
use transitions::probe_interval;

/// The state machine of a breaker. The caller passes the time.
#[derive(Debug)]
pub(super) struct Machine {
    config: CircuitBreakerConfig,
    window: Window,
    baseline: Baseline,
    throttle: Throttle,
    stall: Stall,
    run: u32,
    /// Whether the last call was [`Unreachable`](Outcome::Unreachable).
    is_unreachable: bool,
    /// The run that opened it. It becomes part of the baseline if the breaker closes.
    opening_run: u32,
    state: State,
    since: Instant,
    generation: u32,
    trips: Trips,
    /// The instant at which time alone changes the state next.
    next_update: Instant,
}

impl Machine {
    pub(super) fn new(config: CircuitBreakerConfig, now: Instant) -> Self {
        Self {
            window: Window::new(config.window.get(), now),
            baseline: Baseline::default(),
            throttle: Throttle::new(&config, now),
            stall: Stall::new(
                config.consecutive_failures,
                config.slow_call_duration.get(),
                config.window.get(),
                now,
            ),
            run: 0,
            is_unreachable: false,
            opening_run: 0,
            state: State::Closed,
            since: now,
            generation: 0,
            trips: Trips::new(),
            next_update: now,
            config,
        }
    }

    /// Changes the settings. The state stays, except that another mode begins closed.
    pub(super) fn reload(&mut self, config: CircuitBreakerConfig, now: Instant) {
        self.advance(now);
        let has_other_mode = self.config.mode != config.mode;
        if self.config.window != config.window {
            self.window = Window::new(config.window.get(), now);
        }
        self.throttle = Throttle::new(&config, now);
        self.stall.reload(
            config.consecutive_failures,
            config.slow_call_duration.get(),
            config.window.get(),
            now,
        );
        self.config = config;
        if has_other_mode && !matches!(self.state, State::Held { .. }) {
            self.reset(now);
        }
        // The next call advances the machine with the new settings.
        self.next_update = now;
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the hold by an operator and its remaining time.
    pub(super) fn held(&self, now: Instant) -> Option<(Hold, Duration)> {
        match self.state {
            State::Held { hold, until } => Some((hold, until.saturating_duration_since(now))),
            _ => None,
        }
    }

    /// Returns the time since the last change of the state.
    pub(super) fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Returns the state that calls may use without the lock.
    pub(super) fn fast_path(&self) -> FastPath {
        let adaptive = self.config.mode == BreakerMode::Adaptive;
        let closed = self.state == State::Closed && !adaptive;
        let held_closed = matches!(
            self.state,
            State::Held {
                hold: Hold::Closed,
                ..
            }
        );
        FastPath {
            generation: self.generation,
            admits_all: closed || held_closed,
            is_quiet: closed && self.run == 0 && self.stall.is_empty(),
        }
    }

    /// Returns the instant at which time alone changes the state next.
    pub(super) fn next_update(&self) -> Instant {
        self.next_update
    }

    /// Counts successes without a duration, from before the next update, while there was no run and
    /// no pending call.
    pub(super) fn count_successes(&mut self, number: u32) {
        if number > 0 {
            self.window.count_successes(number);
            self.baseline.count_successes(number);
            self.stall.count_successes(number);
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed
                if self.config.mode == BreakerMode::Adaptive
                    && self.throttle.rejection_probability(&self.window) > 0.0 =>
            {
                BreakerState::HalfOpen
            }
            State::Held { hold, .. } => hold.state(),
            State::Closed => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    pub(super) fn counts(&mut self, now: Instant) -> (Counts, u32) {
        self.advance(now);
        (self.window.total(), self.run)
    }

    pub(super) fn trips(&self, now: Instant) -> Vec<Trip> {
        self.trips.with_ages(now)
    }

    /// Admits or rejects a call. Only adaptive mode uses `draw`, a random number in `[0, 1)`.
    pub(super) fn admit(&mut self, now: Instant, draw: impl FnOnce() -> f64) -> Decision {
        self.advance(now);
        let go = |role, generation| Decision::Admit(Ticket { role, generation });
        match &mut self.state {
            State::Closed if self.config.mode == BreakerMode::Adaptive => {
                if self.throttle.admits(&self.window, now, draw()) {
                    return go(Role::Ordinary, self.generation);
                }
                self.window.count(true, false);
                Decision::Reject(None)
            }
            State::Closed => go(Role::Ordinary, self.generation),
            State::Held {
                hold: Hold::Closed, ..
            } => go(Role::Ordinary, self.generation),
            State::Held {
                hold: Hold::Open,
                until,
            } => Decision::Reject(Some(until.saturating_duration_since(now))),
            State::Open {
                half_open_at,
                probe_at,
                is_unreachable,
            } => {
                if now >= *half_open_at {
                    let (running, succeeded) = (1, 0);
                    self.enter(State::HalfOpen { running, succeeded }, now);
                    return go(Role::Trial, self.generation);
                }
                if now >= *probe_at {
                    *probe_at = now + probe_interval(&self.config, *is_unreachable);
                    return go(Role::Probe, self.generation);
                }
                let next = (*probe_at).min(*half_open_at);
                Decision::Reject(Some(next.saturating_duration_since(now)))
            }
            State::HalfOpen { running, succeeded } => {
                if *running + *succeeded < self.config.half_open_calls.get() {
                    *running += 1;
                    return go(Role::Trial, self.generation);
                }
                Decision::Reject(None)
            }
        }
    }

    /// Records the outcome of a call. Returns the reason if it opens the breaker.
    pub(super) fn record(
        &mut self,
        ticket: Ticket,
        outcome: Outcome,
        took: Duration,
        now: Instant,
    ) -> Option<TripReason> {
        self.advance(now);
        if ticket.generation != self.generation {
            return None;
        }
        if outcome == Outcome::Success {
            self.stall.record_success(took);
        }
        let failed = match outcome {
            Outcome::Success => false,
            Outcome::Transient { .. }
            | Outcome::Throttled { .. }
            | Outcome::Unreachable
            | Outcome::Permanent => true,
            Outcome::Neutral => {
                self.release(ticket);
                return None;
            }
        };
        let unreachable = outcome == Outcome::Unreachable;
        self.is_unreachable = unreachable;
        let slow = took > self.config.slow_call_duration.get();
        match &mut self.state {
            State::Closed => {
                self.window.count(failed, slow);
                self.throttle.record(failed);
                let throttled = matches!(outcome, Outcome::Throttled { .. });
                self.evaluate(failed || slow, throttled, now)
            }
            State::Open {
                is_unreachable,
                probe_at,
                ..
            } if failed || slow => {
                if *is_unreachable != unreachable {
                    *is_unreachable = unreachable;
                    *probe_at = now + probe_interval(&self.config, unreachable);
                }
                None
            }
            // The dependency accepts connections again, which was its only failure.
            State::Open {
                is_unreachable: true,
                ..
            } => {
                self.baseline.count(self.opening_run);
                self.reset(now);
                None
            }
            State::Open { .. } => {
                let (running, succeeded) = (0, 1);
                self.enter(State::HalfOpen { running, succeeded }, now);
                self.close_after_enough_successes(now);
                None
            }
            State::HalfOpen { .. } if failed || slow => {
                self.trip(TripReason::HalfOpenCallFailed, unreachable, now);
                Some(TripReason::HalfOpenCallFailed)
            }
            State::HalfOpen { running, succeeded } => {
                *running = running.saturating_sub(1);
                *succeeded += 1;
                self.close_after_enough_successes(now);
                None
            }
            State::Held { .. } => {
                self.window.count(failed, slow);
                None
            }
        }
    }

    /// Adds a pending call. Returns its number, unless pending calls do not count in this state.
    pub(super) fn add_pending(&mut self, ticket: Ticket, began: Instant) -> Option<u64> {
        let is_counted = ticket == self.ordinary()
            && self.state == State::Closed
            && self.config.mode == BreakerMode::Threshold;
        is_counted.then(|| self.stall.add(began))
    }

    /// Removes a pending call that has ended.
    pub(super) fn remove_pending(&mut self, number: u64) {
        self.stall.remove(number);
    }

    /// Records a successful response head whose body is reported later.
    pub(super) fn record_head(&mut self, ticket: Ticket, took: Duration) {
        if ticket.generation == self.generation {
            self.stall.record_success(took);
        }
    }

    /// Returns when the pending calls are stalled.
    pub(super) fn stall_deadline(&self) -> Option<Instant> {
        self.stall.deadline()
    }

    /// Opens if the pending calls are stalled.
    pub(super) fn check_stall(&mut self, now: Instant) -> Option<TripReason> {
        self.advance(now);
        let stalled = self.stall.deadline().is_some_and(|due| now >= due);
        let calls = self.run.saturating_add(self.config.consecutive_failures);
        if !stalled || self.state != State::Closed {
            return None;
        }
        if !self.baseline.is_improbable(calls) {
            // Restart the window, so that not every call evaluates it.
            self.stall.clear();
            return None;
        }
        self.trip(TripReason::Stalled, false, now);
        Some(TripReason::Stalled)
    }

    fn ordinary(&self) -> Ticket {
        Ticket {
            role: Role::Ordinary,
            generation: self.generation,
        }
    }

    /// Releases the permit of a call that ended without an outcome.
    pub(super) fn release(&mut self, ticket: Ticket) {
        if ticket.generation == self.generation
            && let State::HalfOpen { running, .. } = &mut self.state
        {
            *running = running.saturating_sub(1);
        }
    }
}

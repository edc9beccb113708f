use std::time::{Duration, Instant};

use super::{
    chance::Usual,
    config::{BreakerMode, CircuitBreakerConfig},
    fast_word::Standing,
    silence::Silence,
    snapshot::{BreakerState, Hold, Trip, TripReason},
    state::State,
    throttle::Throttle,
    ticket::{Answer, Role, Ticket},
    trips::Trips,
    verdict::reason_to_open,
    window::{Counts, Window},
};
use crate::Outcome;

/// Time between two probes of a dependency that refuses connections. It is shorter than the time
/// for which clients retry a refused connection, so that a restart is seen at once.
const UNREACHABLE_PROBE_INTERVAL: Duration = Duration::from_millis(250);

/// The state machine of a breaker. It reads no clock.
#[derive(Debug)]
pub(super) struct Machine {
    config: CircuitBreakerConfig,
    window: Window,
    usual: Usual,
    throttle: Throttle,
    silence: Silence,
    run: u32,
    /// Refused connections at the end of the run.
    refused_run: u32,
    /// The run that opened it: when the trials then succeed, such runs are usual.
    opening_run: u32,
    state: State,
    since: Instant,
    generation: u32,
    trips: Trips,
    /// When time alone changes something next: before it, a call need not look.
    next_turn: Instant,
}

impl Machine {
    pub(super) fn new(config: CircuitBreakerConfig, now: Instant) -> Self {
        Self {
            window: Window::new(config.window.get(), now),
            usual: Usual::default(),
            throttle: Throttle::new(&config, now),
            silence: Silence::new(
                config.consecutive_failures,
                config.slow_call_duration.get(),
                config.window.get(),
                now,
            ),
            run: 0,
            refused_run: 0,
            opening_run: 0,
            state: State::Closed,
            since: now,
            generation: 0,
            trips: Trips::new(),
            next_turn: now,
            config,
        }
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// What a person holds it at, and for how much longer.
    pub(super) fn held(&self, now: Instant) -> Option<(Hold, Duration)> {
        match self.state {
            State::Held { hold, until } => Some((hold, until.saturating_duration_since(now))),
            _ => None,
        }
    }

    /// How long it has been in its state.
    pub(super) fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// What needs no lock as long as it is so.
    pub(super) fn standing(&self) -> Standing {
        let adaptive = self.config.mode == BreakerMode::Adaptive;
        let closed = self.state == State::Closed && !adaptive;
        let held_closed = matches!(
            self.state,
            State::Held {
                hold: Hold::Closed,
                ..
            }
        );
        Standing {
            generation: self.generation,
            admits_all: closed || held_closed,
            is_quiet: closed && self.run == 0 && self.silence.is_empty(),
        }
    }

    /// When time alone changes something next.
    pub(super) fn next_turn(&self) -> Instant {
        self.next_turn
    }

    /// Counts successes that came before the next turn, while there was no run and nothing waited, and that took no time.
    pub(super) fn count_successes(&mut self, number: u32) {
        if number > 0 {
            self.window.count_good(number);
            self.usual.count_good(number);
            self.silence.count_answers(number);
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed
                if self.config.mode == BreakerMode::Adaptive
                    && self.throttle.refusal_chance(&self.window) > 0.0 =>
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

    /// Asks whether a call may go; `draw` gives a random number in `[0, 1)` and is used in adaptive mode alone.
    pub(super) fn admit(&mut self, now: Instant, draw: impl FnOnce() -> f64) -> Answer {
        self.advance(now);
        let go = |role, generation| Answer::Go(Ticket { role, generation });
        match &mut self.state {
            State::Closed if self.config.mode == BreakerMode::Adaptive => {
                if self.throttle.admits(&self.window, now, draw()) {
                    return go(Role::Ordinary, self.generation);
                }
                self.window.count(true, false);
                Answer::Refused(None)
            }
            State::Closed => go(Role::Ordinary, self.generation),
            State::Held {
                hold: Hold::Closed, ..
            } => go(Role::Ordinary, self.generation),
            State::Held {
                hold: Hold::Open,
                until,
            } => Answer::Refused(Some(until.saturating_duration_since(now))),
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
                Answer::Refused(Some(next.saturating_duration_since(now)))
            }
            State::HalfOpen { running, succeeded } => {
                if *running + *succeeded < self.config.half_open_calls.get() {
                    *running += 1;
                    return go(Role::Trial, self.generation);
                }
                Answer::Refused(None)
            }
        }
    }

    /// Takes note of the outcome of a call; the reason when that opens the breaker.
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
            self.silence.ends(took);
        }
        let failed = match outcome {
            Outcome::Success => false,
            Outcome::Transient { .. }
            | Outcome::Throttled { .. }
            | Outcome::Unreachable
            | Outcome::Permanent => true,
            Outcome::Neutral => {
                self.give_back(ticket);
                return None;
            }
        };
        let unreachable = outcome == Outcome::Unreachable;
        self.refused_run = if unreachable {
            self.refused_run.saturating_add(1)
        } else {
            0
        };
        let slow = took > self.config.slow_call_duration.get();
        match &mut self.state {
            State::Closed => {
                self.window.count(failed, slow);
                self.throttle.record(failed);
                let throttled = matches!(outcome, Outcome::Throttled { .. });
                self.judge(failed || slow, throttled, now)
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
            // The dependency listens again. Nothing else was wrong with it.
            State::Open {
                is_unreachable: true,
                ..
            } => {
                self.usual.count(self.opening_run);
                self.reset(now);
                None
            }
            State::Open { .. } => {
                let (running, succeeded) = (0, 1);
                self.enter(State::HalfOpen { running, succeeded }, now);
                self.close_when_proved(now);
                None
            }
            State::HalfOpen { .. } if failed || slow => {
                self.trip(TripReason::TrialFailed, unreachable, now);
                Some(TripReason::TrialFailed)
            }
            State::HalfOpen { running, succeeded } => {
                *running = running.saturating_sub(1);
                *succeeded += 1;
                self.close_when_proved(now);
                None
            }
            State::Held { .. } => {
                self.window.count(failed, slow);
                None
            }
        }
    }

    /// Takes note that an ordinary call has no answer yet; its number, unless calls in flight are not judged now.
    pub(super) fn wait_for(&mut self, ticket: Ticket, began: Instant) -> Option<u64> {
        let judged = ticket == self.ordinary()
            && self.state == State::Closed
            && self.config.mode == BreakerMode::Threshold;
        judged.then(|| self.silence.waits(began))
    }

    /// Takes note that a call which waited has ended, however it ended.
    pub(super) fn wait_no_longer(&mut self, number: u64) {
        self.silence.leaves(number);
    }

    /// Takes note that an answer began well, where how it ends is reported later.
    pub(super) fn answered(&mut self, ticket: Ticket, took: Duration) {
        if ticket.generation == self.generation {
            self.silence.ends(took);
        }
    }

    /// When the calls in flight have waited too long.
    pub(super) fn silent_at(&self) -> Option<Instant> {
        self.silence.due()
    }

    /// Opens when nothing answers any more.
    pub(super) fn judge_silence(&mut self, now: Instant) -> Option<TripReason> {
        self.advance(now);
        let silent = self.silence.due().is_some_and(|due| now >= due);
        let calls = self.run.saturating_add(self.config.consecutive_failures);
        if !silent || self.state != State::Closed {
            return None;
        }
        if !self.usual.is_surprised_by(calls) {
            // Begun anew: the question is not asked again for every call.
            self.silence.clear();
            return None;
        }
        self.trip(TripReason::Silence, false, now);
        Some(TripReason::Silence)
    }

    fn ordinary(&self) -> Ticket {
        Ticket {
            role: Role::Ordinary,
            generation: self.generation,
        }
    }

    /// Takes back the permission of a call that ended without an outcome.
    pub(super) fn give_back(&mut self, ticket: Ticket) {
        if ticket.generation == self.generation
            && let State::HalfOpen { running, .. } = &mut self.state
        {
            *running = running.saturating_sub(1);
        }
    }

    pub(super) fn hold(&mut self, hold: Hold, until: Instant, now: Instant) {
        if hold == Hold::Open {
            self.trips.remember(TripReason::Manual, now);
        }
        self.run = 0;
        // No run opened it this time.
        self.opening_run = 0;
        self.window.clear();
        self.next_turn = self.next_turn.min(until);
        self.enter(State::Held { hold, until }, now);
    }

    pub(super) fn reset(&mut self, now: Instant) {
        self.run = 0;
        self.window.clear();
        self.enter(State::Closed, now);
    }

    /// Moves on to `now`. What was held open is tried before it is trusted.
    pub(super) fn advance(&mut self, now: Instant) {
        if now < self.next_turn {
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
        self.silence.advance(now);
        let buckets = self.window.advance(now);
        self.usual.fade(buckets);
        self.next_turn = self.window.turns().min(self.silence.turns());
        if let State::Held { until, .. } = self.state {
            self.next_turn = self.next_turn.min(until);
        }
    }

    fn judge(&mut self, bad: bool, throttled: bool, now: Instant) -> Option<TripReason> {
        if !bad {
            self.usual.count(self.run);
            self.run = 0;
            return None;
        }
        if !throttled {
            self.run = self.run.saturating_add(1);
        }
        if self.config.mode != BreakerMode::Threshold {
            return None;
        }
        let reason = reason_to_open(&self.config, self.run, &self.usual, self.window.total())?;
        let unreachable = self.run > 0 && self.refused_run >= self.run;
        self.trip(reason, unreachable, now);
        Some(reason)
    }

    fn trip(&mut self, reason: TripReason, is_unreachable: bool, now: Instant) {
        self.trips.remember(reason, now);
        self.window.clear();
        if reason != TripReason::TrialFailed {
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

    fn close_when_proved(&mut self, now: Instant) {
        if let State::HalfOpen { succeeded, .. } = self.state
            && succeeded >= self.config.half_open_calls.get()
        {
            self.usual.count(self.opening_run);
            self.reset(now);
        }
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.since = now;
        self.silence.clear();
        self.generation = self.generation.wrapping_add(1);
    }
}

/// Returns the time between two probes. A refused connection costs the dependency nothing.
fn probe_interval(config: &CircuitBreakerConfig, is_unreachable: bool) -> Duration {
    let interval = config.probe_interval.get();
    if is_unreachable && interval < config.open_duration.get() {
        interval.min(UNREACHABLE_PROBE_INTERVAL)
    } else {
        interval
    }
}

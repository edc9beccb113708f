use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use rand::RngExt as _;
use seaworthy_core::Timeout;
use seaworthy_telemetry::metrics::Metrics;

use super::{
    admission::Admission,
    atomic_state::AtomicState,
    config::CircuitBreakerConfig,
    machine::Machine,
    metrics::BreakerMetrics,
    snapshot::{BreakerState, CircuitBreakerSnapshot, Held, Hold, TripReason},
    ticket::{Decision, Role, Ticket},
};
use crate::{Rejection, RejectionReason, clock};

/// The value of an instant that is not set.
const NEVER: u64 = u64::MAX;

/// The circuit breaker of one dependency or endpoint. Clones share the state.
///
/// ```
/// use seaworthy_resilience::circuit_breaker::{BreakerState, CircuitBreaker, CircuitBreakerConfig};
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let breaker = CircuitBreaker::new("stock", &CircuitBreakerConfig::default(), &Metrics::new());
/// assert_eq!(breaker.state(), BreakerState::Closed);
/// ```
#[derive(Clone)]
pub struct CircuitBreaker(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    /// Admits calls and counts successes of a closed breaker without a lock.
    fast: AtomicState,
    /// Nanoseconds since `start` until the machine must advance.
    quiet_until: AtomicU64,
    machine: Mutex<Machine>,
    /// Nanoseconds since `start` until the pending calls are stalled, or [`NEVER`].
    stall_deadline: AtomicU64,
    start: Instant,
    /// Reason of the hold by an operator.
    hold_reason: Mutex<String>,
    telemetry: BreakerMetrics,
}

impl CircuitBreaker {
    /// Creates a closed breaker.
    #[must_use]
    pub fn new(name: &str, config: &CircuitBreakerConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, clock::now())
    }

    /// Creates a closed breaker at a given instant, for simulations.
    #[must_use]
    pub fn new_at(
        name: &str,
        config: &CircuitBreakerConfig,
        metrics: &Metrics,
        now: Instant,
    ) -> Self {
        let machine = Machine::new(config.clone(), now);
        Self(Arc::new(Inner {
            name: name.into(),
            fast: AtomicState::new(machine.fast_path()),
            quiet_until: AtomicU64::new(0),
            machine: Mutex::new(machine),
            stall_deadline: AtomicU64::new(NEVER),
            start: now,
            hold_reason: Mutex::default(),
            telemetry: BreakerMetrics::new(name, metrics),
        }))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Admits or rejects a call.
    ///
    /// # Errors
    /// A rejection if the breaker is open.
    pub fn admit(&self, now: Instant) -> Result<Admission, Rejection> {
        self.admit_with(now, || rand::rng().random())
    }

    /// Admits or rejects a call with the random draw in `[0, 1)`, for simulations.
    ///
    /// # Errors
    /// A rejection if the breaker is open.
    pub fn admit_with(
        &self,
        now: Instant,
        draw: impl FnOnce() -> f64,
    ) -> Result<Admission, Rejection> {
        if self.may_be_stalled() {
            self.check_stall(now);
        }
        let decision = match self.0.fast.admits() {
            Some(generation) => Decision::Admit(Ticket {
                role: Role::Ordinary,
                generation,
            }),
            None => self.change(|machine| machine.admit(now, draw)),
        };
        match decision {
            Decision::Admit(ticket) => {
                self.0.telemetry.allowed.increment();
                Ok(Admission::new(self.clone(), ticket, now))
            }
            Decision::Reject(retry_after) => {
                self.0.telemetry.rejected.increment();
                let rejection = Rejection::new(&self.0.name, RejectionReason::CircuitOpen);
                Err(match retry_after {
                    Some(wait) => rejection.with_retry_after(wait),
                    None => rejection,
                })
            }
        }
    }

    /// Holds the breaker open or closed for a time, regardless of the results of its calls. The
    /// reason is logged. A breaker that was held open becomes half-open. Within a tokio runtime,
    /// the metrics show the end of the hold immediately. Otherwise they show it with the next call.
    pub fn hold(&self, hold: Hold, length: Timeout, reason: &str) {
        self.hold_at(hold, length, reason, clock::now());
        self.schedule_end(length);
    }

    /// Ends the hold on time and not at the next call, so that the metrics show the end.
    fn schedule_end(&self, length: Timeout) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let breaker = Arc::downgrade(&self.0);
        runtime.spawn(async move {
            tokio::time::sleep(length.get()).await;
            if let Some(inner) = breaker.upgrade() {
                let _ = Self(inner).state();
            }
        });
    }

    /// Holds the breaker from a given instant, for simulations.
    pub fn hold_at(&self, hold: Hold, length: Timeout, reason: &str, now: Instant) {
        tracing::warn!(breaker = self.name(), ?hold, %length, reason, "circuit breaker held by operator");
        if hold == Hold::Open {
            self.0.telemetry.count(TripReason::Manual);
        }
        reason.clone_into(&mut self.0.hold_reason.lock());
        self.change(|machine| machine.hold(hold, now + length.get(), now));
    }

    /// Changes the settings of the running breaker (CONF-4). The state does not change, unless the
    /// mode changes: then the breaker is closed.
    pub fn reload(&self, config: &CircuitBreakerConfig) {
        self.change(|machine| machine.reload(config.clone(), clock::now()));
    }

    /// Closes the breaker, ends a hold and clears the window. The reason is logged. The baseline of
    /// failures remains.
    pub fn reset(&self, reason: &str) {
        tracing::warn!(
            breaker = self.name(),
            reason,
            "circuit breaker reset by operator"
        );
        self.change(|machine| machine.reset(clock::now()));
    }

    /// Ends an expired hold, and returns the state. Other changes happen at a call or in
    /// [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.state_at(clock::now())
    }

    /// Returns the state at a given instant, for simulations.
    #[must_use]
    pub fn state_at(&self, now: Instant) -> BreakerState {
        self.change(|machine| {
            machine.advance(now);
            machine.state()
        })
    }

    /// Returns the current state and counts.
    #[must_use]
    pub fn snapshot(&self) -> CircuitBreakerSnapshot {
        self.snapshot_at(clock::now())
    }

    /// Returns the state and counts at a given instant, for simulations.
    #[must_use]
    pub fn snapshot_at(&self, now: Instant) -> CircuitBreakerSnapshot {
        self.check_stall(now);
        // Ends an expired hold without a call.
        self.change(|machine| machine.advance(now));
        let mut machine = self.0.machine.lock();
        let (counts, consecutive_failures) = machine.counts(now);
        let held = machine.held(now).map(|(hold, expires_in)| Held {
            hold,
            expires_in,
            reason: self.0.hold_reason.lock().clone(),
        });
        CircuitBreakerSnapshot {
            name: self.name().to_owned(),
            state: machine.state(),
            since: machine.since(now),
            held,
            allowed: self.0.telemetry.allowed.get(),
            rejected: self.0.telemetry.rejected.get(),
            calls: counts.calls,
            failures: counts.failures,
            slow_calls: counts.slow,
            consecutive_failures,
            trips: machine.trips(now),
        }
    }

    /// Counts a success without the lock if it changes nothing else.
    pub(super) fn count_success(&self, ticket: Ticket, now: Instant) -> bool {
        let inner = &*self.0;
        inner.nanoseconds_until(now) < inner.quiet_until.load(Ordering::Relaxed)
            && inner.fast.count_success(ticket)
    }

    /// Returns whether enough calls are pending to open the breaker if they stall.
    pub(super) fn may_be_stalled(&self) -> bool {
        self.0.stall_deadline.load(Ordering::Relaxed) != NEVER
    }

    /// Opens if the pending calls are stalled.
    fn check_stall(&self, now: Instant) {
        if self.0.nanoseconds_until(now) >= self.0.stall_deadline.load(Ordering::Relaxed) {
            let tripped = self.change(|machine| machine.check_stall(now));
            self.report_trip(tripped);
        }
    }

    pub(super) fn report_trip(&self, tripped: Option<TripReason>) {
        if let Some(reason) = tripped {
            self.0.telemetry.count(reason);
            tracing::warn!(
                breaker = self.name(),
                reason = reason.label(),
                "circuit breaker opened"
            );
        }
    }

    /// Runs a step of the machine and publishes the changes.
    pub(super) fn change<T>(&self, step: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.0.machine.lock();
        let before = machine.generation();
        machine.count_successes(self.0.fast.take_successes());
        let outcome = step(&mut machine);
        let stall_deadline = machine
            .stall_deadline()
            .map_or(NEVER, |due| self.0.nanoseconds_until(due));
        publish(&self.0.stall_deadline, stall_deadline);
        publish(
            &self.0.quiet_until,
            self.0.nanoseconds_until(machine.next_update()),
        );
        let successes = self.0.fast.publish(machine.fast_path());
        machine.count_successes(successes);
        if machine.generation() == before {
            return outcome;
        }
        let state = machine.state();
        self.0.telemetry.state.set(state.number());
        drop(machine);
        tracing::info!(
            breaker = self.name(),
            state = ?state,
            "circuit breaker changed its state"
        );
        outcome
    }
}

impl Inner {
    /// Returns the time from the start in nanoseconds.
    fn nanoseconds_until(&self, then: Instant) -> u64 {
        let since = then.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since).unwrap_or(NEVER - 1)
    }
}

/// Writes only changes, because every call reads the value.
fn publish(cell: &AtomicU64, value: u64) {
    if cell.load(Ordering::Relaxed) != value {
        cell.store(value, Ordering::Relaxed);
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CircuitBreaker")
            .field("name", &self.0.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

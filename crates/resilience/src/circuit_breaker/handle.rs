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
    config::CircuitBreakerConfig,
    fast_word::FastWord,
    machine::Machine,
    metrics::BreakerMetrics,
    snapshot::{BreakerState, CircuitBreakerSnapshot, Held, Hold, TripReason},
    ticket::{Answer, Role, Ticket},
};
use crate::{Refusal, Refused};

/// No time at all: nothing has to be judged then.
const NEVER: u64 = u64::MAX;

/// The breaker of one dependency or endpoint. Cheap to clone; all clones are the same breaker.
#[derive(Clone)]
pub struct CircuitBreaker(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    /// A closed breaker is asked, and told of success, without a lock.
    fast: FastWord,
    /// Until when that is so, in nanoseconds since `start`: then the machine must look at the time.
    quiet_until: AtomicU64,
    machine: Mutex<Machine>,
    /// When the calls in flight have waited too long, in nanoseconds since `start`; [`NEVER`] as long as all is well.
    silent_at: AtomicU64,
    start: Instant,
    /// Why a person holds it.
    held_for: Mutex<String>,
    telemetry: BreakerMetrics,
}

impl CircuitBreaker {
    /// A closed breaker of this name.
    #[must_use]
    pub fn new(name: &str, config: &CircuitBreakerConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, Instant::now())
    }

    /// The same with the time given, for simulations.
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
            fast: FastWord::new(machine.standing()),
            quiet_until: AtomicU64::new(0),
            machine: Mutex::new(machine),
            silent_at: AtomicU64::new(NEVER),
            start: now,
            held_for: Mutex::default(),
            telemetry: BreakerMetrics::new(name, metrics),
        }))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Asks whether a call may go.
    ///
    /// # Errors
    /// A refusal when the breaker is open.
    pub fn admit(&self, now: Instant) -> Result<Admission, Refusal> {
        self.admit_with(now, || rand::rng().random())
    }

    /// The same with the random choice given as a number in `[0, 1)`, for simulations.
    ///
    /// # Errors
    /// A refusal when the breaker is open.
    pub fn admit_with(
        &self,
        now: Instant,
        draw: impl FnOnce() -> f64,
    ) -> Result<Admission, Refusal> {
        if self.watches_silence() {
            self.judge_silence(now);
        }
        let answer = match self.0.fast.admits() {
            Some(generation) => Answer::Go(Ticket {
                role: Role::Ordinary,
                generation,
            }),
            None => self.change(|machine| machine.admit(now, draw)),
        };
        match answer {
            Answer::Go(ticket) => {
                self.0.telemetry.allowed.increment();
                Ok(Admission::new(self.clone(), ticket, now))
            }
            Answer::Refused(retry_after) => {
                self.0.telemetry.refused.increment();
                let refusal = Refusal::new(&self.0.name, Refused::CircuitOpen);
                Err(match retry_after {
                    Some(wait) => refusal.with_retry_after(wait),
                    None => refusal,
                })
            }
        }
    }

    /// Holds the breaker open or closed for a time, whatever its calls say: the admin API calls this with a person's reason, which is logged. What was held open is
    /// tried afterwards as after an outage. Within a runtime the end of the hold shows at once in the metrics, outside of one with the next call or look.
    pub fn hold(&self, hold: Hold, length: Timeout, reason: &str) {
        self.hold_at(hold, length, reason, now());
        self.look_after(length);
    }

    /// Ends a hold when it is over and not with the next call: the metrics show it too.
    fn look_after(&self, length: Timeout) {
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

    /// The same with the time given, for simulations.
    pub fn hold_at(&self, hold: Hold, length: Timeout, reason: &str, now: Instant) {
        tracing::warn!(breaker = self.name(), ?hold, %length, reason, "circuit breaker held by hand");
        if hold == Hold::Open {
            self.0.telemetry.count(TripReason::Manual);
        }
        reason.clone_into(&mut self.0.held_for.lock());
        self.change(|machine| machine.hold(hold, now + length.get(), now));
    }

    /// Closes the breaker, ends a hold and forgets what its window counted, for a person's reason, which is logged. What share of failures is usual stays known.
    pub fn reset(&self, reason: &str) {
        tracing::warn!(
            breaker = self.name(),
            reason,
            "circuit breaker reset by hand"
        );
        self.change(|machine| machine.reset(Instant::now()));
    }

    /// What it does with calls. A hold that is over is over here too; anything else changes with a call, or in [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn state(&self) -> BreakerState {
        self.state_at(now())
    }

    /// The same with the time given, for simulations.
    #[must_use]
    pub fn state_at(&self, now: Instant) -> BreakerState {
        self.change(|machine| {
            machine.advance(now);
            machine.state()
        })
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> CircuitBreakerSnapshot {
        self.snapshot_at(Instant::now())
    }

    /// The same with the time given, for simulations.
    #[must_use]
    pub fn snapshot_at(&self, now: Instant) -> CircuitBreakerSnapshot {
        self.judge_silence(now);
        // A hold that is over ends here too, for those who only look.
        self.change(|machine| machine.advance(now));
        let mut machine = self.0.machine.lock();
        let (counts, run) = machine.counts(now);
        let held = machine.held(now).map(|(hold, expires_in)| Held {
            hold,
            expires_in,
            reason: self.0.held_for.lock().clone(),
        });
        CircuitBreakerSnapshot {
            name: self.name().to_owned(),
            state: machine.state(),
            since: machine.since(now),
            held,
            allowed: self.0.telemetry.allowed.get(),
            refused: self.0.telemetry.refused.get(),
            calls: counts.calls,
            failures: counts.failures,
            slow_calls: counts.slow,
            run,
            trips: machine.trips(now),
        }
    }

    /// Counts a success without the lock, where that changes nothing else.
    pub(super) fn count_success(&self, ticket: Ticket, now: Instant) -> bool {
        let inner = &*self.0;
        inner.nanoseconds_until(now) < inner.quiet_until.load(Ordering::Relaxed)
            && inner.fast.count_success(ticket)
    }

    /// Whether enough calls wait for a silence to be possible.
    pub(super) fn watches_silence(&self) -> bool {
        self.0.silent_at.load(Ordering::Relaxed) != NEVER
    }

    /// Opens when the calls in flight have waited too long.
    fn judge_silence(&self, now: Instant) {
        if self.0.nanoseconds_until(now) >= self.0.silent_at.load(Ordering::Relaxed) {
            let tripped = self.change(|machine| machine.judge_silence(now));
            self.tell(tripped);
        }
    }

    pub(super) fn tell(&self, tripped: Option<TripReason>) {
        if let Some(reason) = tripped {
            self.0.telemetry.count(reason);
            tracing::warn!(
                breaker = self.name(),
                reason = reason.label(),
                "circuit breaker opened"
            );
        }
    }

    /// Runs a step of the machine and publishes what it changed.
    pub(super) fn change<T>(&self, step: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.0.machine.lock();
        let before = machine.generation();
        machine.count_successes(self.0.fast.take_successes());
        let outcome = step(&mut machine);
        let silent_at = machine
            .silent_at()
            .map_or(NEVER, |due| self.0.nanoseconds_until(due));
        publish(&self.0.silent_at, silent_at);
        publish(
            &self.0.quiet_until,
            self.0.nanoseconds_until(machine.next_turn()),
        );
        let meanwhile = self.0.fast.publish(machine.standing());
        machine.count_successes(meanwhile);
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
    /// From the start to then.
    fn nanoseconds_until(&self, then: Instant) -> u64 {
        let since = then.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since).unwrap_or(NEVER - 1)
    }
}

/// What calls measure time by.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Writes only what changes: others read it at every call.
fn publish(shown: &AtomicU64, value: u64) {
    if shown.load(Ordering::Relaxed) != value {
        shown.store(value, Ordering::Relaxed);
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

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy_core::Backoff;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{budget::RetryBudget, config::RetryConfig};
use crate::{Outcome, clock, timeout::time_left};

/// The retry policy and budget of one dependency. Clones share the budget.
///
/// ```
/// use seaworthy_resilience::retry::{Retry, RetryConfig};
/// use seaworthy_resilience::Outcome;
/// use seaworthy_telemetry::metrics::Metrics;
///
/// let retry = Retry::new("ledger", &RetryConfig::default(), &Metrics::new());
/// retry.begin();
/// assert!(retry.next_delay(Outcome::Success, 1).is_none());
/// ```
#[derive(Clone)]
pub struct Retry(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    /// Maximum attempts of a call.
    attempts: AtomicU32,
    /// The settings of delays, which are read after failures only.
    delays: Mutex<Delays>,
    budget: RetryBudget,
    retries: Counter,
    over_budget: Counter,
    exhausted: Counter,
}

#[derive(Debug, Clone)]
struct Delays {
    backoff: Backoff,
    max_retry_after: Duration,
}

impl Delays {
    fn new(config: &RetryConfig) -> Self {
        Self {
            backoff: config.backoff(),
            max_retry_after: config.max_retry_after.get(),
        }
    }
}

/// The retries of one dependency at one instant, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetrySnapshot {
    /// The name of the handle.
    pub name: String,
    /// Retries since the start.
    pub retries: u64,
    /// Retries that the budget rejected.
    pub over_budget: u64,
    /// Retries that the budget allows.
    pub available: u32,
}

impl Retry {
    /// Creates a policy with a new budget.
    #[must_use]
    pub fn new(name: &str, config: &RetryConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, clock::now())
    }

    /// Creates a policy at a given instant, for simulations.
    #[must_use]
    pub fn new_at(name: &str, config: &RetryConfig, metrics: &Metrics, now: Instant) -> Self {
        let counter = |metric, help| metrics.counter(metric, help, &[("name", name)]);
        Self(Arc::new(Inner {
            name: name.into(),
            attempts: AtomicU32::new(config.max_attempts.get()),
            delays: Mutex::new(Delays::new(config)),
            budget: RetryBudget::new(&config.budget, now),
            retries: counter("retries_total", "Calls that were retried."),
            over_budget: counter(
                "retries_over_budget_total",
                "Calls that were not retried because the budget was exhausted.",
            ),
            exhausted: counter(
                "retries_exhausted_total",
                "Calls whose last attempt failed.",
            ),
        }))
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Changes the settings of the running policy (CONF-4).
    pub fn reload(&self, config: &RetryConfig) {
        let now = clock::now();
        self.0.budget.reload(&config.budget, now);
        *self.0.delays.lock() = Delays::new(config);
        let attempts = config.max_attempts.get();
        self.0.attempts.store(attempts, Ordering::Relaxed);
    }

    fn attempts(&self) -> u32 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    /// Counts the first attempt of a call.
    pub fn begin(&self) {
        self.0.budget.deposit();
    }

    /// Returns whether retries are enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.attempts() > 1
    }

    /// Returns the delay of the next attempt after `attempts` attempts failed, or `None` if the
    /// call must not be retried.
    #[must_use]
    pub fn next_delay(&self, outcome: Outcome, attempts: u32) -> Option<Duration> {
        let delay = self
            .0
            .delays
            .lock()
            .backoff
            .delay(attempts.saturating_sub(1));
        let now = clock::now();
        self.next_delay_within(outcome, attempts, delay, time_left(), now)
    }

    /// Returns the delay without a deadline, for simulations. `delay` includes the jitter.
    #[must_use]
    pub fn next_delay_with(
        &self,
        outcome: Outcome,
        attempts: u32,
        delay: Duration,
        now: Instant,
    ) -> Option<Duration> {
        self.next_delay_within(outcome, attempts, delay, None, now)
    }

    /// Returns the delay within the remaining time. A call without time for a retry leaves the
    /// budget unchanged.
    fn next_delay_within(
        &self,
        outcome: Outcome,
        attempts: u32,
        delay: Duration,
        left: Option<Duration>,
        now: Instant,
    ) -> Option<Duration> {
        let inner = &*self.0;
        if !outcome.is_retryable() {
            return None;
        }
        if attempts >= self.attempts() {
            inner.exhausted.increment();
            return None;
        }
        let retry_after = outcome.retry_after().unwrap_or_default();
        if retry_after > inner.delays.lock().max_retry_after {
            return None;
        }
        let delay = delay.max(retry_after);
        if left.is_some_and(|left| delay >= left) {
            return None;
        }
        if !inner.budget.withdraw(now) {
            inner.over_budget.increment();
            return None;
        }
        inner.retries.increment();
        Some(delay)
    }

    /// Returns the delay after `attempts` attempts with the random draw `fraction` in `[0, 1]`, for
    /// simulations.
    #[must_use]
    pub fn delay_at(&self, attempts: u32, fraction: f64) -> Duration {
        self.0
            .delays
            .lock()
            .backoff
            .delay_at(attempts.saturating_sub(1), fraction)
    }

    /// Withdraws one call from the budget, which hedges share.
    pub(crate) fn withdraw(&self, now: Instant) -> bool {
        self.0.budget.withdraw(now)
    }

    /// Returns the current state.
    #[must_use]
    pub fn snapshot(&self) -> RetrySnapshot {
        RetrySnapshot {
            name: self.name().to_owned(),
            retries: self.0.retries.get(),
            over_budget: self.0.over_budget.get(),
            available: self.0.budget.available(clock::now()),
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Retry")
            .field("name", &self.0.name)
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use seaworthy_core::Backoff;
use seaworthy_telemetry::metrics::{Counter, Metrics};
use serde::Serialize;

use super::{budget::RetryBudget, config::RetryConfig};
use crate::{Outcome, timeout::time_left};

/// The retries of one dependency: rules and a shared budget. Cheap to clone; all clones share the budget.
#[derive(Clone)]
pub struct Retry(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    attempts: u32,
    backoff: Backoff,
    max_retry_after: Duration,
    budget: RetryBudget,
    retries: Counter,
    over_budget: Counter,
    exhausted: Counter,
}

/// The retries of one dependency at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetrySnapshot {
    /// The name of the handle.
    pub name: String,
    /// Retries so far.
    pub retries: u64,
    /// Retries that the budget did not allow.
    pub over_budget: u64,
    /// Retries that the budget allows right now.
    pub available: u32,
}

impl Retry {
    /// Rules with a fresh budget.
    #[must_use]
    pub fn new(name: &str, config: &RetryConfig, metrics: &Metrics) -> Self {
        Self::new_at(name, config, metrics, Instant::now())
    }

    /// The same with the time given, for simulations.
    #[must_use]
    pub fn new_at(name: &str, config: &RetryConfig, metrics: &Metrics, now: Instant) -> Self {
        let counter = |metric, help| metrics.counter(metric, help, &[("name", name)]);
        Self(Arc::new(Inner {
            name: name.into(),
            attempts: config.max_attempts.get(),
            backoff: config.backoff(),
            max_retry_after: config.max_retry_after.get(),
            budget: RetryBudget::new(&config.budget, now),
            retries: counter("retries_total", "Calls that were tried again."),
            over_budget: counter(
                "retries_over_budget_total",
                "Calls that were not tried again because the budget was used up.",
            ),
            exhausted: counter(
                "retries_exhausted_total",
                "Calls that failed at their last attempt.",
            ),
        }))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Counts a call's first attempt.
    pub fn begin(&self) {
        self.0.budget.earn();
    }

    /// Whether anything is ever tried again.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.attempts > 1
    }

    /// The wait before the next attempt after `attempts` have failed, or `None` when there is none.
    #[must_use]
    pub fn next_wait(&self, outcome: Outcome, attempts: u32) -> Option<Duration> {
        let wait = self.0.backoff.delay(attempts.saturating_sub(1));
        let now = tokio::time::Instant::now().into_std();
        self.next_wait_within(outcome, attempts, wait, time_left(), now)
    }

    /// The same without the deadline, with the jittered wait and the time given, for simulations.
    #[must_use]
    pub fn next_wait_with(
        &self,
        outcome: Outcome,
        attempts: u32,
        wait: Duration,
        now: Instant,
    ) -> Option<Duration> {
        self.next_wait_within(outcome, attempts, wait, None, now)
    }

    /// The same within the time that is left: a retry that comes too late takes nothing from the budget.
    fn next_wait_within(
        &self,
        outcome: Outcome,
        attempts: u32,
        wait: Duration,
        left: Option<Duration>,
        now: Instant,
    ) -> Option<Duration> {
        let inner = &*self.0;
        if !outcome.may_be_retried() {
            return None;
        }
        if attempts >= inner.attempts {
            inner.exhausted.increment();
            return None;
        }
        let advice = outcome.retry_after().unwrap_or_default();
        if advice > inner.max_retry_after {
            return None;
        }
        let wait = wait.max(advice);
        if left.is_some_and(|left| wait >= left) {
            return None;
        }
        if !inner.budget.spend(now) {
            inner.over_budget.increment();
            return None;
        }
        inner.retries.increment();
        Some(wait)
    }

    /// The jittered wait before the attempt after `attempts`, where `share` in `[0, 1]` stands for the random choice, for simulations.
    #[must_use]
    pub fn wait_at(&self, attempts: u32, share: f64) -> Duration {
        self.0.backoff.delay_at(attempts.saturating_sub(1), share)
    }

    /// Whether the budget allows one more call beside the ordinary ones: hedges spend from it too.
    pub(crate) fn spend(&self, now: Instant) -> bool {
        self.0.budget.spend(now)
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> RetrySnapshot {
        RetrySnapshot {
            name: self.name().to_owned(),
            retries: self.0.retries.get(),
            over_budget: self.0.over_budget.get(),
            available: self.0.budget.available(Instant::now()),
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Retry")
            .field("name", &self.0.name)
            .field("attempts", &self.0.attempts)
            .finish_non_exhaustive()
    }
}

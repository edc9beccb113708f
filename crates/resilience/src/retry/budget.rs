use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `ratio` (RES-2): a dependency that fails all calls gets 20 % more load.
const DEFAULT_RATIO: Ratio = Ratio::percent(20);
/// The default of `min_retries_per_second`: a service with few calls may retry too.
const DEFAULT_MIN_RETRIES_PER_SECOND: u32 = 10;
/// The default of `window`: an hour without retries must not allow a burst of them.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(10);

/// Settings of a retry budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryBudgetConfig {
    /// Retries per call in the long run.
    pub ratio: Ratio,
    /// Retries per second that are allowed with any number of calls.
    pub min_retries_per_second: u32,
    /// Time after which unused retries expire.
    pub window: Timeout,
}

impl Default for RetryBudgetConfig {
    fn default() -> Self {
        Self {
            ratio: DEFAULT_RATIO,
            min_retries_per_second: DEFAULT_MIN_RETRIES_PER_SECOND,
            window: DEFAULT_WINDOW,
        }
    }
}

/// A budget of retries. In any time `t` it allows at most `ratio * calls + minimum * (t + 1 s)`.
///
/// A call without a retry increments one atomic. Only a retry locks the budget.
///
/// ```
/// use std::time::Instant;
///
/// use seaworthy_resilience::retry::{RetryBudget, RetryBudgetConfig};
///
/// let now = Instant::now();
/// let budget = RetryBudget::new(&RetryBudgetConfig::default(), now);
/// assert_eq!(budget.available(now), 10);
///
/// budget.deposit();
/// assert!(budget.withdraw(now));
/// assert_eq!(budget.available(now), 9);
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    calls: AtomicU64,
    balance: Mutex<Balance>,
}

#[derive(Debug)]
struct Balance {
    ratio: f64,
    /// Retries per second.
    minimum: f64,
    /// The window in seconds.
    window: f64,
    updated: Instant,
    /// The deposits of calls, in retries.
    deposits: f64,
    /// Part of the minimum, at most that of one second.
    reserve: f64,
}

impl RetryBudget {
    /// Creates a budget with the minimum of one second.
    #[must_use]
    pub fn new(config: &RetryBudgetConfig, now: Instant) -> Self {
        let minimum = f64::from(config.min_retries_per_second);
        Self {
            calls: AtomicU64::new(0),
            balance: Mutex::new(Balance {
                ratio: config.ratio.get(),
                minimum,
                window: config.window.get().as_secs_f64(),
                updated: now,
                deposits: 0.0,
                reserve: minimum,
            }),
        }
    }

    /// Changes the settings. The balance stays, up to the new minimum.
    pub fn reload(&self, config: &RetryBudgetConfig, now: Instant) {
        let mut balance = self.balance.lock();
        self.update(&mut balance, now);
        balance.ratio = config.ratio.get();
        balance.minimum = f64::from(config.min_retries_per_second);
        balance.window = config.window.get().as_secs_f64();
        balance.reserve = balance.reserve.min(balance.minimum);
    }

    /// Deposits the share of one call that is not a retry.
    pub fn deposit(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Withdraws one retry. Returns whether the budget allowed it.
    pub fn withdraw(&self, now: Instant) -> bool {
        let mut balance = self.balance.lock();
        self.update(&mut balance, now);
        let from = if balance.deposits >= 1.0 {
            &mut balance.deposits
        } else {
            &mut balance.reserve
        };
        let allowed = *from >= 1.0;
        if allowed {
            *from -= 1.0;
        }
        allowed
    }

    /// Returns the number of retries that the budget allows.
    #[must_use]
    pub fn available(&self, now: Instant) -> u32 {
        let mut balance = self.balance.lock();
        self.update(&mut balance, now);
        // Both are small and not negative.
        (balance.deposits.floor() + balance.reserve.floor()) as u32
    }

    /// Adds the deposits since the last update. Only those of the last window count.
    fn update(&self, balance: &mut Balance, now: Instant) {
        let elapsed = now
            .checked_duration_since(balance.updated)
            .unwrap_or(Duration::ZERO)
            .as_secs_f64();
        let calls = self.calls.swap(0, Ordering::Relaxed) as f64;
        let kept = (1.0 - elapsed / balance.window).max(0.0);
        let recent = (balance.window / elapsed).min(1.0);
        balance.deposits = balance.deposits * kept + balance.ratio * calls * recent;
        balance.reserve = (balance.reserve + balance.minimum * elapsed).min(balance.minimum);
        balance.updated = balance.updated.max(now);
    }
}

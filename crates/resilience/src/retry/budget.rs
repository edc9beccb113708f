use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// RES-2: a dependency that fails everything gets a fifth more than it is asked.
const DEFAULT_RATIO: Ratio = Ratio::percent(20);
/// A quiet service may retry too: ten a second harm nobody.
const DEFAULT_MINIMUM_PER_SECOND: u32 = 10;
/// Permission that was not used within this time is gone: a calm hour does not pay for a storm.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(10);

/// How many retries are allowed beside the calls themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryBudgetConfig {
    /// Retries for each call, in the long run.
    pub ratio: Ratio,
    /// Retries a second that are allowed however few calls there are.
    pub min_retries_per_second: u32,
    /// How long permission lasts.
    pub window: Timeout,
}

impl Default for RetryBudgetConfig {
    fn default() -> Self {
        Self {
            ratio: DEFAULT_RATIO,
            min_retries_per_second: DEFAULT_MINIMUM_PER_SECOND,
            window: DEFAULT_WINDOW,
        }
    }
}

/// A budget of retries: over any time `t` it allows at most `share * calls + minimum * (t + 1 s)`.
///
/// A call that is not retried touches one atomic; only a retry takes the lock and looks at the time.
#[derive(Debug)]
pub struct RetryBudget {
    share: f64,
    minimum: f64,
    window: f64,
    calls: AtomicU64,
    purse: Mutex<Purse>,
}

#[derive(Debug)]
struct Purse {
    settled: Instant,
    /// Earned by calls.
    earned: f64,
    /// Of the minimum, at most a second's worth.
    reserve: f64,
}

impl RetryBudget {
    /// A budget that holds a second's worth of its minimum.
    #[must_use]
    pub fn new(config: &RetryBudgetConfig, now: Instant) -> Self {
        let minimum = f64::from(config.min_retries_per_second);
        Self {
            share: config.ratio.get(),
            minimum,
            window: config.window.get().as_secs_f64(),
            calls: AtomicU64::new(0),
            purse: Mutex::new(Purse {
                settled: now,
                earned: 0.0,
                reserve: minimum,
            }),
        }
    }

    /// Counts a call (not a retry), which earns its share.
    pub fn earn(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the permission for one retry, if there is one.
    pub fn spend(&self, now: Instant) -> bool {
        let mut purse = self.purse.lock();
        self.settle(&mut purse, now);
        let from = if purse.earned >= 1.0 {
            &mut purse.earned
        } else {
            &mut purse.reserve
        };
        let allowed = *from >= 1.0;
        if allowed {
            *from -= 1.0;
        }
        allowed
    }

    /// How many retries are allowed right now.
    #[must_use]
    pub fn available(&self, now: Instant) -> u32 {
        let mut purse = self.purse.lock();
        self.settle(&mut purse, now);
        // Both are small and not negative.
        (purse.earned.floor() + purse.reserve.floor()) as u32
    }

    /// Credits the calls since the last look. Over a pause that is longer than the window, only the window's part of them counts.
    fn settle(&self, purse: &mut Purse, now: Instant) {
        let elapsed = now
            .checked_duration_since(purse.settled)
            .unwrap_or(Duration::ZERO)
            .as_secs_f64();
        let calls = self.calls.swap(0, Ordering::Relaxed) as f64;
        let kept = (1.0 - elapsed / self.window).max(0.0);
        let recent = (self.window / elapsed).min(1.0);
        purse.earned = purse.earned * kept + self.share * calls * recent;
        purse.reserve = (purse.reserve + self.minimum * elapsed).min(self.minimum);
        purse.settled = purse.settled.max(now);
    }
}

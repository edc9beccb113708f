use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::Threshold;

/// The default of `window`, long enough for endpoints with little traffic.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(10);
/// The default of `min_calls`. The failure of fewer calls may be random.
const DEFAULT_MIN_CALLS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default of `failure_rate`. If half of the calls fail, most work around them is wasted.
const DEFAULT_FAILURE_RATE: Threshold = Threshold::percent(50);
/// The default of `slow_call_duration`, a hundred times the latency of a usual call in a cluster.
const DEFAULT_SLOW_CALL_DURATION: Timeout = Timeout::from_secs(2);
/// The default of `slow_call_rate`, higher because a slow response is better than a failure.
const DEFAULT_SLOW_CALL_RATE: Threshold = Threshold::percent(80);
/// The default of `consecutive_failures` (RES-1).
const DEFAULT_CONSECUTIVE_FAILURES: u32 = 5;
/// The default of `open_duration` (RES-1). It only applies without calls that can be probes.
const DEFAULT_OPEN_DURATION: Timeout = Timeout::from_secs(30);
/// The default of `probe_interval`: closes within 3 s of a recovery, for 2 failed calls in 3 s.
const DEFAULT_PROBE_INTERVAL: Timeout = Timeout::from_millis(1_500);
/// The default of `half_open_calls` (RES-1).
const DEFAULT_HALF_OPEN_CALLS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// The default of `multiplier`: the value of the SRE book, which detects a recovery early.
const DEFAULT_MULTIPLIER: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// More than the divisor of the shortest wait that can open a breaker.
const REFUSED_WAIT_DIVISOR: u32 = 5;

/// The mode of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerMode {
    /// Counts calls and never rejects one.
    Off,
    /// Opens and closes by thresholds.
    #[default]
    Threshold,
    /// Rejects a share of the calls, depending on the share of failures.
    Adaptive,
}

/// Settings of a circuit breaker.
///
/// ```
/// use seaworthy_resilience::circuit_breaker::CircuitBreakerConfig;
///
/// let config = CircuitBreakerConfig {
///     consecutive_failures: 10,
///     ..CircuitBreakerConfig::default()
/// };
/// assert_eq!(config.min_calls.get(), 10);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreakerConfig {
    /// Mode: `off` only counts, `threshold` opens and closes, `adaptive` rejects a share of calls.
    pub mode: BreakerMode,
    /// Sliding window of the rates.
    pub window: Timeout,
    /// Minimum number of calls in the window before a rate applies.
    pub min_calls: NonZeroU32,
    /// Share of failed calls that opens it, with statistical evidence: for 0.5, 9 of 10 calls or 60
    /// of 100.
    pub failure_rate: Threshold,
    /// Duration above which a call is slow.
    pub slow_call_duration: Timeout,
    /// Share of slow calls that opens it, with statistical evidence.
    pub slow_call_rate: Threshold,
    /// Consecutive failed or slow calls that open it. It needs more if a share of the calls always
    /// fails. The same number of pending calls that wait unusually long also opens it. 0 disables
    /// both.
    pub consecutive_failures: u32,
    /// Maximum time from open to half-open.
    pub open_duration: Timeout,
    /// Interval of probe calls while it is open. A value of `open_duration` or more disables them.
    pub probe_interval: Timeout,
    /// Concurrent calls while it is half-open, and successes that close it.
    pub half_open_calls: NonZeroU32,
    /// Adaptive mode: maximum ratio of sent calls to successful calls.
    pub multiplier: NonZeroU32,
}

impl CircuitBreakerConfig {
    /// Returns how long a call may wait for a process that is down or starting: a fifth of
    /// `slow_call_duration`. Calls that wait for a quarter of it can open the breaker.
    #[must_use]
    pub fn max_refused_wait(&self) -> Duration {
        self.slow_call_duration.get() / REFUSED_WAIT_DIVISOR
    }
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            mode: BreakerMode::default(),
            window: DEFAULT_WINDOW,
            min_calls: DEFAULT_MIN_CALLS,
            failure_rate: DEFAULT_FAILURE_RATE,
            slow_call_duration: DEFAULT_SLOW_CALL_DURATION,
            slow_call_rate: DEFAULT_SLOW_CALL_RATE,
            consecutive_failures: DEFAULT_CONSECUTIVE_FAILURES,
            open_duration: DEFAULT_OPEN_DURATION,
            probe_interval: DEFAULT_PROBE_INTERVAL,
            half_open_calls: DEFAULT_HALF_OPEN_CALLS,
            multiplier: DEFAULT_MULTIPLIER,
        }
    }
}

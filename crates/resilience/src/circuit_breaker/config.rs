use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::Threshold;

/// Long enough for quiet endpoints, short enough to forget what is over.
const DEFAULT_WINDOW: Timeout = Timeout::from_secs(10);
/// Below ten calls even a whole failure may be chance.
const DEFAULT_MINIMUM_CALLS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// When half of the calls fail, most of the work around them is wasted.
const DEFAULT_FAILURE_RATE: Threshold = Threshold::percent(50);
/// A call inside a cluster that takes two seconds holds its caller's resources a hundred times too long.
const DEFAULT_SLOW_CALL: Timeout = Timeout::from_secs(2);
/// Slow answers are still answers: far more of them are borne than failures.
const DEFAULT_SLOW_CALL_RATE: Threshold = Threshold::percent(80);
/// RES-1.
const DEFAULT_CONSECUTIVE_FAILURES: u32 = 5;
/// RES-1. With probes it only matters where no probe comes, for want of calls.
const DEFAULT_OPEN_FOR: Timeout = Timeout::from_secs(30);
/// Back within three seconds of a recovery, the trials included, at a cost of two failing calls in three seconds.
const DEFAULT_PROBE_INTERVAL: Timeout = Timeout::from_millis(1_500);
/// RES-1.
const DEFAULT_HALF_OPEN_CALLS: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// Twice as many calls as are accepted: the value of the source, which lets a recovery be seen early.
const DEFAULT_MULTIPLIER: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// How a breaker decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerMode {
    /// Never refuses; counts only.
    Off,
    /// Opens and closes.
    #[default]
    Threshold,
    /// Refuses a share of the calls that follows the share of failures.
    Adaptive,
}

/// When a circuit breaker opens and closes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreakerConfig {
    /// Whether it opens, throttles or only counts.
    pub mode: BreakerMode,
    /// How far back calls count.
    pub window: Timeout,
    /// Calls in the window below which no rate is judged.
    pub min_calls: NonZeroU32,
    /// Opens when more than this share of calls fail beyond chance: at a half, 9 of 10 calls or 60 of 100.
    pub failure_rate: Threshold,
    /// A call that takes longer is slow.
    pub slow_call_duration: Timeout,
    /// Opens when more than this share of calls are slow beyond chance.
    pub slow_call_rate: Threshold,
    /// Opens after this many failed or slow calls in a row, more where such runs are usual, and when as many in flight wait long and nothing answers; 0 switches this off.
    pub consecutive_failures: u32,
    /// The longest time from opening to half-open.
    pub open_duration: Timeout,
    /// While open, one call in this time goes through; as long as `open_duration`, none does.
    pub probe_interval: Timeout,
    /// Calls at once while half-open, and successes that close it.
    pub half_open_calls: NonZeroU32,
    /// Adaptive mode: how many times more calls are sent than are accepted.
    pub multiplier: NonZeroU32,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self {
            mode: BreakerMode::default(),
            window: DEFAULT_WINDOW,
            min_calls: DEFAULT_MINIMUM_CALLS,
            failure_rate: DEFAULT_FAILURE_RATE,
            slow_call_duration: DEFAULT_SLOW_CALL,
            slow_call_rate: DEFAULT_SLOW_CALL_RATE,
            consecutive_failures: DEFAULT_CONSECUTIVE_FAILURES,
            open_duration: DEFAULT_OPEN_FOR,
            probe_interval: DEFAULT_PROBE_INTERVAL,
            half_open_calls: DEFAULT_HALF_OPEN_CALLS,
            multiplier: DEFAULT_MULTIPLIER,
        }
    }
}

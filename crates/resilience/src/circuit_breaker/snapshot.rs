use std::time::Duration;

use serde::Serialize;

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// All calls are admitted.
    Closed,
    /// Only probes are admitted.
    Open,
    /// `half_open_calls` calls are admitted. In adaptive mode, a share of them is admitted.
    HalfOpen,
}

impl BreakerState {
    /// Returns the value of the metric `circuit_breaker_state`.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }
}

/// The reason why a breaker opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TripReason {
    /// Consecutive failed or slow calls.
    ConsecutiveFailures,
    /// The failure rate.
    FailureRate,
    /// The rate of slow calls.
    SlowCallRate,
    /// Pending calls wait unusually long and no call succeeds.
    Stalled,
    /// A half-open call failed.
    HalfOpenCallFailed,
    /// An operator opened it.
    Manual,
}

impl TripReason {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::ConsecutiveFailures,
        Self::FailureRate,
        Self::SlowCallRate,
        Self::Stalled,
        Self::HalfOpenCallFailed,
        Self::Manual,
    ];

    /// Returns the reason as a metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::Stalled => "stalled",
            Self::HalfOpenCallFailed => "half_open_call_failed",
            Self::Manual => "manual",
        }
    }
}

/// One time that a breaker opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trip {
    /// The reason why it opened.
    pub reason: TripReason,
    /// The time since it opened.
    pub age: Duration,
}

/// The state in which an operator holds a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// No call is admitted.
    Open,
    /// Every call is admitted.
    Closed,
}

impl Hold {
    pub(super) const fn state(self) -> BreakerState {
        match self {
            Self::Open => BreakerState::Open,
            Self::Closed => BreakerState::Closed,
        }
    }
}

/// A breaker that an operator holds, with the reason and the remaining time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The state in which it is held.
    pub hold: Hold,
    /// The remaining time.
    pub expires_in: Duration,
    /// The reason that the operator gave.
    pub reason: String,
}

/// A breaker at one instant, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CircuitBreakerSnapshot {
    /// The name of the handle.
    pub name: String,
    /// The current state.
    pub state: BreakerState,
    /// The time since the last change of the state.
    pub since: Duration,
    /// The hold, if an operator holds the breaker.
    pub held: Option<Held>,
    /// Admitted calls since the start.
    pub allowed: u64,
    /// Rejected calls since the start.
    pub rejected: u64,
    /// Calls in the window.
    pub calls: u32,
    /// Failed calls in the window.
    pub failures: u32,
    /// Slow calls in the window.
    pub slow_calls: u32,
    /// Failed or slow calls since the last success.
    pub consecutive_failures: u32,
    /// The last five openings, newest first.
    pub trips: Vec<Trip>,
}

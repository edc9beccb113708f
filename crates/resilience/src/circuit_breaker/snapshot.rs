use std::time::Duration;

use serde::Serialize;

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// All calls go through.
    Closed,
    /// None goes through but probes.
    Open,
    /// A few go through on trial; in adaptive mode, a share.
    HalfOpen,
}

impl BreakerState {
    /// The value of the metric `circuit_breaker_state`.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }
}

/// Why a breaker opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TripReason {
    /// A run of failed or slow calls.
    ConsecutiveFailures,
    /// The share of failures.
    FailureRate,
    /// The share of slow calls.
    SlowCallRate,
    /// Calls in flight wait too long, and nothing answers any more.
    Silence,
    /// A trial failed.
    TrialFailed,
    /// A person opened it.
    Manual,
}

impl TripReason {
    /// Every reason, for metrics.
    pub const ALL: [Self; 6] = [
        Self::ConsecutiveFailures,
        Self::FailureRate,
        Self::SlowCallRate,
        Self::Silence,
        Self::TrialFailed,
        Self::Manual,
    ];

    /// The reason as a label of a metric.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::Silence => "silence",
            Self::TrialFailed => "trial_failed",
            Self::Manual => "manual",
        }
    }
}

/// One opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trip {
    /// Why.
    pub reason: TripReason,
    /// How long ago.
    pub age: Duration,
}

/// What a person holds a breaker at, whatever the calls say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// No call goes through.
    Open,
    /// Every call goes through.
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

/// A breaker that a person holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// At what.
    pub hold: Hold,
    /// For how much longer.
    pub expires_in: Duration,
    /// Why.
    pub reason: String,
}

/// A breaker at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CircuitBreakerSnapshot {
    /// The name of the handle.
    pub name: String,
    /// What it does with calls.
    pub state: BreakerState,
    /// How long it has done so.
    pub since: Duration,
    /// Set where a person holds it.
    pub held: Option<Held>,
    /// Calls that it let through, ever.
    pub allowed: u64,
    /// Calls that it refused, ever.
    pub refused: u64,
    /// Calls in the window.
    pub calls: u32,
    /// Failed calls in the window.
    pub failures: u32,
    /// Slow calls in the window.
    pub slow_calls: u32,
    /// Failed or slow calls since the last good one.
    pub run: u32,
    /// The last five openings, the newest first.
    pub trips: Vec<Trip>,
}

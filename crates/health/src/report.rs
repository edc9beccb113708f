use serde::Serialize;

/// The readiness of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// All checks are healthy.
    Ready,
    /// All critical checks are healthy, and an optional one is not (LIFE-7).
    Degraded,
    /// A critical check is not healthy, or the service is starting or stopping.
    NotReady,
}

impl Readiness {
    /// Returns whether the service accepts traffic.
    #[must_use]
    pub const fn accepts_traffic(self) -> bool {
        !matches!(self, Self::NotReady)
    }
}

/// The status of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// The last result is current and successful.
    Healthy,
    /// The last result is current and failed.
    Unhealthy,
    /// No current result exists.
    Unknown,
}

impl CheckStatus {
    pub(crate) const fn of(healthy: bool) -> Self {
        if healthy {
            Self::Healthy
        } else {
            Self::Unhealthy
        }
    }
}

/// One check in a [`Report`].
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// Name of the check.
    pub name: String,
    /// Whether its failure makes the service not ready.
    pub critical: bool,
    /// Current status.
    pub status: CheckStatus,
    /// Duration of the last run in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Age of the last result in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The last failure, for the admin listener only. For a check in the background it remains
    /// after a recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// The health of a service at one instant.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The readiness.
    pub status: Readiness,
    /// Phase of the service: `starting`, `started` or `stopping`.
    pub phase: &'static str,
    /// Dependencies that the start waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<String>,
    /// All checks in the order of registration.
    pub checks: Vec<CheckReport>,
}

impl Report {
    /// Removes latencies, ages and error texts, which the public listener must not contain (SEC-4).
    #[must_use]
    pub fn without_details(mut self) -> Self {
        for check in &mut self.checks {
            check.latency_ms = None;
            check.age_ms = None;
            check.last_error = None;
        }
        self
    }
}

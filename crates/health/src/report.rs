use serde::Serialize;

/// Whether traffic should come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Everything critical is well, and everything optional too.
    Ready,
    /// Everything critical is well; something optional is not (LIFE-7). Traffic should come.
    Degraded,
    /// Traffic should stay away.
    NotReady,
}

impl Readiness {
    /// Whether traffic should come.
    #[must_use]
    pub const fn accepts_traffic(self) -> bool {
        !matches!(self, Self::NotReady)
    }
}

/// What one check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// The last result is fresh and good.
    Healthy,
    /// The last result is fresh and bad.
    Unhealthy,
    /// There is no fresh result.
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
    /// The check's name.
    pub name: String,
    /// Whether its failure turns readiness off.
    pub critical: bool,
    /// What the last result is worth now.
    pub status: CheckStatus,
    /// How long the last run took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// How old the last result is, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The last failure; of a check that is asked it stays after a recovery. For the admin listener only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// All that is known of a service's health at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The verdict.
    pub status: Readiness,
    /// Where the service is in its life: `starting`, `started` or `stopping`.
    pub phase: &'static str,
    /// What the start waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<String>,
    /// Every check, in the order in which they were registered.
    pub checks: Vec<CheckReport>,
}

impl Report {
    /// The same report without latencies, ages and error texts: what the public listener may show (SEC-4).
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

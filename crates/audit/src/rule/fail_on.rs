//! The severity from which an audit fails.

use std::fmt;
use std::str::FromStr;

use super::Severity;

/// Lowest severity that fails an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// This one and worse.
    Severity(Severity),
    /// No finding fails the audit.
    Never,
}

impl Default for FailOn {
    /// A first run on an old repository finds hundreds of minor problems. Teams switch off a gate
    /// that fails on them.
    fn default() -> Self {
        Self::Severity(Severity::High)
    }
}

impl FailOn {
    /// Whether a finding of this severity fails the audit.
    #[must_use]
    pub fn fails(self, severity: Severity) -> bool {
        matches!(self, Self::Severity(lowest) if severity >= lowest)
    }
}

/// The error for a text that is not a threshold.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a severity: use critical, high, medium, low, info, or never")]
pub struct UnknownThreshold(String);

impl FromStr for FailOn {
    type Err = UnknownThreshold;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        text.parse()
            .map(Self::Severity)
            .map_err(|_| UnknownThreshold(text.to_owned()))
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Severity(severity) => severity.fmt(formatter),
            Self::Never => formatter.pad("never"),
        }
    }
}

//! The metadata of a rule, used by `seaworthy audit explain` and the generated documents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The severity of a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A note that does not affect the score.
    Info,
    /// Fix at the next opportunity.
    Low,
    /// Fix within a month.
    Medium,
    /// Fix within a week.
    High,
    /// Fix before production.
    Critical,
}

impl Severity {
    /// The name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Every severity, worst first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Info,
    ];
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The error for a text that is not a severity.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a severity: use critical, high, medium, low or info")]
pub struct UnknownSeverity(String);

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text.to_lowercase())
            .ok_or_else(|| UnknownSeverity(text.to_owned()))
    }
}

/// The confidence of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Likely, but a person has to look: the finding is reported for review. It is at most of
    /// medium severity and does not fail an audit.
    Low,
    /// The evidence is clear, but something outside the repository might explain it.
    Medium,
    /// The evidence decides.
    High,
}

impl Confidence {
    /// The name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The chapter of the catalogue that a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// CONF.
    Configuration,
    /// LIFE.
    Lifecycle,
    /// HLTH.
    Health,
    /// OBS.
    Observability,
    /// RES.
    Resilience,
    /// DATA.
    Data,
    /// MSG and WORK.
    Messaging,
    /// SEC and AUTH.
    Security,
    /// API and CORE.
    Contracts,
    /// SHIP.
    Operations,
}

impl Category {
    /// The name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Lifecycle => "lifecycle",
            Self::Health => "health",
            Self::Observability => "observability",
            Self::Resilience => "resilience",
            Self::Data => "data",
            Self::Messaging => "messaging",
            Self::Security => "security",
            Self::Contracts => "contracts",
            Self::Operations => "operations",
        }
    }
}

/// The metadata of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// The catalogue's ID with a suffix: `SHIP-1.root-user`. Also the name of the rule's folder.
    pub id: &'static str,
    /// The problem in a few words.
    pub title: &'static str,
    /// The default severity of a breach.
    pub severity: Severity,
    /// The chapter.
    pub category: Category,
    /// The code that the rule reads, and its conditions.
    pub meaning: &'static str,
    /// The consequence of ignoring the finding.
    pub why: &'static str,
    /// How to fix it: ecosystem (`any` for all) and text.
    pub fix: &'static [(&'static str, &'static str)],
    /// Addresses of documents.
    pub references: &'static [&'static str],
}

impl Metadata {
    /// The catalogue's ID, without the suffix.
    #[must_use]
    pub fn requirement(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// The fix for an ecosystem, else the one for any.
    #[must_use]
    pub fn fix_for(&self, ecosystem: &str) -> &'static str {
        let find = |name: &str| {
            self.fix
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, text)| *text)
        };
        find(ecosystem)
            .or_else(|| find("any"))
            .or_else(|| self.fix.first().map(|(_, text)| *text))
            .unwrap_or_default()
    }
}

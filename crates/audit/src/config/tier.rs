//! Tiers: which requirements apply to a service.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ServiceKind;
use crate::rule::{Category, Metadata, Severity};

/// Selects the requirements that apply to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Runs permanently and serves requests: every rule applies.
    #[default]
    Standard,
    /// Runs to its end, started by a schedule or an operator. It gets no traffic, so the rules for
    /// probes and request metrics do not apply.
    Batch,
    /// An experiment that no user depends on: every rule applies, with at most severity low.
    Prototype,
}

/// Requirements about requests. They do not apply to programs that run to their end.
const NOT_FOR_BATCH: [&str; 3] = ["LIFE-3", "LIFE-7", "OBS-4"];

impl Tier {
    /// Whether a rule applies to services of this tier. A service that the model recognizes as a
    /// job is a batch job, independent of the configured tier.
    #[must_use]
    pub(crate) fn applies(self, rule: &Metadata, kind: Option<ServiceKind>) -> bool {
        let batch = self == Self::Batch || kind == Some(ServiceKind::Job);
        !(batch
            && (rule.category == Category::Health || NOT_FOR_BATCH.contains(&rule.requirement())))
    }

    /// Returns the severity of a breach in this tier.
    #[must_use]
    pub(crate) fn severity(self, severity: Severity) -> Severity {
        match self {
            Self::Prototype => severity.min(Severity::Low),
            Self::Standard | Self::Batch => severity,
        }
    }

    /// Returns the name that every output uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Prototype => "prototype",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The tier of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTier {
    /// Name of the service, as the report prints it.
    pub service: String,
    /// The tier that the configuration sets.
    pub tier: Tier,
    /// The location of the setting, such as `seaworthy-audit.toml:4:1`. The error for an unknown
    /// service prints it.
    pub place: String,
}

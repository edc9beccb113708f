//! Tiers: how much a service has to promise.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ServiceKind;
use crate::rule::{Category, Metadata, Severity};

/// How much a service has to promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Runs permanently and serves requests: every rule applies.
    #[default]
    Standard,
    /// Runs to its end and is started again by a schedule or by hand: it gets no traffic, so probes
    /// and request metrics are not asked for.
    Batch,
    /// An experiment that no user depends on: every rule is asked, and nothing is worth more than
    /// low.
    Prototype,
}

/// Promises about requests that a program which runs to its end does not answer.
const NOT_FOR_BATCH: [&str; 3] = ["LIFE-3", "LIFE-7", "OBS-4"];

impl Tier {
    /// Whether a rule applies to services of this tier. A service that the model recognizes as a
    /// job is a batch job, whatever tier the configuration sets.
    #[must_use]
    pub(crate) fn asks(self, rule: &Metadata, kind: Option<ServiceKind>) -> bool {
        let batch = self == Self::Batch || kind == Some(ServiceKind::Job);
        !(batch && (rule.category == Category::Health || NOT_FOR_BATCH.contains(&rule.promise())))
    }

    /// The severity of a breach in this tier.
    #[must_use]
    pub(crate) fn severity(self, severity: Severity) -> Severity {
        match self {
            Self::Prototype => severity.min(Severity::Low),
            Self::Standard | Self::Batch => severity,
        }
    }

    /// The name used in every output.
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
    /// Its tier.
    pub tier: Tier,
    /// The location of the setting, for the error if there is no such service:
    /// `seaworthy-audit.toml:4:1`.
    pub place: String,
}

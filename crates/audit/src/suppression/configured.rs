//! A suppression in the configuration file.

use chrono::NaiveDate;
use globset::GlobMatcher;

use crate::report::Finding;

/// A suppression of the configuration file. A finding has to meet every condition that is set.
#[derive(Debug, Clone)]
pub struct ConfiguredSuppression {
    /// ID of the rule.
    pub rule: String,
    /// The finding's file.
    pub path: Option<GlobMatcher>,
    /// The finding's fingerprint.
    pub fingerprint: Option<String>,
    /// The finding's service.
    pub service: Option<String>,
    /// The reason.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<NaiveDate>,
    /// The location, such as `seaworthy-audit.toml:12`.
    pub place: String,
}

impl ConfiguredSuppression {
    pub(super) fn matches(&self, finding: &Finding) -> bool {
        self.rule == finding.id
            && self
                .path
                .as_ref()
                .is_none_or(|path| path.is_match(&finding.path))
            && self
                .fingerprint
                .as_ref()
                .is_none_or(|fingerprint| *fingerprint == finding.fingerprint)
            && self
                .service
                .as_ref()
                .is_none_or(|service| Some(service) == finding.service.as_ref())
    }
}

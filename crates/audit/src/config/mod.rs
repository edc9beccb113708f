//! Settings of an audit: limits, tiers, exclusions and suppressions. They come from code or from a
//! file in the repository.

mod error;
mod file;
mod ignored;
mod rule_setting;
mod tier;

use std::collections::BTreeMap;

use chrono::{NaiveDate, Utc};

pub use error::ConfigError;
pub use file::{CONFIG_FILE_NAME, ConfigFile};
pub use ignored::IgnoredPaths;
pub use rule_setting::RuleSetting;
pub use tier::{ServiceTier, Tier};

use crate::repository::Limits;
use crate::suppression::ConfiguredSuppression;

/// Settings of an audit.
#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// The limits of the audit.
    pub limits: Limits,
    /// The day that decides whether a suppression has expired.
    pub today: NaiveDate,
    /// Files that are not read.
    pub ignored: IgnoredPaths,
    /// The tier of services that have none of their own.
    pub tier: Tier,
    /// Tiers of single services.
    pub service_tiers: Vec<ServiceTier>,
    /// Settings of single rules, by ID.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Suppressions of a configuration file.
    pub suppressions: Vec<ConfiguredSuppression>,
    /// Whether suppressions in comments and in the file have an effect. Set it to `false` for
    /// third-party repositories.
    pub honour_suppressions: bool,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            today: Utc::now().date_naive(),
            ignored: IgnoredPaths::default(),
            tier: Tier::default(),
            service_tiers: Vec::new(),
            rules: BTreeMap::new(),
            suppressions: Vec::new(),
            honour_suppressions: true,
        }
    }
}

impl AuditConfig {
    /// The tier of a service.
    #[must_use]
    pub fn tier_of(&self, service: &str) -> Tier {
        self.service_tiers
            .iter()
            .find(|own| own.service == service)
            .map_or(self.tier, |own| own.tier)
    }
}

use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, mask::MaskRuleConfig};
use serde::{Deserialize, Serialize};

/// The default of `retention_days`: long enough for most inquiries.
const DEFAULT_RETENTION_DAYS: NonZeroU32 = NonZeroU32::new(180).unwrap();
/// The default of `max_content_size`: larger than most forms.
const DEFAULT_MAX_CONTENT_SIZE: ByteSize = ByteSize::bytes(10_000);

/// Settings of the operation log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OperationLogConfig {
    /// Whether unsafe calls are stored.
    pub enabled: bool,
    /// The node of this replica, 0 to 1023, for numeric IDs of entries that increase over time.
    /// Each replica needs another one. Not set: the IDs are UUIDs.
    #[schemars(range(max = 1023))]
    pub node: Option<u16>,
    /// Whether the replica claims a free node in the database instead of `node`. Until it has one,
    /// the IDs are UUIDs.
    pub claim_node: bool,
    /// The retention of entries in days.
    pub retention_days: NonZeroU32,
    /// The maximum size of the content that an entry stores. Longer texts and lists are cut. A
    /// request above 64 KiB is stored by its size.
    pub max_content_size: ByteSize,
    /// How fields of requests are masked, in addition to those that are recognized by name or form.
    /// Secrets are always redacted.
    pub mask_rules: Vec<MaskRuleConfig>,
}

impl OperationLogConfig {
    /// Returns the settings of a log that stores unsafe calls.
    #[must_use]
    pub fn enabled() -> Self {
        Self {
            enabled: true,
            ..Self::default()
        }
    }

    /// Returns these settings with rules that mask the named fields completely, before all other
    /// rules. Name the fields that the service encrypts.
    ///
    /// ```
    /// use seaworthy_operation_log::OperationLogConfig;
    ///
    /// let config = OperationLogConfig::enabled().with_masked_fields(&["accountNumber"]);
    /// assert_eq!(config.mask_rules[0].mask("4711"), "****");
    /// ```
    #[must_use]
    pub fn with_masked_fields(mut self, names: &[&str]) -> Self {
        let rules = names.iter().map(|name| MaskRuleConfig {
            field_name: (*name).to_owned(),
            ..MaskRuleConfig::default()
        });
        // The first rule of a field applies.
        self.mask_rules = rules.chain(self.mask_rules).collect();
        self
    }
}

impl Default for OperationLogConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            node: None,
            claim_node: false,
            retention_days: DEFAULT_RETENTION_DAYS,
            max_content_size: DEFAULT_MAX_CONTENT_SIZE,
            mask_rules: Vec::new(),
        }
    }
}

use std::{collections::BTreeMap, num::NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};

use crate::RecordReference;

/// Settings of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditLogConfig {
    /// The key of the chain, at least 32 bytes. Required. An attacker who has the
    /// database but not this key cannot alter or remove records unnoticed. To detect the removal of
    /// the last records, store a record elsewhere.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub key: Option<Secret<String>>,
    /// Additional keys that verify and do not sign, by a name of your choice. Add the next key
    /// before you change `key`, and keep each earlier key while its records are stored.
    pub additional_verification_keys: BTreeMap<String, VerificationKeyConfig>,
    /// The retention of entries in days. Without it, entries are stored forever.
    pub retention_days: Option<NonZeroU32>,
}

/// A key that verifies and does not sign.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerificationKeyConfig {
    /// The key, at least 32 bytes.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub key: Option<Secret<String>>,
    /// The last record that the key signed, as `NUMBER:HASH`. `audit-log verify` prints it. With
    /// it, a stolen key can neither add nor alter records.
    #[schemars(with = "Option<String>")]
    pub last: Option<RecordReference>,
}

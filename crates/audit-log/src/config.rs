use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};

/// Settings of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditLogConfig {
    /// What the chain is keyed with, at least 32 bytes; without it the service does not start. Who has the database and not this key can cut off the end of the log, which a number and hash that were kept elsewhere show, and can alter or remove nothing before it unseen.
    #[serde(skip_serializing)]
    pub key: Option<Secret<String>>,
    /// How many days an entry is kept; for good where it is absent.
    pub keep_days: Option<NonZeroU32>,
}

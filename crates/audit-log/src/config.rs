use std::{collections::BTreeMap, num::NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::Secret;
use serde::{Deserialize, Serialize};

use crate::RecordReference;

/// Settings of the audit log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditLogConfig {
    /// What the chain is keyed with, at least 32 bytes; without it the service does not start. Who has the database and not this key can cut off the end of the log, which a number and hash that were kept elsewhere show, and can alter or remove nothing before it unseen.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub key: Option<Secret<String>>,
    /// Other keys whose records are believed, each under a name of your own, such as a year: the next one while `key` is changed, and every earlier one for as long as its records are kept.
    pub also_believed: BTreeMap<String, BelievedKeyConfig>,
    /// How many days an entry is kept; for good where it is absent.
    pub keep_days: Option<NonZeroU32>,
}

/// A key whose records are believed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BelievedKeyConfig {
    /// The key, at least 32 bytes.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub key: Option<Secret<String>>,
    /// The last record that it signed, as `NUMBER:HASH`, which `audit-log verify` tells when no replica has it as its own any more. From then on whoever has stolen it can add and alter nothing.
    #[schemars(with = "Option<String>")]
    pub last: Option<RecordReference>,
}

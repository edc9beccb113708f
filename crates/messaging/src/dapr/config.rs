use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `timeout`. A sidecar responds within milliseconds. Its broker may be slower.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);

/// Settings of Dapr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DaprConfig {
    /// The component of each consumer group, by group. Its `consumerID` must be the name of the
    /// group. A group with the name of the Dapr application needs no entry, because it uses the
    /// component of the URL.
    pub groups: BTreeMap<String, String>,
    /// The state store component for dead letters, which must support `ETag`s. Not set: dead
    /// letters are messages of their topic, and only the tools of the broker can list, replay and
    /// discard them.
    pub dead_letters: Option<String>,
    /// The time limit of a call to the sidecar, including the connection.
    pub timeout: Timeout,
}

impl Default for DaprConfig {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            dead_letters: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

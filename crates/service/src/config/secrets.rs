use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `refresh_interval`. A rotated secret is in use within a minute.
const DEFAULT_REFRESH_INTERVAL: Timeout = Timeout::from_secs(60);

/// Secrets in external stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretsConfig {
    /// The interval at which secrets with the reference `vault:` or `aws:` are read again. Secrets
    /// with `file:` are read when the file changes.
    pub refresh_interval: Timeout,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self {
            refresh_interval: DEFAULT_REFRESH_INTERVAL,
        }
    }
}

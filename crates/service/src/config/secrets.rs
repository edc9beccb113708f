use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// A rotated secret is in use before anybody wonders, and a vault is asked once a minute per replica.
const DEFAULT_REFRESH: Timeout = Timeout::from_secs(60);

/// Secrets that are kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecretsConfig {
    /// How often secrets behind vault: are read again. Those behind file: are read when the file changes.
    pub refresh: Timeout,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self {
            refresh: DEFAULT_REFRESH,
        }
    }
}

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// A few times what a call inside a cluster takes; set it to the 95th percentile of the dependency.
const DEFAULT_DELAY: Timeout = Timeout::from_millis(100);

/// When a second request is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HedgeConfig {
    /// How late an answer must be.
    pub delay: Timeout,
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self {
            delay: DEFAULT_DELAY,
        }
    }
}

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `delay`: a few times the latency in a cluster. Use the 95th percentile instead.
const DEFAULT_DELAY: Timeout = Timeout::from_millis(100);

/// Settings of hedging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HedgeConfig {
    /// Time without a response after which the request is sent a second time.
    pub delay: Timeout,
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self {
            delay: DEFAULT_DELAY,
        }
    }
}

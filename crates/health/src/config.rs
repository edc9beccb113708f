use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// HLTH-3: often enough that a lost dependency is seen within two probe periods of an orchestrator.
const DEFAULT_INTERVAL: Timeout = Timeout::from_secs(3);
/// HLTH-3: one missed refresh plus the time a check may take.
const DEFAULT_MAX_RESULT_AGE: Timeout = Timeout::from_secs(5);
/// HLTH-3: a dependency that needs longer to say that it is well is not well.
const DEFAULT_CHECK_TIMEOUT: Timeout = Timeout::from_secs(2);

/// How the service watches its own health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// How often every check runs.
    pub interval: Timeout,
    /// The age from which a result counts as unknown, which is not ready.
    pub max_result_age: Timeout,
    /// How long one check may take.
    pub check_timeout: Timeout,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            interval: DEFAULT_INTERVAL,
            max_result_age: DEFAULT_MAX_RESULT_AGE,
            check_timeout: DEFAULT_CHECK_TIMEOUT,
        }
    }
}

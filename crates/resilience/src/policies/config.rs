use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::{bulkhead::BulkheadConfig, circuit_breaker::CircuitBreakerConfig, retry::RetryConfig};

/// A call inside a cluster that has not answered after two seconds has most likely failed.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// Room for the attempts and the waits between them, and still within a person's patience.
const DEFAULT_TOTAL: Timeout = Timeout::from_secs(10);

/// The policies of one dependency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoliciesConfig {
    /// How long one attempt may take.
    pub timeout: Timeout,
    /// How long a call may take with all its attempts; the deadline of the request shortens it.
    pub total: Timeout,
    /// When a call is tried again.
    pub retry: RetryConfig,
    /// How many calls run at once.
    pub bulkhead: BulkheadConfig,
    /// When calls are refused because they would fail.
    pub breaker: CircuitBreakerConfig,
}

impl Default for PoliciesConfig {
    fn default() -> Self {
        Self {
            timeout: DEFAULT_TIMEOUT,
            total: DEFAULT_TOTAL,
            retry: RetryConfig::default(),
            bulkhead: BulkheadConfig::default(),
            breaker: CircuitBreakerConfig::default(),
        }
    }
}

/// The policies of all dependencies, by name. A dependency that is not named has the defaults: nothing is without policies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResilienceConfig {
    /// By the name of the dependency.
    pub dependencies: BTreeMap<String, PoliciesConfig>,
}

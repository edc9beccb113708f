use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::{
    adaptive_concurrency::AdaptiveConcurrencyConfig, bulkhead::BulkheadConfig,
    circuit_breaker::CircuitBreakerConfig, hedge::HedgeConfig, rate_limit::RateLimitConfig,
    retry::RetryConfig,
};

/// A call inside a cluster that has not answered after two seconds has most likely failed.
const DEFAULT_ATTEMPT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// Room for the attempts and the waits between them, and still within a person's patience.
const DEFAULT_TOTAL_TIMEOUT: Timeout = Timeout::from_secs(10);

/// The policies of one dependency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoliciesConfig {
    /// How long one attempt may take.
    pub attempt_timeout: Timeout,
    /// How long a call may take with all its attempts; the deadline of the request shortens it.
    pub total_timeout: Timeout,
    /// When a call is tried again.
    pub retry: RetryConfig,
    /// How many calls run at once.
    pub bulkhead: BulkheadConfig,
    /// When calls are refused because they would fail.
    pub breaker: CircuitBreakerConfig,
    /// How many calls this process makes in a time. Not set: as many as are asked for.
    pub rate_limit: Option<RateLimitConfig>,
    /// How the number of calls at once follows the latency of the dependency. Not set: the bulkhead alone bounds it.
    pub adaptive_concurrency: Option<AdaptiveConcurrencyConfig>,
    /// When a second request is sent because the answer to the first is late: of the HTTP client for GET and HEAD without a body. Not set: never.
    pub hedge: Option<HedgeConfig>,
    /// Whether equal requests that run at the same time are one call, where code says which are equal.
    pub coalesce: bool,
}

impl Default for PoliciesConfig {
    fn default() -> Self {
        Self {
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            total_timeout: DEFAULT_TOTAL_TIMEOUT,
            retry: RetryConfig::default(),
            bulkhead: BulkheadConfig::default(),
            breaker: CircuitBreakerConfig::default(),
            rate_limit: None,
            adaptive_concurrency: None,
            hedge: None,
            coalesce: false,
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

use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::{
    adaptive_concurrency::AdaptiveConcurrencyConfig, bulkhead::BulkheadConfig,
    circuit_breaker::CircuitBreakerConfig, hedge::HedgeConfig, rate_limit::RateLimitConfig,
    retry::RetryConfig,
};

/// The default of `attempt_timeout`. A slower call in a cluster has most likely failed.
const DEFAULT_ATTEMPT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// The default of `total_timeout`, enough for three attempts and the delays between them.
const DEFAULT_TOTAL_TIMEOUT: Timeout = Timeout::from_secs(10);

/// Settings of the policies of one dependency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PoliciesConfig {
    /// Maximum time of one attempt.
    #[schemars(extend("x-reloadable" = true))]
    pub attempt_timeout: Timeout,
    /// Maximum time of a call with all attempts. The deadline of the request shortens it.
    #[schemars(extend("x-reloadable" = true))]
    pub total_timeout: Timeout,
    /// Retries.
    #[schemars(extend("x-reloadable" = true))]
    pub retry: RetryConfig,
    /// Maximum concurrent calls.
    #[schemars(extend("x-reloadable" = true))]
    pub bulkhead: BulkheadConfig,
    /// Circuit breaker.
    #[schemars(extend("x-reloadable" = true))]
    pub breaker: CircuitBreakerConfig,
    /// Maximum rate of calls of this process. No limit if it is not set.
    #[schemars(extend("x-reloadable" = true))]
    pub rate_limit: Option<RateLimitConfig>,
    /// Concurrency limit that follows the latency. Only the bulkhead applies if it is not set.
    #[schemars(extend("x-reloadable" = true))]
    pub adaptive_concurrency: Option<AdaptiveConcurrencyConfig>,
    /// Second request if the first response is late. The HTTP client hedges GET and HEAD without a
    /// body. Off if it is not set.
    #[schemars(extend("x-reloadable" = true))]
    pub hedge: Option<HedgeConfig>,
    /// Whether identical concurrent requests share one call. Code defines which requests are
    /// identical.
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

/// Policies of all dependencies by name. A dependency that is not listed has the defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResilienceConfig {
    /// Policies by the name of the dependency.
    pub dependencies: BTreeMap<String, PoliciesConfig>,
}

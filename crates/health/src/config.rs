use std::net::SocketAddr;

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `interval`: detects a lost dependency within two Kubernetes probes (HLTH-3).
const DEFAULT_INTERVAL: Timeout = Timeout::from_secs(3);
/// The default of `max_result_age`: `interval` plus `check_timeout` (HLTH-3).
const DEFAULT_MAX_RESULT_AGE: Timeout = Timeout::from_secs(5);
/// The default of `check_timeout`: a slower dependency is unhealthy (HLTH-3).
const DEFAULT_CHECK_TIMEOUT: Timeout = Timeout::from_secs(2);

/// Settings of health checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// The address of a further listener that serves probes only. Not set: the public and the admin
    /// listener serve them.
    pub addr: Option<SocketAddr>,
    /// Interval between two runs of a check.
    pub interval: Timeout,
    /// Maximum age of a result. An older result counts as unknown, which is not ready.
    pub max_result_age: Timeout,
    /// Maximum time of one check.
    pub check_timeout: Timeout,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            addr: None,
            interval: DEFAULT_INTERVAL,
            max_result_age: DEFAULT_MAX_RESULT_AGE,
            check_timeout: DEFAULT_CHECK_TIMEOUT,
        }
    }
}

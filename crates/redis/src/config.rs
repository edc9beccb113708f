use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::url::RedisUrl;

/// The default of `timeout`. Callers treat a slower Redis as unavailable (DATA-5).
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);

/// Settings of a connection to Redis.
///
/// ```
/// use seaworthy_redis::RedisConfig;
///
/// let url = "redis://cache.internal:6379".parse().unwrap();
/// let config = RedisConfig { url, ..RedisConfig::default() };
/// assert!(config.password.is_none());
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// The URL: redis://host:port/database, redis+sentinel://host:port,host:port/master/database or
    /// redis+cluster://host:port,host:port. Use rediss for TLS.
    pub url: RedisUrl,
    /// The password, if the URL contains none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// The time limit of a call, including the connection.
    pub timeout: Timeout,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: RedisUrl::default(),
            password: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::url::RedisUrl;

/// DATA-5: in the middle of a request a Redis that takes longer is as good as down.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);

/// A Redis and how it is used.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedisConfig {
    /// Where it is: redis://host:port/database, redis+sentinel://host:port,host:port/master/database or redis+cluster://host:port,host:port; rediss for TLS.
    pub url: RedisUrl,
    /// The password, where the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// How long an answer may take, connecting included.
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

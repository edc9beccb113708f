use std::{collections::BTreeMap, num::NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use seaworthy_redis::{RedisConfig, RedisUrl};
use serde::{Deserialize, Serialize};

use super::super::{OnStoreFailure, config::RateLimitConfig, shared::SharedRateLimitConfig};

/// Maximum number of further limits. Each costs a lookup, or a round trip to Redis, per request.
pub(super) const MAX_LIMITS: usize = 8;
/// Maximum length of a name, which is part of two response headers.
pub(super) const MAX_NAME_LENGTH: usize = 64;

/// Settings of the rate limits of a listener or a route: one limit, and further limits by name.
///
/// ```
/// use seaworthy_resilience::rate_limit::RateLimitsConfig;
///
/// let config: RateLimitsConfig = serde_json::from_str(
///     r#"{
///         "requests": 20, "window": "1s",
///         "limits": { "daily": { "by": "ip", "requests": 5000, "window": "24h" } },
///         "redis": { "url": "redis://127.0.0.1:6379", "on_failure": "local" }
///     }"#,
/// ).unwrap();
/// assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct RateLimitsConfig {
    /// Whether requests are limited.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "requests are not limited, so one client can use the whole capacity",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Requests per window, which is also the maximum burst by default.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]))]
    pub requests: NonZeroU32,
    /// Window. The long-term rate is `requests / window`.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-6", "below": "100ms" }]))]
    pub window: Timeout,
    /// The maximum burst. Not set: `requests`.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]))]
    pub burst: Option<NonZeroU32>,
    /// The requests that are counted together.
    pub by: LimitBy,
    /// Further limits by name. A request must be within all of them.
    pub limits: BTreeMap<String, NamedLimitConfig>,
    /// Whether responses also have the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and
    /// `X-RateLimit-Reset` (Unix seconds) of the limit with the fewest remaining requests.
    pub legacy_headers: bool,
    /// Maximum number of keys per limit in the memory of this process. Each needs about 100 bytes.
    /// Further keys share one limit.
    pub max_keys: NonZeroU32,
    /// The Redis in which all replicas count together. Not set: each replica counts its own
    /// requests.
    pub redis: Option<RateLimitRedisConfig>,
}

/// Settings of a further limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NamedLimitConfig {
    /// Requests per window, which is also the maximum burst.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]))]
    pub requests: NonZeroU32,
    /// Window. The long-term rate is `requests / window`.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-6", "below": "100ms" }]))]
    pub window: Timeout,
    /// The requests that are counted together.
    pub by: LimitBy,
}

/// The requests that a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitBy {
    /// Those of one user, or of one IP address if the caller is anonymous.
    #[default]
    Caller,
    /// Requests of one IP address, whichever user sends them. An IPv6 /64 counts as one address.
    Ip,
    /// Those of one tenant. Requests without a tenant are not counted.
    Tenant,
    /// All.
    All,
}

/// The Redis in which all replicas count.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitRedisConfig {
    /// The URL: redis://host:port/database, redis+sentinel://host:port,host:port/master/database or
    /// redis+cluster://host:port,host:port. Use rediss for TLS.
    pub url: RedisUrl,
    /// The password, if the URL contains none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// Maximum time of a Redis command, including the connection.
    pub timeout: Timeout,
    /// Prefix of the keys in Redis. Not set: `SERVICE:PROFILE:rate_limit`.
    pub prefix: Option<String>,
    /// Decision about a request while Redis is unavailable.
    pub on_failure: OnStoreFailure,
}

/// Errors in [`RateLimitsConfig`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateLimitsError {
    /// A limit has an invalid name.
    #[error(
        "limits: `{0}` is not a valid name of a rate limit: use 1 to 64 letters, digits, '_' or '-', and not `default`"
    )]
    Name(String),
    /// There are too many limits.
    #[error("limits: there are {0} further rate limits: use at most 8")]
    TooMany(usize),
    /// The settings of Redis are invalid. The text omits the address.
    #[error("redis: the Redis of the rate limits cannot be used: {0}")]
    Redis(String),
}

impl Default for RateLimitsConfig {
    fn default() -> Self {
        let limit = RateLimitConfig::default();
        Self {
            enabled: true,
            requests: limit.requests,
            window: limit.window,
            burst: limit.burst,
            by: LimitBy::default(),
            limits: BTreeMap::new(),
            legacy_headers: false,
            max_keys: limit.max_keys,
            redis: None,
        }
    }
}

impl Default for NamedLimitConfig {
    fn default() -> Self {
        let limit = RateLimitConfig::default();
        Self {
            requests: limit.requests,
            window: limit.window,
            by: LimitBy::default(),
        }
    }
}

impl Default for RateLimitRedisConfig {
    fn default() -> Self {
        RedisConfig::default().into()
    }
}

/// A connection, with the other settings of limits at their defaults.
impl From<RedisConfig> for RateLimitRedisConfig {
    fn from(connection: RedisConfig) -> Self {
        let RedisConfig {
            url,
            password,
            timeout,
        } = connection;
        Self {
            url,
            password,
            timeout,
            prefix: None,
            on_failure: OnStoreFailure::default(),
        }
    }
}

impl RateLimitsConfig {
    /// Checks the names and the number of limits.
    ///
    /// # Errors
    /// [`RateLimitsError`] for the first error.
    pub fn check(&self) -> Result<(), RateLimitsError> {
        if self.limits.len() > MAX_LIMITS {
            return Err(RateLimitsError::TooMany(self.limits.len()));
        }
        match self.limits.keys().find(|name| !is_name(name)) {
            Some(name) => Err(RateLimitsError::Name(name.clone())),
            None => Ok(()),
        }
    }

    /// Returns the limits: that of the section, without a name, and the further ones.
    pub(super) fn all(&self) -> impl Iterator<Item = (Option<&str>, LimitBy, RateLimitConfig)> {
        let limit = |requests, window, burst| RateLimitConfig {
            requests,
            window,
            burst,
            max_keys: self.max_keys,
        };
        let further = self.limits.iter().map(move |(name, further)| {
            let config = limit(further.requests, further.window, None);
            (Some(&**name), further.by, config)
        });
        let own = limit(self.requests, self.window, self.burst);
        std::iter::once((None, self.by, own)).chain(further)
    }
}

impl RateLimitRedisConfig {
    /// Returns the settings of the connection.
    #[must_use]
    pub fn connection(&self) -> RedisConfig {
        RedisConfig {
            url: self.url.clone(),
            password: self.password.clone(),
            timeout: self.timeout,
        }
    }

    /// Whether two settings lead to the same connection.
    pub(super) fn has_same_connection(&self, other: &Self) -> bool {
        let password = |config: &Self| config.password.as_ref().map(|word| word.expose().clone());
        self.url == other.url && self.timeout == other.timeout && password(self) == password(other)
    }

    /// Returns the settings of one shared limit. `scope` is the start of the default prefix.
    pub(super) fn shared(&self, limit: RateLimitConfig, scope: &str) -> SharedRateLimitConfig {
        SharedRateLimitConfig {
            limit,
            timeout: self.timeout,
            prefix: self.prefix(scope),
            on_failure: self.on_failure,
        }
    }

    /// Returns the prefix of the keys. `scope` is the start of the default prefix.
    pub(super) fn prefix(&self, scope: &str) -> String {
        let prefix = self.prefix.clone();
        prefix.unwrap_or_else(|| format!("{scope}:rate_limit"))
    }
}

impl PartialEq for RateLimitRedisConfig {
    fn eq(&self, other: &Self) -> bool {
        self.has_same_connection(other)
            && self.prefix == other.prefix
            && self.on_failure == other.on_failure
    }
}

impl Eq for RateLimitRedisConfig {}

fn is_name(name: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.bytes().all(is_safe) && name != "default"
}

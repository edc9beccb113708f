use std::num::NonZeroU32;

use seaworthy::{
    http::RateLimitsConfig,
    messaging::{BrokerUrl, MessagingConfig},
    prelude::*,
    realtime::RealtimeConfig,
    redis::RedisConfig,
    resilience::rate_limit::LimitBy,
};
use tutoring_contract::AccessTokenConfig;
use tutoring_identity::per_minute;

/// The default of `public`. A page of the catalogue needs a few requests.
const DEFAULT_PUBLIC_LIMIT: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// The default of `student`. A student uses one device at a time.
const DEFAULT_STUDENT_LIMIT: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The default of `trainer`, who also sends locations on the way to a session.
const DEFAULT_TRAINER_LIMIT: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// The default of `admin`. Pages of administrators load many lists.
const DEFAULT_ADMIN_LIMIT: NonZeroU32 = NonZeroU32::new(500).unwrap();
/// The default of `max_calls`: messages of one Socket.IO client in ten seconds.
const DEFAULT_MAX_CALLS: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The broker of a platform in one directory.
const DEFAULT_BROKER: &str = "data/tutoring/broker.db";
/// The prefix of the counts in Redis.
const PREFIX: &str = "ratelimit";

/// The settings of the gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// The verification of access tokens.
    pub access_tokens: AccessTokenConfig,
    /// The Redis of active sessions and rate limits. Without it, each replica counts alone, and the
    /// services alone check whether a session has ended.
    pub redis: Option<RedisConfig>,
    /// Requests per minute.
    pub limits: GatewayLimitsConfig,
    /// Connections of Socket.IO. With `redis`, events reach the clients of all replicas.
    pub realtime: RealtimeConfig,
    /// The broker of business events for connected clients.
    pub broker: MessagingConfig,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            access_tokens: AccessTokenConfig::default(),
            redis: None,
            limits: GatewayLimitsConfig::default(),
            realtime: RealtimeConfig {
                max_calls: DEFAULT_MAX_CALLS,
                ..RealtimeConfig::default()
            },
            broker: MessagingConfig {
                url: BrokerUrl::sqlite(DEFAULT_BROKER),
                // Without the broker, clients read the state by requests.
                critical: false,
                ..MessagingConfig::default()
            },
        }
    }
}

/// Requests per minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayLimitsConfig {
    /// Whether these limits are enforced. The limit of the listener always is.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can use the whole capacity of the services",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Requests per minute of one address without a token.
    pub public: NonZeroU32,
    /// Requests per minute of a student.
    pub student: NonZeroU32,
    /// Requests per minute of a trainer.
    pub trainer: NonZeroU32,
    /// Requests per minute of an administrator.
    pub admin: NonZeroU32,
}

impl Default for GatewayLimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            public: DEFAULT_PUBLIC_LIMIT,
            student: DEFAULT_STUDENT_LIMIT,
            trainer: DEFAULT_TRAINER_LIMIT,
            admin: DEFAULT_ADMIN_LIMIT,
        }
    }
}

impl GatewayConfig {
    /// Returns a limit per minute by user, or by address for anonymous callers. While Redis is
    /// unavailable, each replica counts alone.
    pub(crate) fn limit(&self, requests: NonZeroU32) -> RateLimitsConfig {
        let limits = per_minute(requests, LimitBy::Caller, self.redis.as_ref(), PREFIX);
        RateLimitsConfig {
            enabled: self.limits.enabled,
            ..limits
        }
    }
}

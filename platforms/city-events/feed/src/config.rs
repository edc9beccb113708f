use std::num::NonZeroU32;

use city_events_contract::{AccessConfig, RateLimitStoreConfig, embedded_broker};
use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, outbox::InboxConfig, prelude::*,
};

/// Default SQLite file. Version control ignores its directory.
const DEFAULT_FILE: &str = "data/city-events/feed.db";
/// Default of the legacy service.
const DEFAULT_REQUESTS_PER_ACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Default of the legacy service.
const DEFAULT_REQUESTS_PER_IP: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The default for a household with one IP address. At 0.5 points each, they count less than one
/// join (4 points).
const DEFAULT_VIEWS_PER_IP: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Settings of the feed service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// Database of the index.
    pub database: DatabaseConfig,
    /// Message broker.
    pub broker: MessagingConfig,
    /// Inbox of consumed messages.
    pub inbox: InboxConfig,
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// Cookies that identify visitors without an account.
    pub anonymous: AnonymousConfig,
    /// Limits for tracking requests.
    pub tracking: TrackingConfig,
}

/// Cookies that identify visitors without an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnonymousConfig {
    /// Signing key of the cookies, at least 32 bytes. Without it anonymous visitors get no cookie,
    /// and the service does not store their views.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Whether browsers send the cookies only over TLS. Not set: except in the profile
    /// `development`, because a platform on one machine has no TLS.
    #[schemars(extend("x-unsafe" = [{
        "id": "SEC-1",
        "value": false,
        "why": "browsers also send the cookies without TLS, where others on the network can read them",
        "fix": "set it to true"
    }]))]
    pub secure_cookie: Option<bool>,
}

/// Limits for tracking requests.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct TrackingConfig {
    /// Requests of one user or visitor per minute.
    pub requests_per_actor: NonZeroU32,
    /// Requests of one IP address per minute.
    pub requests_per_ip: NonZeroU32,
    /// Anonymous views of one event that count per day and IP address. Further views get the same
    /// response and are not counted.
    pub anonymous_views_per_ip: NonZeroU32,
    /// Redis in which replicas share the limits.
    pub redis: RateLimitStoreConfig,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            requests_per_actor: DEFAULT_REQUESTS_PER_ACTOR,
            requests_per_ip: DEFAULT_REQUESTS_PER_IP,
            anonymous_views_per_ip: DEFAULT_VIEWS_PER_IP,
            redis: RateLimitStoreConfig::default(),
        }
    }
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: MessagingConfig {
                // The service responds from its index during an outage of the broker.
                critical: false,
                ..embedded_broker()
            },
            inbox: InboxConfig::default(),
            jwt: AccessConfig::default(),
            anonymous: AnonymousConfig::default(),
            tracking: TrackingConfig::default(),
        }
    }
}

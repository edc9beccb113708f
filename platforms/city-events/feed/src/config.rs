use std::num::NonZeroU32;

use city_events_contract::{AccessConfig, CountersConfig};
use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, outbox::InboxConfig, prelude::*,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/city-events/feed.db";
/// The broker in a file that the services of one machine share.
const DEFAULT_BROKER: &str = "sqlite:data/city-events/broker.db";
/// The exchange that earlier services declare.
const EXCHANGE: &str = "city.events";
/// As clients know it: what somebody looks at in a minute.
const DEFAULT_PER_ACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// And all who share an address.
const DEFAULT_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Views of one event that count per day and address. Enough for a household behind one address. At
/// 0.5 points a view, it weighs less than one join (4 points).
const DEFAULT_VIEWS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// The settings of the feed service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeedConfig {
    /// Where the index is kept.
    pub database: DatabaseConfig,
    /// Who brings messages.
    pub broker: MessagingConfig,
    /// How messages are told apart from repeats.
    pub inbox: InboxConfig,
    /// How access tokens are told from forged ones.
    pub jwt: AccessConfig,
    /// How visitors without an account are known again.
    pub anonymous: AnonymousConfig,
    /// How much may be told of what is looked at.
    pub track: TrackLimitsConfig,
}

/// How visitors without an account are known again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnonymousConfig {
    /// What their cookies are signed with, 32 bytes at least. Without it they get none, and what they look at is not remembered.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// Whether their cookies go over TLS alone. Off, because a platform on one's own machine has none.
    pub secure_cookie: bool,
}

/// How much may be told of what is looked at, in a minute.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrackLimitsConfig {
    /// By one visitor.
    pub requests_per_actor: NonZeroU32,
    /// By one address.
    pub requests_per_address: NonZeroU32,
    /// Anonymous views of one event that count per day and address, in views. Further views are
    /// answered alike and are not counted.
    pub anonymous_views_per_address: NonZeroU32,
    /// Where replicas count together.
    pub redis: CountersConfig,
}

impl Default for TrackLimitsConfig {
    fn default() -> Self {
        Self {
            requests_per_actor: DEFAULT_PER_ACTOR,
            requests_per_address: DEFAULT_PER_ADDRESS,
            anonymous_views_per_address: DEFAULT_VIEWS_PER_ADDRESS,
            redis: CountersConfig::default(),
        }
    }
}

impl Default for FeedConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig::default();
        if let Ok(url) = DEFAULT_BROKER.parse() {
            broker.url = url;
        }
        broker.rabbitmq.exchange = EXCHANGE.to_owned();
        // What is known can be looked at while nothing new is told.
        broker.critical = false;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            inbox: InboxConfig::default(),
            jwt: AccessConfig::default(),
            anonymous: AnonymousConfig::default(),
            track: TrackLimitsConfig::default(),
        }
    }
}

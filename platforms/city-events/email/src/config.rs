use std::num::NonZeroU32;

use city_events_contract::CountersConfig;
use seaworthy::{
    data::DatabaseConfig,
    mail::MailConfig,
    messaging::{BrokerUrl, MessagingConfig},
    outbox::InboxConfig,
    prelude::*,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/city-events/email.db";
/// The one broker of a platform that is run in one folder.
const DEFAULT_BROKER: &str = "data/city-events/broker.db";
/// The exchange that earlier services declare.
const EXCHANGE: &str = "city.events";
/// The auth service beside it.
const DEFAULT_AUTH: &str = "http://127.0.0.1:8081";
/// As the service before: after about half an hour a mail server is not coming back by itself.
const DEFAULT_ATTEMPTS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// As the service before: the first pause, and the longest.
const FIRST_PAUSE: Timeout = Timeout::from_secs(10);
const LONGEST_PAUSE: Timeout = Timeout::from_secs(10 * 60);
/// A person who follows links and mistypes passwords needs a few.
const DEFAULT_BY_ADDRESS: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// A link is followed once, and its password chosen in a few tries.
const DEFAULT_BY_TOKEN: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailConfig {
    /// What was sent, so that it is not sent again.
    pub database: DatabaseConfig,
    /// Who brings the messages.
    pub broker: MessagingConfig,
    /// How messages are told apart from repeats.
    pub inbox: InboxConfig,
    /// How mail is sent.
    pub mail: MailConfig,
    /// How often a mail is tried before its message is set aside.
    pub attempts: NonZeroU32,
    /// The bound of the first pause between two tries; it doubles with each.
    pub retry_initial: Timeout,
    /// The bound of the longest pause.
    pub retry_cap: Timeout,
    /// Where the auth service is.
    #[schemars(url)]
    pub auth_url: String,
    /// What the auth service wants to see at its internal route.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub internal_secret: Option<Secret<String>>,
    /// Whether the owner of an event is told that it was canceled or unpublished.
    pub tell_owners: bool,
    /// How often the pages may ask.
    pub rate_limit: EmailLimitsConfig,
}

/// How often the pages may ask the auth service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailLimitsConfig {
    /// Whether they are limited at all, beyond what the listener allows.
    pub enabled: bool,
    /// Requests of one address in a minute.
    pub requests_per_address: NonZeroU32,
    /// Requests about one link in ten minutes.
    pub requests_per_token: NonZeroU32,
    /// Where replicas count together.
    pub redis: CountersConfig,
}

impl Default for EmailLimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests_per_address: DEFAULT_BY_ADDRESS,
            requests_per_token: DEFAULT_BY_TOKEN,
            redis: CountersConfig::default(),
        }
    }
}

impl Default for EmailConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig {
            url: BrokerUrl::sqlite(DEFAULT_BROKER),
            ..MessagingConfig::default()
        };
        broker.rabbitmq.exchange = EXCHANGE.to_owned();
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            inbox: InboxConfig::default(),
            mail: MailConfig::default(),
            attempts: DEFAULT_ATTEMPTS,
            retry_initial: FIRST_PAUSE,
            retry_cap: LONGEST_PAUSE,
            auth_url: DEFAULT_AUTH.to_owned(),
            internal_secret: None,
            tell_owners: false,
            rate_limit: EmailLimitsConfig::default(),
        }
    }
}

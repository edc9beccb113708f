use city_events_contract::{AccessConfig, RevocationConfig};
use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, messaging::MessagingConfig,
    outbox::OutboxConfig, prelude::*,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/city-events/event.db";
/// The broker in a file that the services of one machine share.
const DEFAULT_BROKER: &str = "sqlite:data/city-events/broker.db";
/// The exchange that earlier services declare.
const EXCHANGE: &str = "city.events";

/// The settings of the event service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventConfig {
    /// Where events are kept.
    pub database: DatabaseConfig,
    /// Who carries messages.
    pub broker: MessagingConfig,
    /// How messages are published, and told apart from repeats.
    pub outbox: OutboxConfig,
    /// How access tokens are told from forged ones.
    pub jwt: AccessConfig,
    /// How long access tokens are believed while the database cannot say which were taken back.
    pub revocation: RevocationConfig,
    /// Which events were published, taken off and canceled by whom.
    pub audit_log: AuditLogConfig,
    /// A path at which callers get the metrics too, as they did before. Without it operators alone do.
    pub public_metrics: Option<String>,
}

impl Default for EventConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig {
            // Messages wait in the outbox while it is away, and callers need not know.
            critical: false,
            ..MessagingConfig::default()
        };
        if let Ok(url) = DEFAULT_BROKER.parse() {
            broker.url = url;
        }
        broker.rabbitmq.exchange = EXCHANGE.to_owned();
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            revocation: RevocationConfig::default(),
            audit_log: AuditLogConfig::default(),
            public_metrics: None,
        }
    }
}

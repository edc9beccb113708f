use city_events_contract::{AccessConfig, RevocationConfig};
use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, messaging::MessagingConfig,
    outbox::OutboxConfig, prelude::*,
};

/// Default SQLite file. Version control ignores its directory.
const DEFAULT_FILE: &str = "data/city-events/event.db";
/// Default broker: a SQLite file that all services on one machine share.
const DEFAULT_BROKER: &str = "sqlite:data/city-events/broker.db";
/// Exchange that the legacy services declare.
const EXCHANGE: &str = "city.events";

/// Settings of the event service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventConfig {
    /// Database of the service.
    pub database: DatabaseConfig,
    /// Message broker.
    pub broker: MessagingConfig,
    /// Outbox of published messages and inbox of consumed messages.
    pub outbox: OutboxConfig,
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// Acceptance of access tokens while the list of revoked tokens cannot be read.
    pub revocation: RevocationConfig,
    /// Audit log of created, changed, published, unpublished and canceled events.
    pub audit_log: AuditLogConfig,
    /// Path that serves metrics on the HTTP listener, for scrapers of the legacy service. If it is
    /// not set, only the admin listener serves metrics.
    pub public_metrics: Option<String>,
}

impl Default for EventConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig {
            // Messages wait in the outbox during an outage, so requests still succeed.
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

use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, outbox::OutboxConfig, prelude::*,
};

use super::broker::broker;

/// A file in a folder that `.gitignore` excludes.
const DEFAULT_FILE: &str = "data/symbols.db";

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SymbolsConfig {
    /// Database of symbols and of events that are not published yet.
    pub(crate) database: DatabaseConfig,
    /// Broker of the events.
    pub(crate) broker: MessagingConfig,
    /// Publishing of events.
    pub(crate) outbox: OutboxConfig,
    /// Path of the metrics on the public listener, such as /metrics. If it is not set, only the admin listener has metrics.
    pub(crate) public_metrics: Option<String>,
}

impl Default for SymbolsConfig {
    fn default() -> Self {
        let mut broker = broker();
        // Events wait in the outbox while the broker is down, and requests succeed.
        broker.critical = false;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            public_metrics: None,
        }
    }
}

use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, outbox::OutboxConfig, prelude::*,
};

use super::broker::broker;

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/symbols.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SymbolsConfig {
    /// Where symbols are kept, and the events of them until they are published.
    pub(crate) database: DatabaseConfig,
    /// Who carries the events.
    pub(crate) broker: MessagingConfig,
    /// How events are published.
    pub(crate) outbox: OutboxConfig,
    /// A path at which callers get the metrics too, as they did before, such as /metrics. Without it operators alone do.
    pub(crate) public_metrics: Option<String>,
}

impl Default for SymbolsConfig {
    fn default() -> Self {
        let mut broker = broker();
        // Events wait in the outbox while it is away, and callers need not know.
        broker.critical = false;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            public_metrics: None,
        }
    }
}

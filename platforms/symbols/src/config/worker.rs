use seaworthy::{
    config::Profile, data::DatabaseConfig, messaging::MessagingConfig, outbox::InboxConfig,
    prelude::*, service::SettingProblem,
};

use super::{
    QueueConfig,
    broker::{broker, exchange_problem},
};

/// The default SQLite file, in a folder that `.gitignore` excludes.
const DEFAULT_FILE: &str = "data/symbols-worker.db";
/// The initial backoff, as in the legacy worker. Three retries last longer than a reconnection.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);

/// Settings of the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WorkerConfig {
    /// Database of the history. It may be the database of the service.
    pub(crate) database: DatabaseConfig,
    /// Broker of the events.
    pub(crate) broker: MessagingConfig,
    /// Detection of repeated events.
    pub(crate) inbox: InboxConfig,
    /// Queue of the events.
    pub(crate) queue: QueueConfig,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        let mut broker = broker();
        broker.defaults.initial_backoff = DEFAULT_INITIAL_BACKOFF;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            inbox: InboxConfig::default(),
            queue: QueueConfig::default(),
        }
    }
}

impl WorkerConfig {
    /// Returns the settings that prevent a start, and whose types do not express it.
    pub(crate) fn problems(&self, _: Profile) -> Vec<SettingProblem> {
        exchange_problem(&self.broker).into_iter().collect()
    }
}

use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, outbox::InboxConfig, prelude::*,
};

use super::{QueueConfig, broker::broker};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/symbols-worker.db";
/// As the worker before: long enough for a restart of a connection to be over after three.
const RETRY_INITIAL: Timeout = Timeout::from_millis(100);

/// The settings of the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WorkerConfig {
    /// Where the history of symbols is kept. It may be the database of the service.
    pub(crate) database: DatabaseConfig,
    /// Who brings the events.
    pub(crate) broker: MessagingConfig,
    /// How events are told apart from repeats.
    pub(crate) inbox: InboxConfig,
    /// Where they are taken from.
    pub(crate) queue: QueueConfig,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        let mut broker = broker();
        broker.defaults.initial_backoff = RETRY_INITIAL;
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            inbox: InboxConfig::default(),
            queue: QueueConfig::default(),
        }
    }
}

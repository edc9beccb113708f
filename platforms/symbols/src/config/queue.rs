use std::num::NonZeroU16;

use seaworthy::prelude::*;

/// The default of `name`: the queue of legacy workers.
const DEFAULT_NAME: &str = "lifecycle_event_queue";
/// The default of `binding_key`: all events of symbols. A fanout exchange ignores the key.
const DEFAULT_BINDING_KEY: &str = "symbol.#";
/// The documented default of the legacy worker.
const DEFAULT_PREFETCH: NonZeroU16 = NonZeroU16::new(10).unwrap();
/// The documented default of the legacy worker.
const DEFAULT_WORKERS: NonZeroU16 = NonZeroU16::new(5).unwrap();

/// The queue of the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct QueueConfig {
    /// Name of the queue, which all replicas of the worker share.
    #[schemars(length(min = 1))]
    pub(crate) name: String,
    /// Binding key of the queue on RabbitMQ. A fanout exchange ignores it.
    #[schemars(length(min = 1))]
    pub(crate) binding_key: String,
    /// Maximum number of unacknowledged events.
    pub(crate) prefetch_count: NonZeroU16,
    /// Maximum number of events that are handled concurrently.
    pub(crate) worker_count: NonZeroU16,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.to_owned(),
            binding_key: DEFAULT_BINDING_KEY.to_owned(),
            prefetch_count: DEFAULT_PREFETCH,
            worker_count: DEFAULT_WORKERS,
        }
    }
}

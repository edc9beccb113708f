use std::num::NonZeroU16;

use seaworthy::prelude::*;

/// The queue that earlier workers take from.
const DEFAULT_NAME: &str = "lifecycle_event_queue";
/// All events of symbols, where the exchange looks at keys.
const DEFAULT_BINDING_KEY: &str = "symbol.#";
/// As the programs before said and did not do.
const DEFAULT_PREFETCH: NonZeroU16 = NonZeroU16::new(10).unwrap();
/// As above.
const DEFAULT_WORKERS: NonZeroU16 = NonZeroU16::new(5).unwrap();

/// Where the worker takes events from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct QueueConfig {
    /// The name of the queue, which all instances of the worker share.
    #[schemars(length(min = 1))]
    pub(crate) name: String,
    /// Which events come into the queue, on an exchange of RabbitMQ that looks at keys.
    #[schemars(length(min = 1))]
    pub(crate) binding_key: String,
    /// How many events are in hand at most.
    pub(crate) prefetch_count: NonZeroU16,
    /// How many are handled at once.
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

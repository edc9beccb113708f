use std::{sync::Arc, time::Duration};

use seaworthy_core::ByteSize;

use crate::error::{ErrorFormat, Problems};

/// The default of `ttl`: one day. Clients retry for less time.
const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The default of `timeout`. A longer call is ended, or was lost with its process.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The default of `max_request_size`. The layer reads the whole body to distinguish requests.
const DEFAULT_MAX_REQUEST_SIZE: ByteSize = ByteSize::mebibytes(6);

/// The default of `max_response_size`: responses to unsafe requests are small, lists use `GET`.
const DEFAULT_MAX_RESPONSE_SIZE: ByteSize = ByteSize::kibibytes(256);

/// The default of `max_entries`: a hundred keys per second while clients usually retry.
const DEFAULT_MAX_ENTRIES: usize = 10_000;

/// The default of `max_memory`, for all responses of a store.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(64);

/// Settings of the layer and its store.
///
/// ```
/// use std::time::Duration;
///
/// use seaworthy_contract::idempotency::IdempotencyConfig;
///
/// let config = IdempotencyConfig {
///     ttl: Duration::from_secs(60 * 60),
///     ..IdempotencyConfig::default()
/// };
/// assert!(!config.required);
/// ```
#[derive(Clone)]
pub struct IdempotencyConfig {
    /// Whether an unsafe request without a key is rejected. The default is `false`: it runs as if
    /// there were no layer.
    pub required: bool,
    /// How long a response is stored. The default is a day.
    pub ttl: Duration,
    /// The time limit of a call. A call that exceeds it is ended, and its outcome is unknown unless
    /// the store knows it. The default is a minute.
    pub timeout: Duration,
    /// The maximum size of the body of a request with a key.
    pub max_request_size: ByteSize,
    /// The maximum size of the body of a stored response.
    pub max_response_size: ByteSize,
    /// The maximum number of keys in a store, of all callers.
    pub max_entries: usize,
    /// The maximum memory of a store, of all callers.
    pub max_memory: ByteSize,
    /// The format of rejections.
    pub errors: Arc<dyn ErrorFormat>,
}

impl Default for IdempotencyConfig {
    fn default() -> Self {
        Self {
            required: false,
            ttl: DEFAULT_TTL,
            timeout: DEFAULT_TIMEOUT,
            max_request_size: DEFAULT_MAX_REQUEST_SIZE,
            max_response_size: DEFAULT_MAX_RESPONSE_SIZE,
            max_entries: DEFAULT_MAX_ENTRIES,
            max_memory: DEFAULT_MAX_MEMORY,
            errors: Arc::new(Problems),
        }
    }
}

impl std::fmt::Debug for IdempotencyConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("IdempotencyConfig")
            .field("required", &self.required)
            .field("ttl", &self.ttl)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

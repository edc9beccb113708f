use std::{sync::Arc, time::Duration};

use seaworthy_core::ByteSize;

use crate::error::{ErrorFormat, Problems};

/// A day: longer than any client retries, short enough to keep.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A call that runs longer than this is ended, or was lost with its process.
const RUN: Duration = Duration::from_secs(60);

/// Requests must be held whole to be told apart.
const REQUEST_LIMIT: ByteSize = ByteSize::mebibytes(6);

/// Holds any answer that says what was done; lists are read by `GET`.
const ANSWER_LIMIT: ByteSize = ByteSize::kibibytes(256);

/// About a hundred a second for the time that clients usually retry in.
const MOST_ENTRIES: usize = 10_000;

/// All kept answers together.
const MEMORY_LIMIT: ByteSize = ByteSize::mebibytes(64);

/// How repeats are told and what is kept of them.
#[derive(Clone)]
pub struct IdempotencyConfig {
    /// Whether an unsafe request without a key is refused. By default it runs as if there were no layer.
    pub required: bool,
    /// How long an answer is kept.
    pub keep: Duration,
    /// How long a call may run; it is ended then, and whether it took effect is unknown unless the store knows.
    pub run: Duration,
    /// The largest body of a request that carries a key.
    pub request_limit: ByteSize,
    /// The largest body of an answer that is kept.
    pub answer_limit: ByteSize,
    /// How many keys the embedded store remembers, of all callers.
    pub most_entries: usize,
    /// How many bytes the embedded store remembers, of all callers.
    pub memory_limit: ByteSize,
    /// The form of refusals.
    pub errors: Arc<dyn ErrorFormat>,
}

impl Default for IdempotencyConfig {
    fn default() -> Self {
        Self {
            required: false,
            keep: KEEP,
            run: RUN,
            request_limit: REQUEST_LIMIT,
            answer_limit: ANSWER_LIMIT,
            most_entries: MOST_ENTRIES,
            memory_limit: MEMORY_LIMIT,
            errors: Arc::new(Problems),
        }
    }
}

impl std::fmt::Debug for IdempotencyConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("IdempotencyConfig")
            .field("required", &self.required)
            .field("keep", &self.keep)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

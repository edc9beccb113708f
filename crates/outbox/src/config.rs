use std::num::{NonZeroU16, NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

use crate::batch_size::BatchSize;

/// The default of `concurrency`: one relay publishes while the other claims.
const DEFAULT_CONCURRENCY: NonZeroU16 = NonZeroU16::new(2).unwrap();
/// The default of `batch_size`. A broker confirms this many events within a few milliseconds.
const DEFAULT_BATCH_SIZE: BatchSize = BatchSize::clamped(500);
/// The default of `linger`: fewer statements under load, and short compared to a delivery.
const DEFAULT_LINGER: Timeout = Timeout::from_millis(10);
/// The default of `claim_ttl`: another relay publishes the events of a killed process within 5 s.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(3);
/// The default of `min_poll_interval`: at most 40 queries per second and relay.
const DEFAULT_MIN_POLL_INTERVAL: Timeout = Timeout::from_millis(25);
/// The default of `max_poll_interval`. One query per second costs an idle database little.
const DEFAULT_MAX_POLL_INTERVAL: Timeout = Timeout::from_secs(1);
/// The default of `max_attempts`. After so many rejections, a success is unlikely.
const DEFAULT_MAX_ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The default of `initial_backoff`. A missing subscriber may start within a second.
const DEFAULT_INITIAL_BACKOFF: Timeout = Timeout::from_millis(200);
/// The default of `max_backoff`. Ten attempts then take about 100 s.
const DEFAULT_MAX_BACKOFF: Timeout = Timeout::from_secs(60);
/// The default of `max_message_age`. An operator should investigate an older event.
const DEFAULT_MAX_MESSAGE_AGE: Timeout = Timeout::from_secs(60);
/// The default of `retention`: longer than the redelivery of every supported broker, with time
/// for an operator to replay dead letters.
const DEFAULT_RETENTION: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);

/// Settings of the outbox and the inbox of a service.
///
/// ```
/// use seaworthy_outbox::OutboxConfig;
///
/// let config = OutboxConfig::default();
/// assert_eq!(config.relay.batch_size.get(), 500);
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutboxConfig {
    /// Settings of the relays.
    pub relay: RelayConfig,
    /// Settings of the inbox.
    pub inbox: InboxConfig,
}

/// Settings of the relays, which publish stored events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// Whether this process publishes. Otherwise it only stores events, and other processes publish
    /// them.
    pub enabled: bool,
    /// The number of relays of this process.
    pub concurrency: NonZeroU16,
    /// The maximum number of events that a relay claims in one batch. A lower `database.max_rows`
    /// lowers it.
    pub batch_size: BatchSize,
    /// How long a relay waits after a small batch, so that the next batch is larger. A relay
    /// publishes the first event after an idle time immediately.
    pub linger: Timeout,
    /// How long a claim is valid. A relay renews it while it publishes. After a crash, other relays
    /// wait this long.
    pub claim_ttl: Timeout,
    /// How often a relay polls after it published events.
    pub min_poll_interval: Timeout,
    /// How often a relay polls an idle outbox. A commit in the same process wakes it immediately.
    pub max_poll_interval: Timeout,
    /// The number of rejections by the broker after which a relay dead-letters an event. Attempts
    /// while the broker is unavailable do not count.
    pub max_attempts: NonZeroU32,
    /// The backoff after the first rejection of an event. It doubles with each rejection.
    pub initial_backoff: Timeout,
    /// The maximum backoff.
    pub max_backoff: Timeout,
    /// Readiness is degraded while an event has waited longer than this.
    pub max_message_age: Timeout,
}

/// Settings of the inbox, which recognizes repeated messages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InboxConfig {
    /// How long the inbox stores the ID of a handled message.
    pub retention: Timeout,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            concurrency: DEFAULT_CONCURRENCY,
            batch_size: DEFAULT_BATCH_SIZE,
            linger: DEFAULT_LINGER,
            claim_ttl: DEFAULT_CLAIM_TTL,
            min_poll_interval: DEFAULT_MIN_POLL_INTERVAL,
            max_poll_interval: DEFAULT_MAX_POLL_INTERVAL,
            max_attempts: DEFAULT_MAX_ATTEMPTS,
            initial_backoff: DEFAULT_INITIAL_BACKOFF,
            max_backoff: DEFAULT_MAX_BACKOFF,
            max_message_age: DEFAULT_MAX_MESSAGE_AGE,
        }
    }
}

impl Default for InboxConfig {
    fn default() -> Self {
        Self {
            retention: DEFAULT_RETENTION,
        }
    }
}

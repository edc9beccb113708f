use std::num::{NonZeroU16, NonZeroU32};

use city_events_contract::{AccessConfig, PUBLIC_METRICS, RevocationConfig, embedded_broker};
use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, messaging::MessagingConfig,
    operation_log::OperationLogConfig, outbox::OutboxConfig, prelude::*,
};

use crate::domain::Waitlist;

/// The default SQLite file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/city-events/join.db";
/// The default of `min_length`, fixed by the contract. A lower one rejects many users of small
/// events.
const DEFAULT_MIN_WAITLIST_LENGTH: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The default of `max_length`, fixed by the contract. Users after this position rarely get a seat.
const DEFAULT_MAX_WAITLIST_LENGTH: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The upper bound of both settings. A higher capacity promotes the whole waitlist in one
/// transaction, with three statements for each user. 1,000 users fit into the transaction timeout
/// of 10 s on a slow machine.
const WAITLIST_LENGTH_BOUND: u32 = 1_000;
/// The default lifetime of idempotency keys, fixed by the contract: longer than any client retries.
const DEFAULT_KEY_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The default interval of recounts: a wrong count lasts at most this long, at a low load.
const DEFAULT_RECOUNT_INTERVAL: Timeout = Timeout::from_secs(60);
/// The default: one batch and one command of an organizer. More transactions would hold connections
/// of the pool while they wait for the row lock.
const DEFAULT_MAX_CONCURRENT_PER_EVENT: NonZeroU16 = NonZeroU16::new(2).unwrap();
/// The default: two less than the connections of the pool, so that reads get a connection too.
const DEFAULT_MAX_CONCURRENT: NonZeroU16 = NonZeroU16::new(8).unwrap();
/// The default: one batch waits for the disk while the next one runs. With more, batches would be
/// smaller.
const DEFAULT_MAX_CONCURRENT_BATCHES: NonZeroU16 = NonZeroU16::new(2).unwrap();
/// The default. A larger batch makes its first command wait longer. Smaller batches need more
/// commits.
const DEFAULT_MAX_BATCH_SIZE: NonZeroU16 = NonZeroU16::new(64).unwrap();

/// The settings of the join service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinConfig {
    /// The database of joins.
    pub database: DatabaseConfig,
    /// The message broker.
    pub broker: MessagingConfig,
    /// Publication of messages, and detection of duplicates.
    pub outbox: OutboxConfig,
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// Revocation of access tokens while the database is unavailable.
    pub revocation: RevocationConfig,
    /// The audit log.
    pub audit_log: AuditLogConfig,
    /// The log of calls that change something.
    pub operation_log: OperationLogConfig,
    /// The length of waitlists.
    pub waitlist: WaitlistConfig,
    /// Idempotency keys of join and cancel requests.
    pub idempotency_keys: IdempotencyKeysConfig,
    /// The publication of seat counts at intervals.
    pub recount: RecountConfig,
    /// The execution of join and cancel requests in batches.
    pub join_batching: JoinBatchingConfig,
    /// A path of the HTTP listener that serves the metrics without authentication, such as
    /// `/metrics` of the legacy service. Without it only the admin listener serves them.
    pub public_metrics: Option<String>,
}

/// The length of waitlists: the capacity of the event, within these bounds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WaitlistConfig {
    /// The minimum, for events with fewer seats. It applies if it exceeds `max_length`.
    #[schemars(range(min = 1, max = WAITLIST_LENGTH_BOUND))]
    pub min_length: NonZeroU32,
    /// The maximum, at most 1,000.
    #[schemars(range(min = 1, max = WAITLIST_LENGTH_BOUND))]
    pub max_length: NonZeroU32,
}

/// Idempotency keys of join and cancel requests.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdempotencyKeysConfig {
    /// The time for which a repeat with the same key gets the first response.
    pub ttl: Timeout,
}

/// The publication of seat counts at intervals, so that a service that missed a message recovers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecountConfig {
    /// The interval at which the service checks and publishes changed counts.
    pub interval: Timeout,
}

/// The execution of join and cancel requests in this process. Further requests wait in the order of
/// arrival, without a database connection.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinBatchingConfig {
    /// Concurrent transactions of one event.
    pub max_concurrent_per_event: NonZeroU16,
    /// Concurrent transactions of all events. Must be less than `database.pool.max_connections`.
    pub max_concurrent: NonZeroU16,
    /// Concurrent transactions of batches.
    pub max_concurrent_batches: NonZeroU16,
    /// Requests in one transaction, of one event or of several.
    pub max_batch_size: NonZeroU16,
}

impl Default for JoinConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: MessagingConfig {
                // Messages wait in the outbox while the broker is unavailable.
                critical: false,
                ..embedded_broker()
            },
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            revocation: RevocationConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            waitlist: WaitlistConfig::default(),
            idempotency_keys: IdempotencyKeysConfig::default(),
            recount: RecountConfig::default(),
            join_batching: JoinBatchingConfig::default(),
            public_metrics: Some(PUBLIC_METRICS.to_owned()),
        }
    }
}

impl WaitlistConfig {
    pub(crate) fn waitlist(&self) -> Waitlist {
        Waitlist::new(self.min_length.get(), self.max_length.get())
    }
}

impl Default for WaitlistConfig {
    fn default() -> Self {
        Self {
            min_length: DEFAULT_MIN_WAITLIST_LENGTH,
            max_length: DEFAULT_MAX_WAITLIST_LENGTH,
        }
    }
}

impl Default for IdempotencyKeysConfig {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_KEY_TTL,
        }
    }
}

impl Default for RecountConfig {
    fn default() -> Self {
        Self {
            interval: DEFAULT_RECOUNT_INTERVAL,
        }
    }
}

impl Default for JoinBatchingConfig {
    fn default() -> Self {
        Self {
            max_concurrent_per_event: DEFAULT_MAX_CONCURRENT_PER_EVENT,
            max_concurrent: DEFAULT_MAX_CONCURRENT,
            max_concurrent_batches: DEFAULT_MAX_CONCURRENT_BATCHES,
            max_batch_size: DEFAULT_MAX_BATCH_SIZE,
        }
    }
}

use std::num::{NonZeroU16, NonZeroU32};

use city_events_contract::{AccessConfig, RevocationConfig};
use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, messaging::MessagingConfig,
    outbox::OutboxConfig, prelude::*,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/city-events/join.db";
/// The broker in a file that the services of one machine share.
const DEFAULT_BROKER: &str = "sqlite:data/city-events/broker.db";
/// The exchange that earlier services declare.
const EXCHANGE: &str = "city.events";
/// The contract's: a waitlist that is shorter than this turns people away from small events.
const SHORTEST_WAITLIST: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The contract's: who is further behind than this will hardly get a place.
const LONGEST_WAITLIST: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// A larger event promotes its whole waitlist in one transaction, with three statements for each
/// user. 1,000 users fit into the transaction timeout of 10 s on a slow machine.
const MAX_WAITLIST: u32 = 1_000;
/// A day, as the contract has it: longer than any client tries again.
const KEEP_KEYS: Timeout = Timeout::from_secs(24 * 60 * 60);
/// Often enough that nobody sees a wrong count for long, seldom enough to be no load.
const COUNT_EVERY: Timeout = Timeout::from_secs(60);
/// Those who join and leave are decided together, and one organiser beside them: more would only hold connections of the pool while they wait.
const DEFAULT_AT_ONCE: NonZeroU16 = NonZeroU16::new(2).unwrap();
/// Two less than the pool has: reads are not shut out by those who join.
const DEFAULT_IN_ALL: NonZeroU16 = NonZeroU16::new(8).unwrap();

/// Enough that commits do not count, few enough that nobody waits long for the first of them.
const DEFAULT_TOGETHER: NonZeroU16 = NonZeroU16::new(64).unwrap();

/// The settings of the join service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinConfig {
    /// Where joins are kept.
    pub database: DatabaseConfig,
    /// Who carries messages.
    pub broker: MessagingConfig,
    /// How messages are published, and told apart from repeats.
    pub outbox: OutboxConfig,
    /// How access tokens are told from forged ones.
    pub jwt: AccessConfig,
    /// How long access tokens are believed while the database cannot say which were taken back.
    pub revocation: RevocationConfig,
    /// Who was kicked and banned by whom.
    pub audit_log: AuditLogConfig,
    /// How many may wait.
    pub waitlist: WaitlistConfig,
    /// How repeats of a request are told.
    pub idempotency_keys: KeysConfig,
    /// How counts of places are told again.
    pub counting: CountingConfig,
    /// How many change places at once.
    pub turnstile: TurnstileConfig,
    /// A path at which callers get the metrics too, as they did before. Without it operators alone do.
    pub public_metrics: Option<String>,
}

/// How many may wait for a place: as many as the event has places, within these bounds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WaitlistConfig {
    /// The minimum, for events with fewer places.
    #[schemars(range(min = 1, max = MAX_WAITLIST))]
    pub shortest: NonZeroU32,
    /// The maximum, at most 1,000.
    #[schemars(range(min = 1, max = MAX_WAITLIST))]
    pub longest: NonZeroU32,
}

/// How repeats of a request are told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeysConfig {
    /// How long a key is remembered.
    pub keep: Timeout,
}

/// How counts of places are told again, so that whoever missed a message is right again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountingConfig {
    /// How often counts that have changed are told.
    pub every: Timeout,
}

/// How many requests change places at once in this process; the others wait their turn here, in order, and not on connections of the database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TurnstileConfig {
    /// Of one event.
    pub one_event: NonZeroU16,
    /// Of all events; less than `database.pool.max_connections`.
    pub all_events: NonZeroU16,
    /// How many requests of one event are decided in one transaction at most, where so many wait.
    pub together: NonZeroU16,
}

impl Default for JoinConfig {
    fn default() -> Self {
        let mut broker = MessagingConfig {
            // Messages wait in the outbox while it is away, and callers need not know.
            critical: false,
            ..MessagingConfig::default()
        };
        if let Ok(url) = DEFAULT_BROKER.parse() {
            broker.url = url;
        }
        broker.rabbitmq.exchange = EXCHANGE.to_owned();
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker,
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            revocation: RevocationConfig::default(),
            audit_log: AuditLogConfig::default(),
            waitlist: WaitlistConfig::default(),
            idempotency_keys: KeysConfig::default(),
            counting: CountingConfig::default(),
            turnstile: TurnstileConfig::default(),
            public_metrics: None,
        }
    }
}

impl Default for WaitlistConfig {
    fn default() -> Self {
        Self {
            shortest: SHORTEST_WAITLIST,
            longest: LONGEST_WAITLIST,
        }
    }
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { keep: KEEP_KEYS }
    }
}

impl Default for CountingConfig {
    fn default() -> Self {
        Self { every: COUNT_EVERY }
    }
}

impl Default for TurnstileConfig {
    fn default() -> Self {
        Self {
            one_event: DEFAULT_AT_ONCE,
            all_events: DEFAULT_IN_ALL,
            together: DEFAULT_TOGETHER,
        }
    }
}

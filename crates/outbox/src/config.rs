use std::num::{NonZeroU16, NonZeroU32};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// One publishes while the other claims.
const DEFAULT_RELAYS: NonZeroU16 = NonZeroU16::new(2).unwrap();
/// What a broker confirms in a few milliseconds.
const DEFAULT_BATCH: NonZeroU32 = NonZeroU32::new(500).unwrap();
/// Waited only behind events that were just published: under load it saves the database most of its work for relays, and nobody sees the delay.
const DEFAULT_GATHER: Timeout = Timeout::from_millis(10);
/// Longer than publishing a batch can take; after a crash its rows wait this long.
const DEFAULT_CLAIM: Timeout = Timeout::from_secs(30);
/// Soon after a commit in another process, and little work for the database.
const DEFAULT_FIRST_LOOK: Timeout = Timeout::from_millis(25);
/// An idle table is looked at once a second.
const DEFAULT_LAST_LOOK: Timeout = Timeout::from_secs(1);
/// A row that failed this often will fail again.
const DEFAULT_ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// The first pause of a row that failed.
const DEFAULT_PAUSE: Timeout = Timeout::from_millis(200);
/// The longest: ten attempts take about four minutes.
const DEFAULT_LONGEST_PAUSE: Timeout = Timeout::from_secs(60);
/// An event that has waited this long is a fault that somebody should see.
const DEFAULT_OLDEST: Timeout = Timeout::from_secs(60);
/// Longer than any broker delivers again what nobody acknowledged, and than a replay of dead letters takes to be decided.
const DEFAULT_KEEP: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);

/// Outbox and inbox of a service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutboxConfig {
    /// How stored events are published.
    pub relay: RelayConfig,
    /// How messages are told apart from repeats.
    pub inbox: InboxConfig,
}

/// How stored events are published.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// Whether this process publishes; one that only stores leaves it to others.
    pub enabled: bool,
    /// How many relays run side by side in this process.
    pub relays: NonZeroU16,
    /// How many events are claimed at a time.
    pub batch: NonZeroU32,
    /// How long a relay waits for more after it published a few events. The first after a quiet time is published at once.
    pub gather: Timeout,
    /// How long a claim stands: longer than publishing a batch takes.
    pub claim: Timeout,
    /// How soon an outbox that had something is looked at again.
    pub first_look: Timeout,
    /// How seldom one that has nothing is looked at. A commit in the same process is noticed at once.
    pub last_look: Timeout,
    /// How often an event is tried that the broker refuses. A broker that cannot be reached counts for nothing.
    pub attempts: NonZeroU32,
    /// The first pause of an event that was refused; it doubles each time.
    pub pause: Timeout,
    /// The longest pause.
    pub longest_pause: Timeout,
    /// Readiness is degraded while an event has waited longer.
    pub oldest: Timeout,
}

/// How messages are told apart from repeats.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InboxConfig {
    /// How long a message is remembered.
    pub keep: Timeout,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            relays: DEFAULT_RELAYS,
            batch: DEFAULT_BATCH,
            gather: DEFAULT_GATHER,
            claim: DEFAULT_CLAIM,
            first_look: DEFAULT_FIRST_LOOK,
            last_look: DEFAULT_LAST_LOOK,
            attempts: DEFAULT_ATTEMPTS,
            pause: DEFAULT_PAUSE,
            longest_pause: DEFAULT_LONGEST_PAUSE,
            oldest: DEFAULT_OLDEST,
        }
    }
}

impl Default for InboxConfig {
    fn default() -> Self {
        Self { keep: DEFAULT_KEEP }
    }
}

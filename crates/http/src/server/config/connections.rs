use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// Room for ten thousand idle clients and the traffic beside them. The limit on open files must be above it.
const DEFAULT_MAX: NonZeroU32 = NonZeroU32::new(16_384).unwrap();
/// Long enough for a round trip to the far side of the world with two lost packets, short enough for a scanner.
const DEFAULT_FIRST_BYTE_TIMEOUT: Timeout = Timeout::from_secs(10);
/// Above the 60 s that common load balancers keep an idle connection, so that they close it and not this side.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(75);
/// Often enough that traffic spreads over new replicas, seldom enough that handshakes cost nothing.
const DEFAULT_MAX_AGE: Timeout = Timeout::from_secs(30 * 60);
/// Connections opened together, after a restart, shall not all end together.
const DEFAULT_MAX_AGE_JITTER: Ratio = Ratio::percent(10);
/// Several round trips: what a client sent before it could know of the stop arrives within it.
const DEFAULT_LINGER: Timeout = Timeout::from_millis(500);

/// How many connections there may be, how long each may last, and how quiet it may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionLimitsConfig {
    /// Open connections. One more is accepted and closed at once: a client or load balancer that is refused can go elsewhere, one
    /// left in the kernel's queue cannot tell why it waits.
    pub max: NonZeroU32,
    /// Open connections of one client address (IPv6: of one /64 network). Off unless set, because behind a load balancer all
    /// clients share one address.
    pub max_per_ip: Option<NonZeroU32>,
    /// The time from the opening of a connection to its first byte, and of its protocol sniffing.
    pub first_byte_timeout: Timeout,
    /// The time a connection may stay open between two requests.
    pub idle_timeout: Timeout,
    /// The age at which a connection is closed gracefully: the request in flight is finished and the client told to open another.
    pub max_age: Timeout,
    /// The share of `max_age` by which each connection's own limit is drawn earlier or later.
    pub max_age_jitter: Ratio,
    /// At the end of a connection: how long an idle one is still answered after a stop, and how long the last bytes of a client are
    /// read so that the answer to them is not destroyed by a reset.
    pub linger: Timeout,
}

impl Default for ConnectionLimitsConfig {
    fn default() -> Self {
        Self {
            max: DEFAULT_MAX,
            max_per_ip: None,
            first_byte_timeout: DEFAULT_FIRST_BYTE_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            max_age: DEFAULT_MAX_AGE,
            max_age_jitter: DEFAULT_MAX_AGE_JITTER,
            linger: DEFAULT_LINGER,
        }
    }
}

use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{Ratio, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `max_connections`: 10,000 idle clients and others. The limit on open files must
/// be higher.
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(16_384).unwrap();
/// The default of `first_byte_timeout`, enough for a long round trip with two lost packets.
const DEFAULT_FIRST_BYTE_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `idle_timeout`: load balancers with 60 s close idle connections first.
const DEFAULT_IDLE_TIMEOUT: Timeout = Timeout::from_secs(75);
/// The default of `half_close_timeout`: most requests end within half of it, without a probe, and
/// the request of a disconnected client costs little.
const DEFAULT_HALF_CLOSE_TIMEOUT: Timeout = Timeout::from_millis(500);
/// The default of `max_age`: spreads traffic over new replicas, and handshakes cost little.
const DEFAULT_MAX_AGE: Timeout = Timeout::from_secs(30 * 60);
/// The default of `max_age_jitter`: connections that open together must not close together.
const DEFAULT_MAX_AGE_JITTER: Ratio = Ratio::percent(10);
/// The default of `linger`: several round trips, so that requests sent before the stop arrive.
const DEFAULT_LINGER: Timeout = Timeout::from_millis(500);

/// Limits on connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionLimitsConfig {
    /// Maximum open connections. A further one is accepted and closed, so that its client can use
    /// another replica.
    pub max_connections: NonZeroU32,
    /// Maximum open connections of one client IP, or of one IPv6 /64. Not set: no limit, because
    /// all clients behind a load balancer share one IP.
    pub max_connections_per_ip: Option<NonZeroU32>,
    /// Time limit from the opening of a connection to its first bytes, which select the protocol.
    pub first_byte_timeout: Timeout,
    /// Maximum time of a connection between two requests.
    pub idle_timeout: Timeout,
    /// How long a request over HTTP/1 continues after its client has closed its sending side, if
    /// the client has disconnected. After half of this time the service sends `100 Continue`, and
    /// then three more times at doubling intervals. If the client does not reset the connection,
    /// the request continues until its own timeout. A client of HTTP/1.0 gets no `100 Continue`, so
    /// its request is cancelled. A response that has begun is cancelled if it sends no byte in this
    /// time.
    pub half_close_timeout: Timeout,
    /// Age at which a connection is closed gracefully. Its requests in flight finish first.
    pub max_age: Timeout,
    /// Random deviation of `max_age` for each connection, as a ratio.
    pub max_age_jitter: Ratio,
    /// Time in which a closing connection still responds to new requests and reads the last bytes
    /// of its client. Without it, a reset could destroy the response.
    pub linger: Timeout,
}

impl Default for ConnectionLimitsConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_connections_per_ip: None,
            first_byte_timeout: DEFAULT_FIRST_BYTE_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            half_close_timeout: DEFAULT_HALF_CLOSE_TIMEOUT,
            max_age: DEFAULT_MAX_AGE,
            max_age_jitter: DEFAULT_MAX_AGE_JITTER,
            linger: DEFAULT_LINGER,
        }
    }
}

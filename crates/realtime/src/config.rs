use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

/// The default of `max_connections`, which need about 20 KiB each and 20 MiB in total.
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The default of `max_connections_per_user`: the devices and browser windows of one user.
const DEFAULT_MAX_CONNECTIONS_PER_USER: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The default of `max_unauthenticated_per_address`: clients that connect at the same time.
const DEFAULT_MAX_UNAUTHENTICATED_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// The default of `max_rooms`. A page needs fewer.
const DEFAULT_MAX_ROOMS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The default of `max_pending`. A client that misses more events reads the state again.
const DEFAULT_MAX_PENDING: NonZeroU32 = NonZeroU32::new(128).unwrap();
/// The default of `max_event_size`. An event is a hint with an identifier and a version.
const DEFAULT_MAX_EVENT_SIZE: ByteSize = ByteSize::kibibytes(64);
/// The default of `keep_alive`, below the idle timeout of common load balancers (60 s).
const DEFAULT_KEEP_ALIVE: Timeout = Timeout::from_secs(20);
/// The default of `ping_timeout`. Mobile clients lose the network for several seconds.
const DEFAULT_PING_TIMEOUT: Timeout = Timeout::from_secs(20);
/// The default of `connect_timeout`: several round trips and the check of a token.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `max_message_size`. An event of a client is a command, not an upload.
const DEFAULT_MAX_MESSAGE_SIZE: ByteSize = ByteSize::kibibytes(64);
/// The default of `max_calls`. A user sends fewer, and the load on the service is low.
const DEFAULT_MAX_CALLS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The default of `call_period`, long enough for a burst after a reconnect.
const DEFAULT_CALL_PERIOD: Timeout = Timeout::from_secs(10);
/// The default of `call_timeout`, below `ping_timeout`: a call blocks reading.
const DEFAULT_CALL_TIMEOUT: Timeout = Timeout::from_secs(10);

/// Settings of the connections that receive events.
///
/// ```
/// use seaworthy_realtime::RealtimeConfig;
///
/// let config = RealtimeConfig::default();
/// assert_eq!(config.max_connections.get(), 1_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RealtimeConfig {
    /// Maximum number of connections of this process.
    pub max_connections: NonZeroU32,
    /// Maximum number of connections of one user, or of one IP address without a user. The limit
    /// counts this process, or with `fan_out` all processes of the service.
    pub max_connections_per_user: NonZeroU32,
    /// Maximum number of sessions of Socket.IO of one IP address that are not authenticated. An
    /// IPv6 /64 counts as one address.
    pub max_unauthenticated_per_address: NonZeroU32,
    /// Maximum number of rooms of one connection.
    pub max_rooms: NonZeroU32,
    /// Maximum number of events that wait for one connection. A client that reads too slowly is
    /// disconnected, and reads the state when it connects again.
    pub max_pending: NonZeroU32,
    /// Maximum size of one event, and of one acknowledgement. Over polling the service prepares no
    /// further packets while packets of this size wait for a request.
    pub max_event_size: ByteSize,
    /// The interval of messages on an idle connection, so that proxies keep it open.
    pub keep_alive: Timeout,
    /// Timeout for the response of a client to a ping, and for writing to a client over
    /// WebSocket.
    pub ping_timeout: Timeout,
    /// Timeout for a client of Socket.IO to authenticate after it opens a connection.
    pub connect_timeout: Timeout,
    /// Maximum size of a message from a client.
    pub max_message_size: ByteSize,
    /// Maximum number of packets that one client of Socket.IO sends in `call_period`. Further
    /// events are rejected. At ten times this number, or at 20 times with attachments and pings,
    /// the session ends.
    pub max_calls: NonZeroU32,
    /// The period of `max_calls`.
    pub call_period: Timeout,
    /// Timeout for the handler of an event from a client.
    pub call_timeout: Timeout,
    /// Accept HTTP long-polling of Socket.IO. With several replicas it needs a load balancer that
    /// sends all requests of a client to one replica.
    pub polling: bool,
}

impl Default for RealtimeConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_connections_per_user: DEFAULT_MAX_CONNECTIONS_PER_USER,
            max_unauthenticated_per_address: DEFAULT_MAX_UNAUTHENTICATED_PER_ADDRESS,
            max_rooms: DEFAULT_MAX_ROOMS,
            max_pending: DEFAULT_MAX_PENDING,
            max_event_size: DEFAULT_MAX_EVENT_SIZE,
            keep_alive: DEFAULT_KEEP_ALIVE,
            ping_timeout: DEFAULT_PING_TIMEOUT,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            max_calls: DEFAULT_MAX_CALLS,
            call_period: DEFAULT_CALL_PERIOD,
            call_timeout: DEFAULT_CALL_TIMEOUT,
            polling: true,
        }
    }
}

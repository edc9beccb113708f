use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

/// A connection needs about 20 KiB with its socket, so 1,000 connections need 20 MiB.
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The devices and browser windows of one user.
const DEFAULT_MAX_CONNECTIONS_PER_USER: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// The clients with one address that connect at the same moment.
const DEFAULT_MAX_UNAUTHENTICATED_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// More than a page shows at the same time.
const DEFAULT_MAX_ROOMS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// A client that is this many events late has to read the state again.
const DEFAULT_MAX_PENDING: NonZeroU32 = NonZeroU32::new(128).unwrap();
/// An event is a hint with an identifier and a version, not a document.
const DEFAULT_MAX_EVENT_SIZE: ByteSize = ByteSize::kibibytes(64);
/// Shorter than the idle timeout of common load balancers (60 s).
const DEFAULT_KEEP_ALIVE: Timeout = Timeout::from_secs(20);
/// Clients lose a mobile network for several seconds.
const DEFAULT_PING_TIMEOUT: Timeout = Timeout::from_secs(20);
/// Several round trips and the check of a token.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(10);
/// An event of a client is a command, not an upload.
const DEFAULT_MAX_MESSAGE_SIZE: ByteSize = ByteSize::kibibytes(64);
/// More than a person sends, and little load for a service.
const DEFAULT_MAX_CALLS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// Long enough for a burst after a reconnect.
const DEFAULT_CALL_PERIOD: Timeout = Timeout::from_secs(10);
/// Shorter than the ping timeout, because a connection reads nothing during a call.
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
    /// Maximum number of connections of one user, or of one IP address without a user, in this
    /// process. With `fan_out` in all processes of the service.
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
    /// Time limit for the response of a client to a ping, and for writing to a client over
    /// WebSocket.
    pub ping_timeout: Timeout,
    /// Time limit for a client of Socket.IO to authenticate after it opened a connection.
    pub connect_timeout: Timeout,
    /// Maximum size of a message from a client.
    pub max_message_size: ByteSize,
    /// Maximum number of packets that one client of Socket.IO sends in `call_period`. Further
    /// events are rejected. At ten times this number, or at 20 times with attachments and pings,
    /// the session ends.
    pub max_calls: NonZeroU32,
    /// The period of `max_calls`.
    pub call_period: Timeout,
    /// Time limit for the handler of an event from a client.
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

use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

/// A connection needs about 20 KiB with its socket, so 1,000 connections need 20 MiB.
const DEFAULT_MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// The devices and browser windows of one user.
const DEFAULT_MAX_CONNECTIONS_PER_USER: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// More than a page shows at once.
const DEFAULT_MAX_ROOMS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// A client that is this many events late has to read the state anew.
const DEFAULT_MAX_PENDING: NonZeroU32 = NonZeroU32::new(128).unwrap();
/// An event is a hint with an identifier and a version, not a document.
const DEFAULT_MAX_EVENT_SIZE: ByteSize = ByteSize::kibibytes(64);
/// Shorter than the idle timeout of common load balancers (60 s).
const DEFAULT_KEEP_ALIVE: Timeout = Timeout::from_secs(20);

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
    /// process.
    pub max_connections_per_user: NonZeroU32,
    /// Maximum number of rooms of one connection.
    pub max_rooms: NonZeroU32,
    /// Maximum number of events that wait for one connection. A client that reads too slowly is
    /// disconnected, and reads the state when it connects again.
    pub max_pending: NonZeroU32,
    /// Maximum size of one event.
    pub max_event_size: ByteSize,
    /// The interval of messages on an idle connection, so that proxies keep it open.
    pub keep_alive: Timeout,
}

impl Default for RealtimeConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_connections_per_user: DEFAULT_MAX_CONNECTIONS_PER_USER,
            max_rooms: DEFAULT_MAX_ROOMS,
            max_pending: DEFAULT_MAX_PENDING,
            max_event_size: DEFAULT_MAX_EVENT_SIZE,
            keep_alive: DEFAULT_KEEP_ALIVE,
        }
    }
}

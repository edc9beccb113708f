use std::time::Duration;

use seaworthy_core::{Code, Error};

/// The `Retry-After` of a rejected connection.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The reason why a connection is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The process has `max_connections` connections.
    #[error("too many connections")]
    TooManyConnections,
    /// The client has `max_connections_per_user` connections.
    #[error("too many connections of one client")]
    TooManyOfClient,
    /// The service stops.
    #[error("the service is stopping")]
    Draining,
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        let public = match error {
            ConnectError::TooManyConnections => Self::new(
                Code::Unavailable,
                "TOO_MANY_CONNECTIONS",
                "the service has too many live connections: try again later",
            ),
            ConnectError::TooManyOfClient => Self::new(
                Code::Exhausted,
                "TOO_MANY_CONNECTIONS_OF_CLIENT",
                "close a live connection before you open another",
            ),
            ConnectError::Draining => Self::new(
                Code::Unavailable,
                "DRAINING",
                "the service is stopping: connect again",
            ),
        };
        public.with_retry_after(RETRY_AFTER)
    }
}

/// The reason why a connection cannot join a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The connection is in `max_rooms` rooms.
    #[error("the connection is in too many rooms")]
    TooManyRooms,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

impl From<JoinError> for Error {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::TooManyRooms => Self::new(
                Code::Exhausted,
                "TOO_MANY_ROOMS",
                "leave a room before you join another",
            ),
            JoinError::Closed => Self::new(
                Code::Unavailable,
                "CONNECTION_CLOSED",
                "the connection is closed: connect again",
            ),
        }
    }
}

/// The reason why a connection receives no more events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The client reads too slowly. It has to read the state when it connects again.
    #[error("the client reads too slowly")]
    TooSlow,
    /// The service stops. The client connects to another replica.
    #[error("the service is stopping")]
    Draining,
    /// The client was disconnected, for example because its session was revoked.
    #[error("the client was disconnected")]
    Disconnected,
}

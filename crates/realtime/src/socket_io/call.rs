use std::sync::Arc;

use seaworthy_core::{Code, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Peer;
use crate::{Event, JoinError, Message, Room, hub::Member};

/// A handle to a connected client of Socket.IO. It does not keep the connection open.
#[derive(Debug, Clone)]
pub struct Socket {
    pub(super) member: Member,
    pub(super) peer: Arc<Peer>,
    pub(super) namespace: Arc<str>,
}

impl Socket {
    /// Returns the client.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Returns the namespace, such as `/`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Joins a room. Joining it again does nothing.
    ///
    /// # Errors
    /// The connection is in `max_rooms` rooms, or is closed.
    pub fn join(&self, room: Room) -> Result<(), JoinError> {
        self.member.join(room)
    }

    /// Leaves a room.
    pub fn leave(&self, room: &Room) {
        self.member.leave(room);
    }

    /// Sends an event to this client only. Returns false if the connection is closed.
    #[must_use]
    pub fn send(&self, event: &Event) -> bool {
        self.member.send(event)
    }
}

/// An event from a client.
#[derive(Debug)]
pub struct Call {
    pub(super) socket: Socket,
    pub(super) message: Message,
}

impl Call {
    /// Returns the connection of the client.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Returns all arguments.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Reads the first argument.
    ///
    /// # Errors
    /// The argument has another form.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let argument = self.message.arguments.first().cloned();
        serde_json::from_value(argument.unwrap_or(Value::Null)).map_err(|error| {
            let message = format!("the data of the event is not valid: {error}");
            Error::new(Code::Invalid, "INVALID_DATA", message)
        })
    }
}

//! Engine.IO 4: a session with a client over HTTP long-polling and WebSocket.
//!
//! The protocol is described in `socketio/engine.io-protocol`.

mod heartbeat;
#[cfg(test)]
mod loss_tests;
mod packet;
mod payload;
mod polling;
mod probe;
mod registry;
mod request;
mod session;
#[cfg(test)]
pub(super) mod tests;
mod websocket;

use std::task::{Context, Poll};

use axum::extract::ws;
use futures::{Sink, Stream};

pub(super) use request::{Engine, serve};

/// A message of the protocol that runs over Engine.IO, such as Socket.IO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    Text(String),
    Binary(bytes::Bytes),
}

impl Message {
    /// Returns the size of the data.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(data) => data.len(),
        }
    }
}

/// A message or packet that violates the protocol. The session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client violates the protocol")]
pub(super) struct Malformed;

/// A protocol that runs over a session of Engine.IO, such as Socket.IO.
pub(super) trait Protocol: Send + 'static {
    /// Returns true if the session may read further messages.
    fn is_ready(&self) -> bool;

    /// Accepts a message of the client.
    ///
    /// # Errors
    /// The message is malformed.
    fn receive(&mut self, message: Message) -> Result<(), Malformed>;

    /// Returns the next message for the client, or `None` at the end of the session.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>>;

    /// Continues the work of the session while the client does not take messages. Ready when the
    /// service ends the session.
    fn poll_blocked(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// A WebSocket.
trait FrameSocket:
    Stream<Item = Result<ws::Message, axum::Error>>
    + Sink<ws::Message, Error = axum::Error>
    + Send
    + Unpin
{
}

impl<S> FrameSocket for S where
    S: Stream<Item = Result<ws::Message, axum::Error>>
        + Sink<ws::Message, Error = axum::Error>
        + Send
        + Unpin
{
}

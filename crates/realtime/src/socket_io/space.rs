use std::{
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use tokio::time::{Sleep, sleep};

use super::Socket;
use crate::{Closed, Connection, Event};

/// A client in a namespace.
pub(super) struct Space {
    pub(super) socket: Socket,
    connection: Connection,
    expiry: Option<Pin<Box<Sleep>>>,
}

/// A change of a client in a namespace.
pub(super) enum Change {
    Event(Event),
    Closed(Closed),
    /// The credentials have expired.
    Expired,
}

impl Space {
    pub(super) fn new(connection: Connection, socket: Socket) -> Self {
        let mut space = Self {
            expiry: None,
            connection,
            socket,
        };
        space.expire_at(space.socket.peer.expiry());
        space
    }

    pub(super) fn expire_at(&mut self, time: Option<SystemTime>) {
        self.expiry = time.map(|time| {
            let left = time.duration_since(SystemTime::now());
            Box::pin(sleep(left.unwrap_or_default()))
        });
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Change> {
        if let Some(expiry) = &mut self.expiry
            && expiry.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Change::Expired);
        }
        self.connection
            .poll_next(context)
            .map(|result| result.map_or_else(Change::Closed, Change::Event))
    }
}

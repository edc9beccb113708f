use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::SystemTime,
};

use tokio::time::{Sleep, sleep};

use super::{Peer, Socket, server::OnDisconnect};
use crate::{Closed, Connection, Event};

/// A namespace that a client has joined.
pub(super) struct Namespace {
    pub(super) socket: Socket,
    connection: Connection,
    expiry: Option<Pin<Box<Sleep>>>,
    on_disconnect: Option<OnDisconnect>,
}

/// The reason why a namespace ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndReason {
    Closed(Closed),
    /// The credentials have expired.
    Expired,
}

impl Namespace {
    pub(super) fn new(
        connection: Connection,
        socket: Socket,
        on_disconnect: Option<OnDisconnect>,
    ) -> Self {
        let mut namespace = Self {
            expiry: None,
            on_disconnect,
            connection,
            socket,
        };
        namespace.expire_at(namespace.socket.peer.expiry());
        namespace
    }

    /// Replaces the credentials of the client.
    pub(super) fn refresh(&mut self, peer: Peer) {
        self.expire_at(peer.expiry());
        self.socket.peer = Arc::new(peer);
    }

    fn expire_at(&mut self, time: Option<SystemTime>) {
        self.expiry = time.map(|time| {
            let left = time.duration_since(SystemTime::now());
            Box::pin(sleep(left.unwrap_or_default()))
        });
    }

    /// Waits for the next event. A namespace that ends has no further events.
    pub(super) fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<Event, Closed>> {
        self.connection.poll_next(context)
    }

    /// Waits until the namespace ends, whether or not events are pending.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<EndReason> {
        if let Some(expiry) = &mut self.expiry
            && expiry.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(EndReason::Expired);
        }
        self.connection.poll_closed(context).map(EndReason::Closed)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let rooms = self.connection.close();
        if let Some(on_disconnect) = &self.on_disconnect {
            on_disconnect(&self.socket, rooms);
        }
    }
}

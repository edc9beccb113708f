use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use seaworthy_telemetry::metrics::GaugeGuard;
use tokio::sync::mpsc;

use super::{
    Inner,
    error::{Closed, JoinError},
    member::Member,
    signals::Signals,
    state::Id,
};
use crate::{Event, RealtimeConfig, Room};

/// A connection of a hub. Dropping it leaves all rooms.
#[derive(Debug)]
pub struct Connection {
    member: Member,
    events: mpsc::Receiver<Event>,
    signals: Arc<Signals>,
    _open: GaugeGuard,
}

impl Connection {
    pub(super) fn new(
        hub: Arc<Inner>,
        id: Id,
        events: mpsc::Receiver<Event>,
        signals: Arc<Signals>,
    ) -> Self {
        Self {
            _open: hub.metrics.connections.guard(),
            member: Member::new(hub, id),
            events,
            signals,
        }
    }

    /// Returns the settings of the hub.
    #[must_use]
    pub fn config(&self) -> &RealtimeConfig {
        self.member.config()
    }

    /// Returns a handle to the connection, which does not keep it open.
    pub(crate) fn member(&self) -> &Member {
        &self.member
    }

    /// Closes the connection. Returns the rooms that it was in.
    pub(crate) fn close(&self) -> &[Room] {
        self.member.close();
        self.signals.left()
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

    /// Waits for the next event. A connection that is closed because of a stop returns its pending
    /// events first. Cancel safe.
    ///
    /// # Errors
    /// The connection is closed.
    pub async fn next(&mut self) -> Result<Event, Closed> {
        poll_fn(|context| self.poll_next(context)).await
    }

    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Event, Closed>> {
        if self.signals.take_resync() {
            return Poll::Ready(Ok(Event::resync()));
        }
        // The hub drops the sender when it closes the connection.
        let event = std::task::ready!(self.events.poll_recv(context));
        Poll::Ready(match (self.signals.closed(), event) {
            // A slow client missed an event, so the pending ones are stale.
            (Some(reason @ (Closed::TooSlow | Closed::Disconnected)), _) => Err(reason),
            (_, Some(event)) => Ok(event),
            (reason, None) => Err(reason.unwrap_or(Closed::Draining)),
        })
    }

    /// Waits until the connection is closed, whether or not events are pending.
    pub(crate) fn poll_closed(&self, context: &mut Context<'_>) -> Poll<Closed> {
        self.signals.poll_closed(context)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.member.close();
    }
}

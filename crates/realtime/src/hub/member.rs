use std::sync::Arc;

use super::{
    Inner,
    error::{Closed, JoinError},
    state::{Id, Overflow},
};
use crate::{Event, RealtimeConfig, Room};

/// A handle to a connection. It does nothing after the connection is closed.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    hub: Arc<Inner>,
    id: Id,
}

impl Member {
    pub(super) fn new(hub: Arc<Inner>, id: Id) -> Self {
        Self { hub, id }
    }

    pub(crate) fn config(&self) -> &RealtimeConfig {
        &self.hub.config
    }

    pub(crate) fn join(&self, room: Room) -> Result<(), JoinError> {
        let max_rooms = self.hub.config.max_rooms.get() as usize;
        self.hub.state.lock().join(self.id, room, max_rooms)
    }

    pub(crate) fn leave(&self, room: &Room) {
        self.hub.state.lock().leave(self.id, room);
    }

    /// Sends an event to this connection only. Returns whether its queue accepted the event.
    pub(crate) fn send(&self, event: &Event) -> bool {
        self.hub.deliver(event, |state| {
            state.deliver(vec![self.id], event, Overflow::Close)
        }) > 0
    }

    pub(super) fn close(&self) {
        self.hub.state.lock().close(self.id, Closed::Disconnected);
    }
}

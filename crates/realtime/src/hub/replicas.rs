use std::{fmt, sync::Arc};

use super::Client;
use crate::{Event, Room};

/// The other processes of a service.
pub(crate) trait Replicas: fmt::Debug + Send + Sync {
    /// Passes an event to the connections of a room.
    fn publish(&self, room: &Room, event: &Event);

    /// Closes the connections of a client.
    fn disconnect(&self, client: &Client);

    /// Returns the number of connections of a client.
    fn connections(&self, client: &Arc<str>) -> usize;

    /// Records that a client of this process has connected or left.
    fn record_change(&self, client: &Arc<str>);
}

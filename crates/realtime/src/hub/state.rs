use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::sync::{mpsc, watch};

use super::error::{Closed, ConnectError, JoinError};
use crate::{Event, RealtimeConfig, Room};

/// The number of a connection in its hub.
pub(super) type Id = u64;

/// The result of an emission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Delivery {
    pub(super) received: usize,
    pub(super) too_slow: usize,
}

#[derive(Debug)]
struct Entry {
    client: Arc<str>,
    sender: mpsc::Sender<Event>,
    closing: watch::Sender<Option<Closed>>,
    rooms: HashSet<Room>,
}

/// The connections of a process and their rooms. A room exists as long as a connection is in it.
#[derive(Debug, Default)]
pub(super) struct State {
    next: Id,
    draining: bool,
    entries: HashMap<Id, Entry>,
    rooms: HashMap<Room, HashSet<Id>>,
    clients: HashMap<Arc<str>, HashSet<Id>>,
}

impl State {
    pub(super) fn connect(
        &mut self,
        client: &Arc<str>,
        sender: mpsc::Sender<Event>,
        config: &RealtimeConfig,
    ) -> Result<(Id, watch::Receiver<Option<Closed>>), ConnectError> {
        if self.draining {
            return Err(ConnectError::Draining);
        }
        if self.entries.len() >= config.max_connections.get() as usize {
            return Err(ConnectError::TooManyConnections);
        }
        let of_client = self.clients.get(client).map_or(0, HashSet::len);
        if of_client >= config.max_connections_per_user.get() as usize {
            return Err(ConnectError::TooManyOfClient);
        }
        let id = self.next;
        self.next += 1;
        let (closing, closed) = watch::channel(None);
        let entry = Entry {
            client: Arc::clone(client),
            sender,
            closing,
            rooms: HashSet::new(),
        };
        self.entries.insert(id, entry);
        self.clients
            .entry(Arc::clone(client))
            .or_default()
            .insert(id);
        Ok((id, closed))
    }

    pub(super) fn join(&mut self, id: Id, room: Room, max_rooms: usize) -> Result<(), JoinError> {
        let entry = self.entries.get_mut(&id).ok_or(JoinError::Closed)?;
        if entry.rooms.contains(&room) {
            return Ok(());
        }
        if entry.rooms.len() >= max_rooms {
            return Err(JoinError::TooManyRooms);
        }
        entry.rooms.insert(room.clone());
        self.rooms.entry(room).or_default().insert(id);
        Ok(())
    }

    pub(super) fn leave(&mut self, id: Id, room: &Room) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.rooms.remove(room);
        }
        self.remove_member(id, room);
    }

    /// Sends an event to a room. A connection without space is closed, so that it never delays
    /// others.
    pub(super) fn emit(&mut self, room: &Room, event: &Event) -> Delivery {
        let members = self.rooms.get(room).into_iter().flatten().copied();
        let members = members.collect();
        self.deliver(members, event)
    }

    pub(super) fn emit_all(&mut self, event: &Event) -> Delivery {
        let all = self.entries.keys().copied().collect();
        self.deliver(all, event)
    }

    pub(super) fn deliver(&mut self, ids: Vec<Id>, event: &Event) -> Delivery {
        let mut delivery = Delivery::default();
        for id in ids {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            match entry.sender.try_send(event.clone()) {
                Ok(()) => delivery.received += 1,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    delivery.too_slow += 1;
                    self.close(id, Closed::TooSlow);
                }
                // The connection is being dropped.
                Err(mpsc::error::TrySendError::Closed(_)) => {}
            }
        }
        delivery
    }

    pub(super) fn rooms(&self) -> Vec<Room> {
        self.rooms.keys().cloned().collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    pub(super) fn drain(&mut self) {
        self.draining = true;
        self.close_all(self.entries.keys().copied().collect(), Closed::Draining);
    }

    pub(super) fn disconnect(&mut self, client: &Arc<str>) {
        let ids = self.clients.get(client).into_iter().flatten().copied();
        self.close_all(ids.collect(), Closed::Disconnected);
    }

    /// Removes a connection. The first reason to close it stays.
    pub(super) fn close(&mut self, id: Id, reason: Closed) {
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        entry.closing.send_replace(Some(reason));
        for room in &entry.rooms {
            self.remove_member(id, room);
        }
        if let Some(ids) = self.clients.get_mut(&entry.client) {
            ids.remove(&id);
            if ids.is_empty() {
                self.clients.remove(&entry.client);
            }
        }
    }

    fn close_all(&mut self, ids: Vec<Id>, reason: Closed) {
        for id in ids {
            self.close(id, reason);
        }
    }

    fn remove_member(&mut self, id: Id, room: &Room) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(&id);
            if members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}

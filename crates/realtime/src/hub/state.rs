use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use super::{
    error::{Closed, ConnectError, JoinError},
    replicas::Replicas,
    signals::Signals,
};
use crate::{Event, RealtimeConfig, Room};

/// The number of a connection in its hub.
pub(super) type Id = u64;

/// The result of an emission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Delivery {
    pub(super) received: usize,
    pub(super) too_slow: usize,
}

/// The effect of a full queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overflow {
    Close,
    /// The connection gets the event `resync` instead. It is closed if its queue stays full for
    /// this time.
    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "only events of other processes arrive in batches")
    )]
    Resync(Duration),
}

#[derive(Debug)]
struct Entry {
    client: Arc<str>,
    sender: mpsc::Sender<Event>,
    signals: Arc<Signals>,
    rooms: HashSet<Room>,
    /// The queue has been full since then.
    full_since: Option<Instant>,
}

/// The connections of a process and their rooms. A room exists as long as a connection is in it.
#[derive(Debug, Default)]
pub(super) struct State {
    next: Id,
    draining: bool,
    entries: HashMap<Id, Entry>,
    rooms: HashMap<Room, HashSet<Id>>,
    clients: HashMap<Arc<str>, HashSet<Id>>,
    replicas: Option<Arc<dyn Replicas>>,
}

impl State {
    pub(super) fn connect(
        &mut self,
        client: &Arc<str>,
        sender: mpsc::Sender<Event>,
        config: &RealtimeConfig,
    ) -> Result<(Id, Arc<Signals>), ConnectError> {
        if self.draining {
            return Err(ConnectError::Draining);
        }
        if self.entries.len() >= config.max_connections.get() as usize {
            return Err(ConnectError::TooManyConnections);
        }
        let elsewhere = self.replicas.as_ref();
        let elsewhere = elsewhere.map_or(0, |replicas| replicas.connections(client));
        if self.connections_of(client) + elsewhere >= config.max_connections_per_user.get() as usize
        {
            return Err(ConnectError::TooManyOfClient);
        }
        let id = self.next;
        self.next += 1;
        let signals = Arc::<Signals>::default();
        let entry = Entry {
            client: Arc::clone(client),
            sender,
            signals: Arc::clone(&signals),
            rooms: HashSet::new(),
            full_since: None,
        };
        self.entries.insert(id, entry);
        self.clients
            .entry(Arc::clone(client))
            .or_default()
            .insert(id);
        self.record_change(client);
        Ok((id, signals))
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

    /// Sends an event to a room. A connection never delays others.
    pub(super) fn emit(&mut self, room: &Room, event: &Event, overflow: Overflow) -> Delivery {
        let members = self.rooms.get(room).into_iter().flatten().copied();
        let members = members.collect();
        self.deliver(members, event, overflow)
    }

    pub(super) fn emit_all(&mut self, event: &Event, overflow: Overflow) -> Delivery {
        let all = self.entries.keys().copied().collect();
        self.deliver(all, event, overflow)
    }

    pub(super) fn deliver(&mut self, ids: Vec<Id>, event: &Event, overflow: Overflow) -> Delivery {
        let mut delivery = Delivery::default();
        for id in ids {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            match entry.sender.try_send(event.clone()) {
                Ok(()) => {
                    entry.full_since = None;
                    delivery.received += 1;
                }
                Err(mpsc::error::TrySendError::Full(_)) => {
                    if !entry.is_too_slow(overflow) {
                        entry.signals.request_resync();
                        continue;
                    }
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

    pub(super) fn connections_of(&self, client: &Arc<str>) -> usize {
        self.clients.get(client).map_or(0, HashSet::len)
    }

    pub(super) fn replicas(&self) -> Option<Arc<dyn Replicas>> {
        self.replicas.clone()
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

    /// Removes a connection. Further calls do not replace the reason.
    pub(super) fn close(&mut self, id: Id, reason: Closed) {
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        for room in &entry.rooms {
            self.remove_member(id, room);
        }
        entry.signals.leave(entry.rooms.into_iter().collect());
        entry.signals.close(reason);
        if let Some(ids) = self.clients.get_mut(&entry.client) {
            ids.remove(&id);
            if ids.is_empty() {
                self.clients.remove(&entry.client);
            }
        }
        self.record_change(&entry.client);
    }

    fn record_change(&self, client: &Arc<str>) {
        if let Some(replicas) = &self.replicas {
            replicas.record_change(client);
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

#[cfg(feature = "redis")]
impl State {
    pub(super) fn set_replicas(&mut self, replicas: Arc<dyn Replicas>) {
        self.replicas = Some(replicas);
    }

    pub(super) fn clients(&self) -> Vec<Arc<str>> {
        self.clients.keys().cloned().collect()
    }
}

impl Entry {
    /// Returns true if a connection with a full queue has to be closed.
    fn is_too_slow(&mut self, overflow: Overflow) -> bool {
        match overflow {
            Overflow::Close => true,
            Overflow::Resync(limit) => {
                let since = self.full_since.get_or_insert_with(Instant::now);
                since.elapsed() >= limit
            }
        }
    }
}

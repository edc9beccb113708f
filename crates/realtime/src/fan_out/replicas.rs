use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use crate::{Client, Event, Room, hub::Replicas};

/// The time without an entry after which the connections of a process do not count. A process
/// appends an entry three times within it.
pub(super) const TTL: Duration = Duration::from_secs(15);
/// Retention of the numbers of a process without entries. Redis may have been unavailable.
const RETENTION: Duration = Duration::from_secs(600);
/// Maximum number of disconnects that wait for Redis. They need about 1 MB.
const MAX_DISCONNECTS: usize = 10_000;
/// Maximum number of clients whose count waits for Redis. They need about 1 MB.
const MAX_CHANGES: usize = 10_000;

/// An event for other processes, and its room.
pub(super) type Outgoing = (Room, Event);

/// Changes that this process has not appended to the stream.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) has_joined: bool,
    /// Whether the other processes must delete the numbers of this process.
    pub(super) has_left: bool,
    pub(super) disconnects: HashSet<Arc<str>>,
    /// The clients whose number of connections has changed.
    pub(super) clients: HashSet<Arc<str>>,
}

/// The connections of the clients of another process.
#[derive(Debug)]
struct Replica {
    seen_at: Instant,
    connections: HashMap<String, usize>,
}

/// The other processes of a service.
#[derive(Debug)]
pub(super) struct SharedReplicas {
    events: mpsc::Sender<Outgoing>,
    replicas: Mutex<HashMap<String, Replica>>,
    changes: Mutex<Changes>,
    changed: Notify,
}

impl SharedReplicas {
    pub(super) fn new(events: mpsc::Sender<Outgoing>) -> Self {
        Self {
            events,
            replicas: Mutex::default(),
            changes: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Stores numbers of connections of a process.
    pub(super) fn update(&self, origin: String, connections: HashMap<String, usize>) {
        let mut replicas = self.replicas.lock();
        replicas.retain(|_, replica| replica.seen_at.elapsed() < RETENTION);
        let replica = replicas.entry(origin).or_insert_with(|| Replica {
            seen_at: Instant::now(),
            connections: HashMap::new(),
        });
        replica.seen_at = Instant::now();
        replica.connections.extend(connections);
        replica.connections.retain(|_, number| *number > 0);
    }

    pub(super) fn remove(&self, origin: &str) {
        self.replicas.lock().remove(origin);
    }

    /// Records changes for the other processes.
    pub(super) fn change(&self, change: impl FnOnce(&mut Changes)) {
        let mut changes = self.changes.lock();
        change(&mut changes);
        if changes.clients.len() > MAX_CHANGES {
            changes.clients.clear();
            changes.has_left = true;
        }
        drop(changes);
        self.changed.notify_one();
    }

    /// Waits until there are changes. Cancel safe.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn take_changes(&self) -> Changes {
        mem::take(&mut self.changes.lock())
    }
}

impl Replicas for SharedReplicas {
    fn publish(&self, room: &Room, event: &Event) {
        let outgoing = (room.clone(), event.clone());
        if self.events.try_send(outgoing).is_err() {
            let event = event.name();
            tracing::warn!(
                event,
                "live event dropped for other processes: the queue for Redis is full or closed"
            );
        }
    }

    fn disconnect(&self, client: &Client) {
        self.change(|changes| {
            if changes.disconnects.len() < MAX_DISCONNECTS {
                changes.disconnects.insert(Arc::clone(client.key()));
            } else {
                tracing::error!(
                    "client stays connected to other processes: too many disconnects wait for Redis"
                );
            }
        });
    }

    fn connections(&self, client: &Arc<str>) -> usize {
        let replicas = self.replicas.lock();
        let alive = replicas
            .values()
            .filter(|replica| replica.seen_at.elapsed() < TTL);
        alive
            .filter_map(|replica| replica.connections.get(&**client))
            .sum()
    }

    fn record_change(&self, client: &Arc<str>) {
        self.change(|changes| {
            changes.clients.insert(Arc::clone(client));
        });
    }
}

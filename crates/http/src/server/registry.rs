//! The open connections, so that a stop reaches all and a report can list them.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use seaworthy_core::network_of;
use tokio::sync::Notify;

use super::connection::ConnectionState;

/// One open connection, as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionSnapshot {
    /// The unique number within the listener.
    pub id: u64,
    /// The address of the client.
    pub peer: SocketAddr,
    /// The age of the connection.
    pub age: Duration,
    /// Requests whose response is not yet complete.
    pub in_flight: u32,
    /// All requests, including those in flight.
    pub requests: u64,
}

/// The reason for rejecting a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    Full,
    PerIp,
}

#[derive(Default)]
struct Open {
    next_id: u64,
    connections: HashMap<u64, Arc<ConnectionState>>,
    per_ip: HashMap<IpAddr, u32>,
}

pub(crate) struct Registry {
    max_connections: u32,
    max_connections_per_ip: Option<NonZeroU32>,
    draining: AtomicBool,
    open: Mutex<Open>,
    emptied: Notify,
}

impl Registry {
    pub(crate) fn new(
        max_connections: NonZeroU32,
        max_connections_per_ip: Option<NonZeroU32>,
    ) -> Self {
        Self {
            max_connections: max_connections.get(),
            max_connections_per_ip,
            draining: AtomicBool::new(false),
            open: Mutex::default(),
            emptied: Notify::new(),
        }
    }

    /// Admits a connection, which counts until the ticket is dropped.
    pub(crate) fn admit(
        self: &Arc<Self>,
        peer: SocketAddr,
    ) -> Result<(Arc<ConnectionState>, Ticket), Rejection> {
        let ip = network_of(peer.ip());
        let mut open = self.open.lock();
        if open.connections.len() >= self.max_connections as usize {
            return Err(Rejection::Full);
        }
        if let Some(max_connections_per_ip) = self.max_connections_per_ip {
            let count = open.per_ip.entry(ip).or_default();
            if *count >= max_connections_per_ip.get() {
                return Err(Rejection::PerIp);
            }
            *count += 1;
        }
        let id = open.next_id;
        open.next_id += 1;
        let state = Arc::new(ConnectionState::new(peer));
        if self.draining.load(Relaxed) {
            state.close();
        }
        open.connections.insert(id, Arc::clone(&state));
        let registry = Arc::clone(self);
        Ok((state, Ticket { registry, id, ip }))
    }

    pub(crate) fn drain(&self) {
        let open = self.open.lock();
        self.draining.store(true, Relaxed);
        open.connections.values().for_each(|state| state.close());
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(crate) fn abort(&self) {
        let open = self.open.lock();
        self.draining.store(true, Relaxed);
        open.connections.values().for_each(|state| state.abort());
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().connections.len()
    }

    pub(crate) fn snapshot(&self) -> Vec<ConnectionSnapshot> {
        let open = self.open.lock();
        let mut connections: Vec<_> = open
            .connections
            .iter()
            .map(|(id, state)| state.snapshot(*id))
            .collect();
        drop(open);
        connections.sort_unstable_by_key(|connection| connection.id);
        connections
    }

    /// Waits until no connection is open.
    pub(crate) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

/// The permit of an open connection. Dropping it releases the permit.
pub(crate) struct Ticket {
    registry: Arc<Registry>,
    id: u64,
    ip: IpAddr,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.registry.open.lock();
        open.connections.remove(&self.id);
        if self.registry.max_connections_per_ip.is_some()
            && let Some(count) = open.per_ip.get_mut(&self.ip)
        {
            *count -= 1;
            if *count == 0 {
                open.per_ip.remove(&self.ip);
            }
        }
        let empty = open.connections.is_empty();
        drop(open);
        if empty {
            self.registry.emptied.notify_waiters();
        }
    }
}

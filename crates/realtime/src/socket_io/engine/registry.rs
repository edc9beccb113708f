use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::extract::ws::WebSocket;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::{Malformed, packet::Packet, payload::Payload};

/// Capacity of the queue. A client sends its requests one after the other.
const MAX_COMMANDS: usize = 4;

/// The session rejects a request, because it violates the protocol.
#[derive(Debug)]
pub(super) struct Rejected;

/// The packets of a request.
pub(super) type Packets = Result<Vec<Packet>, Malformed>;

/// A request for a session over polling.
pub(super) enum Command {
    /// Waits for packets.
    Poll(oneshot::Sender<Result<oneshot::Receiver<Payload>, Rejected>>),
    /// Passes packets of the client.
    Push(Packets, oneshot::Sender<Result<(), Rejected>>),
    /// Upgrades the session to a WebSocket.
    Upgrade(
        oneshot::Receiver<WebSocket>,
        oneshot::Sender<Result<(), Rejected>>,
    ),
}

/// The sessions of a process.
#[derive(Default)]
pub(super) struct Registry {
    open: AtomicUsize,
    polling: Mutex<HashMap<String, mpsc::Sender<Command>>>,
}

/// A permit for a session, which counts until it is dropped.
pub(super) struct SessionPermit {
    registry: Arc<Registry>,
    id: String,
}

impl Registry {
    /// Returns a permit if there are fewer than `max` sessions.
    pub(super) fn try_acquire(self: &Arc<Self>, max: usize) -> Option<SessionPermit> {
        let acquired = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
                (open < max).then_some(open + 1)
            });
        acquired.ok()?;
        Some(SessionPermit {
            registry: Arc::clone(self),
            // The ID is random, because it authenticates the requests of a client over polling.
            id: format!("{:032x}", rand::random::<u128>()),
        })
    }

    pub(super) fn polling(&self, id: &str) -> Option<mpsc::Sender<Command>> {
        self.polling.lock().get(id).cloned()
    }
}

impl SessionPermit {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Makes the session reachable by requests with its identifier.
    pub(super) fn accept_requests(&self) -> mpsc::Receiver<Command> {
        let (sender, receiver) = mpsc::channel(MAX_COMMANDS);
        self.registry.polling.lock().insert(self.id.clone(), sender);
        receiver
    }

    /// Rejects further requests with the identifier.
    pub(super) fn reject_requests(&self) {
        self.registry.polling.lock().remove(&self.id);
    }
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        self.reject_requests();
        self.registry.open.fetch_sub(1, Ordering::Relaxed);
    }
}

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures::task::AtomicWaker;

use super::error::Closed;
use crate::Room;

/// Signals of a hub to one connection, in addition to its queue of events.
#[derive(Debug, Default)]
pub(super) struct Signals {
    closed: OnceLock<Closed>,
    /// The rooms that the connection was in.
    left: OnceLock<Vec<Room>>,
    resync: AtomicBool,
    waker: AtomicWaker,
}

impl Signals {
    /// Closes the connection. Further calls do not replace the reason.
    pub(super) fn close(&self, reason: Closed) {
        let _ = self.closed.set(reason);
        self.waker.wake();
    }

    /// Records the rooms of a connection that closes.
    pub(super) fn leave(&self, rooms: Vec<Room>) {
        let _ = self.left.set(rooms);
    }

    /// Returns the rooms that a closed connection was in.
    pub(super) fn left(&self) -> &[Room] {
        self.left.get().map_or(&[], Vec::as_slice)
    }

    pub(super) fn closed(&self) -> Option<Closed> {
        self.closed.get().copied()
    }

    /// Waits until the hub closes the connection.
    pub(super) fn poll_closed(&self, context: &mut Context<'_>) -> Poll<Closed> {
        self.waker.register(context.waker());
        self.closed().map_or(Poll::Pending, Poll::Ready)
    }

    /// Records that the connection missed an event. Its queue is full, so the connection does not
    /// wait for a wake-up.
    pub(super) fn request_resync(&self) {
        self.resync.store(true, Ordering::Relaxed);
    }

    /// Returns true once after [`request_resync`](Self::request_resync).
    pub(super) fn take_resync(&self) -> bool {
        self.resync.load(Ordering::Relaxed) && self.resync.swap(false, Ordering::Relaxed)
    }
}

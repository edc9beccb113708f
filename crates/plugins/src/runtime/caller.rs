use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// The guest's handle of its caller. The guest ends soon after its caller stops waiting, for
/// example because a client closed its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    has_left: AtomicBool,
    left: Notify,
    is_guest_waiting: AtomicBool,
}

/// A guard of a caller that waits for its guest. Dropping it ends the wait.
#[derive(Debug)]
pub(crate) struct Waiting(Caller);

impl Caller {
    /// Marks that the caller waits for the guest. Without this mark the guest runs to completion.
    pub(crate) fn wait(&self) -> Waiting {
        Waiting(self.clone())
    }

    pub(crate) fn has_left(&self) -> bool {
        self.0.has_left.load(Ordering::Relaxed)
    }

    /// Sets whether the guest waits for a response.
    pub(crate) fn set_guest_waiting(&self, is_waiting: bool) {
        self.0.is_guest_waiting.store(is_waiting, Ordering::Relaxed);
    }

    /// Returns true if the guest waits for a response. It then does not need a core.
    pub(crate) fn is_guest_waiting(&self) -> bool {
        self.0.is_guest_waiting.load(Ordering::Relaxed)
    }

    /// Completes when the caller stops waiting. At most one guest may await this.
    pub(crate) async fn left(&self) {
        while !self.has_left() {
            self.0.left.notified().await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Self(Caller(shared)) = self;
        shared.has_left.store(true, Ordering::Relaxed);
        shared.left.notify_one();
    }
}

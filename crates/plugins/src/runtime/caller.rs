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

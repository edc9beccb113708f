use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

/// The settings of one type as they are now: cheap to read on a hot path, cheap to clone, and any number of them follow one [`Watcher`](crate::Watcher).
pub struct Reloadable<T> {
    cell: Arc<Cell<T>>,
    seen: watch::Receiver<()>,
}

pub(super) struct Cell<T> {
    value: ArcSwap<T>,
    changed: watch::Sender<()>,
}

impl<T> Cell<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value: ArcSwap::from_pointee(value),
            changed: watch::Sender::new(()),
        }
    }

    pub(super) fn publish(&self, value: T) {
        self.value.store(Arc::new(value));
        self.changed.send_replace(());
    }
}

impl<T> Reloadable<T> {
    /// Settings that never change: for tests, and for code that takes a handle and is given a value.
    #[must_use]
    pub fn fixed(value: T) -> Self {
        Self::follow(Arc::new(Cell::new(value)))
    }

    pub(super) fn follow(cell: Arc<Cell<T>>) -> Self {
        Self {
            seen: cell.changed.subscribe(),
            cell,
        }
    }

    /// The settings now. The guard is for the moment; keep [`snapshot`](Self::snapshot) across an `await`.
    #[must_use]
    pub fn load(&self) -> Guard<Arc<T>> {
        self.cell.value.load()
    }

    /// The settings now, to keep.
    #[must_use]
    pub fn snapshot(&self) -> Arc<T> {
        self.cell.value.load_full()
    }

    /// Waits for a change that this handle has not waited for yet. Several changes in between count as one. Cancel safe.
    pub async fn changed(&mut self) {
        if self.seen.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl<T> Clone for Reloadable<T> {
    fn clone(&self) -> Self {
        Self {
            cell: self.cell.clone(),
            seen: self.seen.clone(),
        }
    }
}

impl<T> fmt::Debug for Reloadable<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reloadable").finish_non_exhaustive()
    }
}

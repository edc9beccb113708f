use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

/// A handle on the current settings of one type, updated by a [`Watcher`](crate::Watcher). Cheap to
/// read and to clone.
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
    /// A handle on settings that do not change, for example in tests.
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

    /// Returns the current settings. Do not hold the guard across an `await`: use
    /// [`snapshot`](Self::snapshot).
    #[must_use]
    pub fn load(&self) -> Guard<Arc<T>> {
        self.cell.value.load()
    }

    /// Returns the current settings for any time.
    #[must_use]
    pub fn snapshot(&self) -> Arc<T> {
        self.cell.value.load_full()
    }

    /// Waits for the next change. Several changes since the last call count as one. Cancel safe.
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

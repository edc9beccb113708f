use std::{path::PathBuf, sync::Arc, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// The wait after a change, because a copy of a plugin writes several files within milliseconds.
const QUIET: Duration = Duration::from_millis(200);
/// The poll interval, because the operating system may not report every change.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Watches folders for changes.
pub(crate) struct Watch {
    changed: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    pub(crate) fn new(folders: &[PathBuf]) -> Self {
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                notify.notify_one();
            }
        });
        let watcher = watcher.ok().map(|mut watcher| {
            for folder in folders {
                // A folder that cannot be watched is polled.
                drop(watcher.watch(folder, RecursiveMode::Recursive));
            }
            watcher
        });
        Self {
            changed,
            _watcher: watcher,
        }
    }

    /// Completes after a change, or after the poll interval.
    pub(crate) async fn changed(&self) {
        let change = tokio::time::timeout(POLL_INTERVAL, self.changed.notified());
        if change.await.is_ok() {
            tokio::time::sleep(QUIET).await;
        }
    }
}

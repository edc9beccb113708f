use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::Notify, time::Instant};

/// An editor's save is several events within a few milliseconds; a person does not notice this wait.
const QUIET: Duration = Duration::from_millis(100);
/// A directory that never falls quiet is read all the same.
const LATEST: Duration = Duration::from_secs(1);

/// The operating system refuses to watch a directory.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be watched: {0}")]
pub struct WatchError(#[from] notify::Error);

/// Changes in directories, gathered until they fall quiet.
pub(super) struct Changes {
    watcher: RecommendedWatcher,
    followed: BTreeSet<PathBuf>,
    happened: Arc<Notify>,
}

impl Changes {
    pub(super) fn of(directories: &[PathBuf]) -> Result<Self, WatchError> {
        let happened = Arc::new(Notify::new());
        let notify = happened.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Our own reading of the files is an access; to react to it would never end.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                notify.notify_one();
            }
        })?;
        let mut changes = Self {
            watcher,
            followed: BTreeSet::new(),
            happened,
        };
        changes.follow(directories)?;
        Ok(changes)
    }

    /// Follows further directories, as far as they exist.
    pub(super) fn follow(&mut self, directories: &[PathBuf]) -> Result<(), WatchError> {
        for directory in directories {
            if directory.is_dir() && !self.followed.contains(directory) {
                self.watcher.watch(directory, RecursiveMode::NonRecursive)?;
                self.followed.insert(directory.clone());
            }
        }
        Ok(())
    }

    /// Waits for a change and for the quiet after it.
    pub(super) async fn settled(&self) {
        self.happened.notified().await;
        let latest = Instant::now() + LATEST;
        loop {
            let quiet = (Instant::now() + QUIET).min(latest);
            if tokio::time::timeout_at(quiet, self.happened.notified())
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

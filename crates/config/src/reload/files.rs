use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::Notify, time::Instant};

/// The time without events that ends a change. An editor saves a file with several events within a
/// few milliseconds.
const QUIET: Duration = Duration::from_millis(100);
/// The maximum wait for a directory with continuous events.
const LATEST: Duration = Duration::from_secs(1);

/// The operating system cannot watch a directory.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be watched: {0}")]
pub struct WatchError(#[from] notify::Error);

/// The state of a file, after symbolic links. A different state means a different content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    path: PathBuf,
    target: Option<PathBuf>,
    state: Option<(u64, Option<SystemTime>)>,
}

impl Seen {
    pub(super) fn of(path: PathBuf) -> Self {
        let state = fs::metadata(&path).ok();
        Self {
            target: fs::canonicalize(&path).ok(),
            state: state.map(|state| (state.len(), state.modified().ok())),
            path,
        }
    }
}

/// Returns the YAML files of a directory.
pub(super) fn settings_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "yaml"))
        .collect();
    files.sort();
    files
}

/// Debounced changes of directories.
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
            // A reload reads the files. It must not cause another reload.
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

    /// Watches further directories that exist.
    pub(super) fn follow(&mut self, directories: &[PathBuf]) -> Result<(), WatchError> {
        for directory in directories {
            if directory.is_dir() && !self.followed.contains(directory) {
                self.watcher.watch(directory, RecursiveMode::NonRecursive)?;
                self.followed.insert(directory.clone());
            }
        }
        Ok(())
    }

    /// Waits for a change, and until no event follows.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_of_the_directory_do_not_change_settings_conf_4() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("config.yaml");
        fs::write(&base, "a: 1\n").unwrap();
        let seen = || {
            settings_in(folder.path())
                .into_iter()
                .map(Seen::of)
                .collect::<Vec<_>>()
        };
        let before = seen();
        fs::write(folder.path().join("service.log"), "a line\n").unwrap();
        assert_eq!(seen(), before);
        fs::write(&base, "a: 10\n").unwrap();
        assert_ne!(seen(), before);
        fs::write(folder.path().join("config.production.yaml"), "{}\n").unwrap();
        assert_eq!(seen().len(), before.len() + 1);
    }
}

use std::{path::PathBuf, sync::Arc, time::Duration};

use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// The delay after a change, because a copy of a plugin writes several files within milliseconds.
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
        let report = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                notify.notify_one();
            }
        };
        // A link in the folder may name any tree of the machine. Changes in it are polled.
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(report, config);
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, symlink},
        path::Path,
    };

    use super::*;

    /// Returns true if this process watches a folder (`inotify_init(2)`, `/proc/PID/fdinfo`).
    fn is_watched(folder: &Path) -> bool {
        let inode = format!(" ino:{:x} ", fs::metadata(folder).unwrap().ino());
        let files = fs::read_dir("/proc/self/fdinfo").unwrap();
        let mut texts = files.filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
        texts.any(|text| {
            let mut watches = text.lines().filter(|line| line.starts_with("inotify "));
            watches.any(|watch| watch.contains(&inode))
        })
    }

    #[tokio::test]
    async fn trees_outside_of_the_folder_are_not_watched_plug_2() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let [plugin, inner] = [folder.path().join("guard"), outside.path().join("inner")];
        fs::create_dir(&plugin).unwrap();
        fs::create_dir(&inner).unwrap();
        symlink(outside.path(), folder.path().join("link")).unwrap();
        let _watch = Watch::new(&[folder.path().to_owned()]);
        assert!(is_watched(folder.path()) && is_watched(&plugin));
        assert!(!is_watched(outside.path()) && !is_watched(&inner));
    }
}

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// One lock for each plugin, by its name. All versions of a plugin share it.
#[derive(Debug, Default)]
pub(super) struct PluginLocks(Mutex<BTreeMap<String, Weak<AsyncMutex<()>>>>);

impl PluginLocks {
    /// Returns the lock of a plugin. The plugin need not be loaded.
    pub(super) fn for_plugin(&self, plugin: &str) -> Arc<AsyncMutex<()>> {
        let mut locks = self.0.lock();
        if let Some(lock) = locks.get(plugin).and_then(Weak::upgrade) {
            return lock;
        }
        // A name may be any text of a request, so only locks in use remain.
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        locks.insert(plugin.to_owned(), Arc::downgrade(&lock));
        lock
    }

    /// Waits for the lock of a plugin, and takes it.
    pub(super) async fn take(&self, plugin: &str) -> OwnedMutexGuard<()> {
        self.for_plugin(plugin).lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn plugins_have_separate_locks_plug_1() {
        let locks = PluginLocks::default();
        let one = locks.take("one").await;
        assert!(locks.take("one").now_or_never().is_none());
        assert!(locks.take("other").now_or_never().is_some());
        drop(one);
        assert!(locks.take("one").now_or_never().is_some());
    }

    #[tokio::test]
    async fn unused_locks_are_not_kept_plug_1() {
        let locks = PluginLocks::default();
        let used = locks.take("used").await;
        for number in 0..100 {
            drop(locks.take(&number.to_string()).await);
        }
        // The lock in use, and the last one.
        assert_eq!(locks.0.lock().len(), 2);
        drop(used);
    }
}

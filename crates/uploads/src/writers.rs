use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::OwnedMutexGuard, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::UploadError;

/// Maximum wait for the current request, longer than it needs to store its last bytes.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The requests of this process that write to uploads. A new request for an upload ends the old
/// one, because the old one usually belongs to a lost connection.
#[derive(Debug, Default)]
pub(crate) struct Writers(Arc<Mutex<HashMap<Uuid, Current>>>);

#[derive(Debug, Clone)]
struct Current {
    stop: CancellationToken,
    lock: Arc<tokio::sync::Mutex<()>>,
}

/// The only request of this process that writes to an upload.
#[derive(Debug)]
pub(crate) struct Writer {
    id: Uuid,
    stop: CancellationToken,
    all: Arc<Mutex<HashMap<Uuid, Current>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Writers {
    /// Ends the current request for the upload, and waits until it has stored its bytes.
    pub(crate) async fn enter(&self, id: Uuid) -> Result<Writer, UploadError> {
        let stop = CancellationToken::new();
        let lock = {
            let mut all = self.0.lock();
            let current = all.entry(id).or_insert_with(|| Current {
                stop: CancellationToken::new(),
                lock: Arc::default(),
            });
            std::mem::replace(&mut current.stop, stop.clone()).cancel();
            Arc::clone(&current.lock)
        };
        let mut writer = Writer {
            id,
            stop,
            all: Arc::clone(&self.0),
            guard: None,
        };
        let guard = timeout(MAX_WAIT, lock.lock_owned()).await;
        writer.guard = Some(guard.map_err(|_| UploadError::Busy)?);
        if writer.stop.is_cancelled() {
            return Err(UploadError::Replaced);
        }
        Ok(writer)
    }
}

impl Writer {
    /// Completes when a newer request waits to write.
    pub(crate) async fn replaced(&self) {
        self.stop.cancelled().await;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.guard = None;
        let mut all = self.all.lock();
        let is_last = all
            .get(&self.id)
            .is_some_and(|current| Arc::strong_count(&current.lock) == 1);
        if is_last {
            all.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn new_writer_ends_the_old_one_file_1() {
        let (writers, id) = (Writers::default(), Uuid::nil());
        let first = writers.enter(id).await.unwrap();
        let old = tokio::spawn(async move {
            first.replaced().await;
            drop(first);
        });
        let second = writers.enter(id).await.unwrap();
        old.await.unwrap();
        drop(second);
        assert!(writers.0.lock().is_empty());
    }
}

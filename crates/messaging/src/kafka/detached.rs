use std::{ops::Deref, sync::Arc, thread};

use tokio_util::sync::CancellationToken;

/// A client that ends on its own thread.
///
/// The end of a client joins its threads, which wait for the cluster. This would block a thread of
/// the runtime. If the client never ends (librdkafka issue 4674), it would also block the stop of
/// the service.
pub(super) struct Detached<C: Send + Sync + 'static> {
    client: Arc<C>,
    ended: CancellationToken,
}

impl<C: Send + Sync + 'static> Detached<C> {
    pub(super) fn new(client: C) -> Self {
        Self {
            client: Arc::new(client),
            ended: CancellationToken::new(),
        }
    }

    /// Returns a token that is cancelled when the client has ended after the drop.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl<C: Send + Sync + 'static> Deref for Detached<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.client
    }
}

impl<C: Send + Sync + 'static> Drop for Detached<C> {
    fn drop(&mut self) {
        let mut client = Arc::clone(&self.client);
        let ended = self.ended.clone();
        let end = move || {
            // The field drops its reference soon.
            while let Err(shared) = Arc::try_unwrap(client) {
                client = shared;
                thread::yield_now();
            }
            ended.cancel();
        };
        let thread = thread::Builder::new().name("kafka end".to_owned());
        if let Err(error) = thread.spawn(end) {
            tracing::warn!(%error, "a Kafka client is closed on the current thread");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    struct SlowToDrop {
        release: Mutex<mpsc::Receiver<()>>,
        ended: mpsc::Sender<thread::ThreadId>,
    }

    impl Drop for SlowToDrop {
        fn drop(&mut self) {
            let _ = self.release.lock().map(|release| release.recv());
            let _ = self.ended.send(thread::current().id());
        }
    }

    #[test]
    fn drop_does_not_wait_for_end_of_client_life_4() {
        let (release, released) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        let client = Detached::new(SlowToDrop {
            release: Mutex::new(released),
            ended,
        });
        // A drop that waits for the client would never return.
        drop(client);
        assert!(release.send(()).is_ok());
        assert_ne!(end.recv(), Ok(thread::current().id()));
    }
}

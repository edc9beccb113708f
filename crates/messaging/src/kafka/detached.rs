use std::{ops::Deref, sync::Arc, thread};

use tokio_util::sync::CancellationToken;

/// A client whose end is the matter of a thread that nobody waits for.
///
/// The end of a client joins its threads, and those wait for the cluster. Where that happened on a thread of the runtime, everything on it would stand still meanwhile; and where it never came to an end,
/// as librdkafka is told to do after some outages (its issue 4674), neither would the service.
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

    /// Is cancelled when the client has ended, after this is dropped.
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
            // That of the field is gone in a moment.
            while let Err(shared) = Arc::try_unwrap(client) {
                client = shared;
                thread::yield_now();
            }
            ended.cancel();
        };
        let thread = thread::Builder::new().name("kafka end".to_owned());
        if let Err(error) = thread.spawn(end) {
            tracing::warn!(%error, "a client of Kafka ends without a thread of its own");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    struct Stubborn {
        release: Mutex<mpsc::Receiver<()>>,
        ended: mpsc::Sender<thread::ThreadId>,
    }

    impl Drop for Stubborn {
        fn drop(&mut self) {
            let _ = self.release.lock().map(|release| release.recv());
            let _ = self.ended.send(thread::current().id());
        }
    }

    #[test]
    fn nobody_waits_for_the_end_of_a_client_life_4() {
        let (release, released) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        let client = Detached::new(Stubborn {
            release: Mutex::new(released),
            ended,
        });
        // Would never return, for the client only ends after it.
        drop(client);
        assert!(release.send(()).is_ok());
        assert_ne!(end.recv(), Ok(thread::current().id()));
    }
}

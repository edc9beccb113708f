use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::{Backoff, Timeout};
use seaworthy_service::{Component, Stage};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinError},
    time::sleep,
};
use tokio_util::task::AbortOnDropHandle;

use super::run::Relay;

/// The first backoff after a panic. A relay that panicked once may run again soon.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(100);
/// The maximum backoff, so that a relay that panics repeatedly costs little.
const MAX_BACKOFF: Timeout = Timeout::from_secs(10);

/// The relays of a service. They stop after all components that may store an event, and before the
/// database and the broker.
pub(crate) struct RelayComponent {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<AbortHandle>>,
    /// Closed when the last relay has ended.
    ended: watch::Sender<()>,
}

impl RelayComponent {
    pub(crate) fn start(relay: &Relay) -> Self {
        let (stop, stopping) = watch::channel(false);
        let (ended, _) = watch::channel(());
        let mut tasks = Vec::new();
        for _ in 0..relay.concurrency() {
            let (relay, stopping) = (relay.clone(), stopping.clone());
            let alive = ended.subscribe();
            let task = tokio::spawn(async move {
                supervise(|stop| relay.clone().run(stop), stopping).await;
                drop(alive);
            });
            tasks.push(task.abort_handle());
        }
        Self {
            stop,
            tasks: Mutex::new(tasks),
            ended,
        }
    }
}

/// Restarts a relay that panicked (LIFE-5). A stop ends the backoff: the relay then runs once more
/// to publish the remaining events.
async fn supervise<F>(start: impl Fn(watch::Receiver<bool>) -> F, mut stop: watch::Receiver<bool>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
    let mut panics = 0_u32;
    loop {
        let is_stopping = *stop.borrow();
        let ended = AbortOnDropHandle::new(tokio::spawn(start(stop.clone()))).await;
        let Some(error) = ended.err().filter(JoinError::is_panic) else {
            return;
        };
        let delay = backoff.max_delay(panics);
        tracing::error!(%error, is_stopping, "an outbox relay panicked");
        if is_stopping {
            return;
        }
        panics = panics.saturating_add(1);
        tokio::select! {
            () = sleep(delay) => {}
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
        }
    }
}

impl Component for RelayComponent {
    fn name(&self) -> &str {
        "outbox"
    }

    fn stage(&self) -> Stage {
        Stage::Relay
    }

    fn request_stop(&self) {
        self.stop.send_replace(true);
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.ended.closed())
    }

    fn unfinished_work(&self) -> Vec<String> {
        let alive = self.ended.receiver_count();
        if alive == 0 {
            return Vec::new();
        }
        vec![format!(
            "{alive} relays (the next start publishes the remaining events)"
        )]
    }

    fn abort(&self) {
        self.tasks.lock().iter().for_each(AbortHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stop_ends_backoff_of_panicked_relay_life_4() {
        let (stop, stopping) = watch::channel(false);
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let start = move |stop: watch::Receiver<bool>| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(*stop.borrow(), "a test panic") }
        };
        let supervised = tokio::spawn(supervise(start, stopping));
        // After 100, 200, … 6,400 ms the backoff is 10 s.
        tokio::time::sleep(Duration::from_secs(13)).await;
        let panics = runs.load(Ordering::SeqCst);
        let begun = Instant::now();
        stop.send_replace(true);
        supervised.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(runs.load(Ordering::SeqCst), panics + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn relay_that_panics_at_stop_ends_life_4() {
        let (_stop, stopping) = watch::channel(true);
        let begun = Instant::now();
        supervise(|_| async { panic!("a test panic") }, stopping).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

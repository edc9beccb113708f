use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use seaworthy_core::Backoff;
use seaworthy_core::Timeout;
use seaworthy_service::{Component, Stage};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinError},
    time::sleep,
};

use super::turn::Relay;

/// A relay that panicked begins again after a pause that grows to this.
const LONGEST_PAUSE: Timeout = Timeout::from_secs(10);
const FIRST_PAUSE: Timeout = Timeout::from_millis(100);

/// The relays of a service: stopped behind whatever may store an event, before the database and the broker.
pub(crate) struct RelayComponent {
    stop: watch::Sender<bool>,
    running: Mutex<Vec<AbortHandle>>,
    /// Closed when the last relay has ended.
    ended: watch::Sender<()>,
}

impl RelayComponent {
    pub(crate) fn start(relay: Relay) -> Self {
        let (stop, stopping) = watch::channel(false);
        let (ended, _) = watch::channel(());
        let mut running = Vec::new();
        for _ in 0..relay.count() {
            let (relay, stopping) = (relay.clone(), stopping.clone());
            let alive = ended.subscribe();
            let kept = tokio::spawn(async move {
                keep(relay, stopping).await;
                drop(alive);
            });
            running.push(kept.abort_handle());
        }
        Self {
            stop,
            running: Mutex::new(running),
            ended,
        }
    }
}

/// Runs a relay again that panicked (LIFE-5).
async fn keep(relay: Relay, stopping: watch::Receiver<bool>) {
    let backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut panics = 0_u32;
    loop {
        let ran = Abort(tokio::spawn(relay.clone().run(stopping.clone())));
        match ran.await {
            Err(error) if error.is_panic() => {
                tracing::error!(problem = %error, "a relay panicked and begins again");
                let pause: Duration = backoff.max_delay(panics);
                panics = panics.saturating_add(1);
                sleep(pause).await;
            }
            _ => return,
        }
    }
}

/// A task that ends with whoever waits for it.
struct Abort(tokio::task::JoinHandle<()>);

impl Future for Abort {
    type Output = Result<(), JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
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

    fn running(&self) -> Vec<String> {
        let alive = self.ended.receiver_count();
        if alive == 0 {
            return Vec::new();
        }
        vec![format!(
            "{alive} relays; what they leave is published after the next start"
        )]
    }

    fn abort(&self) {
        self.running.lock().iter().for_each(AbortHandle::abort);
    }
}
